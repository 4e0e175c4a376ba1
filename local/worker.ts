import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { startChild, type Child } from "./child.ts";
import { runServer, type LocalServer, type ServerOptions } from "./local-server.ts";
import { bundleWorker } from "./worker-bundle.ts";
import { workerdConfig, type WorkerService } from "./worker-config.ts";

const ROOT = join(import.meta.dirname, "..");
const METER_CONFIG = join(ROOT, "wrangler.toml");
const PRODUCT_CONFIG = join(ROOT, "examples", "api-worker", "wrangler.toml");
const READY_MS = 30_000;
const LOG_LINES = 200;

export interface WorkerOptions extends ServerOptions {
  /** Bundle and configuration are written to its `worker`. */
  dir: string;
  /** Bindings and secrets; they win over the [vars] of the wrangler.toml. */
  bindings: Record<string, string>;
  /** 0, the default, for any free one. */
  port?: number;
  /** The wrangler.toml; the project's own when absent. */
  config?: string;
  /** A product's Worker beside it, bound to `MeterEntrypoint` as METER; absent: none. */
  product?: { bindings: Record<string, string>; config?: string };
  /** Told each line that the Workers print. */
  onLine?: (line: string) => void;
}

/** Workers running in workerd; started again they have the same ports, and nothing in memory. */
export interface RunningWorker extends LocalServer {
  productUrl: string | undefined;
  /** The last lines they printed. */
  logs: string[];
}

/** Bundles the metering Worker as it would be deployed, and runs it in bare workerd, with nothing between. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const folder = join(options.dir, "worker");
  await mkdir(folder, { recursive: true });
  await copyFile(join(import.meta.dirname, "front-worker.js"), join(folder, "front-worker.js"));
  const meter = await makeService(options.config ?? METER_CONFIG, folder, "meter", options.bindings);
  const product =
    options.product &&
    (await makeService(
      options.product.config ?? PRODUCT_CONFIG,
      folder,
      "product",
      options.product.bindings,
    ));
  if (product !== undefined) {
    product.services = { METER: { name: "meter", entrypoint: "MeterEntrypoint" } };
  }
  const ports = { http: options.port ?? 0, product: 0 };
  const logs: string[] = [];
  const start = async (): Promise<Child> => {
    const config = join(folder, "config.capnp");
    await writeFile(config, workerdConfig({ frontWorker: "front-worker.js", meter, product, ports }));
    return serve(config, product === undefined ? 1 : 2, ports, (line) => {
      logs.push(line);
      logs.splice(0, logs.length - LOG_LINES);
      options.onLine?.(line);
    });
  };
  const server = await runServer("", start, options);
  return {
    ...server,
    url: `http://127.0.0.1:${ports.http}`,
    productUrl: product === undefined ? undefined : `http://127.0.0.1:${ports.product}`,
    logs,
  };
}

async function makeService(
  config: string,
  folder: string,
  name: string,
  bindings: Record<string, string>,
): Promise<WorkerService> {
  const bundle = await bundleWorker(config, join(folder, name));
  return { bundle: { ...bundle, folder: name }, bindings };
}

/** The one that wrangler brings. */
function workerdBinary(): string {
  const require = createRequire(createRequire(import.meta.url).resolve("wrangler"));
  return (require("workerd") as { default: string }).default;
}

/** Starts workerd and settles when its sockets listen; `ports` then holds the real ones. */
async function serve(
  config: string,
  sockets: number,
  ports: { http: number; product: number },
  onLine: (line: string) => void,
): Promise<Child> {
  const child = await startChild({
    command: workerdBinary(),
    args: ["serve", config, "--experimental", "--control-fd=3"],
    stopSignal: "SIGTERM",
    spawn: { stdio: ["ignore", "pipe", "pipe", "pipe"] },
    onLine,
  });
  const control = child.process.stdio[3] as Readable;
  try {
    await Promise.race([
      readPorts(control, sockets, ports),
      child.exited.then(() => Promise.reject(new Error(`workerd ended at once:\n${child.logs.join("\n")}`))),
    ]);
  } catch (error) {
    await child.kill();
    throw error;
  }
  return child;
}

async function readPorts(
  control: Readable,
  sockets: number,
  ports: { http: number; product: number },
): Promise<void> {
  const timeout = setTimeout(() => control.destroy(new Error("workerd does not listen")), READY_MS);
  let text = "";
  for await (const chunk of control.setEncoding("utf8") as AsyncIterable<string>) {
    text += chunk;
    const events = text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { event: string; socket: "http" | "product"; port: number });
    const listening = events.filter(({ event }) => event === "listen");
    for (const { socket, port } of listening) {
      ports[socket] = port;
    }
    if (listening.length >= sockets) {
      break;
    }
  }
  clearTimeout(timeout);
}
