import { execFile } from "node:child_process";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const ROOT = join(import.meta.dirname, "..");
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** A Worker as wrangler would deploy it. */
export interface WorkerBundle {
  folder: string;
  /** File names within the folder: the entry first, then what it imports as text. */
  modules: { name: string; kind: "esModule" | "text" }[];
  compatibilityDate: string;
  compatibilityFlags: string[];
  vars: Record<string, string>;
}

/** Bundles the Worker of a wrangler.toml into a folder of its own; fails with what wrangler says. */
export async function bundleWorker(configPath: string, folder: string): Promise<WorkerBundle> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const wrangler = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
  const args = [
    wrangler,
    "deploy",
    "--dry-run",
    "--config",
    resolve(configPath),
    "--outdir",
    resolve(folder),
  ];
  const [config] = await Promise.all([
    readConfig(configPath),
    promisify(execFile)(process.execPath, args, {
      cwd: ROOT,
      maxBuffer: MAX_OUTPUT_BYTES,
      env: {
        ...process.env,
        WRANGLER_SEND_METRICS: "false",
        WRANGLER_LOG_PATH: resolve(folder, "log"),
        CI: "1",
      },
    }).catch(explain),
  ]);
  const texts = (await readdir(folder)).filter((name) => name.endsWith(".lua") || name.endsWith(".sql"));
  return {
    folder,
    modules: [
      { name: "index.js", kind: "esModule" },
      ...texts.map((name) => ({ name, kind: "text" as const })),
    ],
    ...config,
  };
}

async function readConfig(
  config: string,
): Promise<Pick<WorkerBundle, "compatibilityDate" | "compatibilityFlags" | "vars">> {
  const { unstable_readConfig: read } = await import("wrangler");
  const {
    compatibility_date: date,
    compatibility_flags: flags,
    vars,
  } = read({ config }, { hideWarnings: true });
  if (date === undefined) {
    throw new Error(`${config} has no compatibility_date`);
  }
  return {
    compatibilityDate: date,
    compatibilityFlags: flags,
    vars: Object.fromEntries(Object.entries(vars).map(([name, value]) => [name, String(value)])),
  };
}

function explain(error: unknown): never {
  const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
  throw new Error(`The Worker could not be bundled:\n${stdout}${stderr}`, { cause: error });
}
