import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { freePort, startChild, type Child } from "./child.ts";
import { runServer, type LocalServer, type ServerOptions } from "./local-server.ts";
import { redisBinary } from "./redis-install.ts";

export interface RedisOptions extends ServerOptions {
  /** The stack's folder; data is kept in its `redis`. */
  dir: string;
  fresh: boolean;
  print: (line: string) => void;
}

/** Starts a real Redis on a free loopback port. */
export async function startRedis(options: RedisOptions): Promise<LocalServer> {
  const binary = redisBinary(options.print);
  const data = join(options.dir, "redis");
  if (options.fresh) {
    await rm(data, { recursive: true, force: true });
  }
  await mkdir(data, { recursive: true });
  const port = await freePort();
  return runServer(`redis://127.0.0.1:${port}`, () => startProcess(binary, data, port), options);
}

/** Every write is on disk before a stop in order; a crash of the machine costs a second at most. */
function startProcess(binary: string, data: string, port: number): Promise<Child> {
  const settings = {
    port: String(port),
    bind: "127.0.0.1",
    dir: data,
    appendonly: "yes",
    appendfsync: "everysec",
    save: "",
    daemonize: "no",
    logfile: "",
    "maxmemory-policy": "noeviction",
  };
  return startChild({
    command: binary,
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    readyLine: "Ready to accept connections",
    stopSignal: "SIGTERM",
  });
}
