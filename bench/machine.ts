import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, loadavg, release, totalmem, type } from "node:os";
import { dirname, join } from "node:path";
import type { Redis } from "ioredis";

/** What the figures were measured on. */
export interface Machine {
  system: string;
  processor: string;
  cores: number;
  memoryGib: number;
  /** Over one minute, before anything was started. */
  loadAverage: number;
  node: string;
}

export function describeMachine(): Machine {
  const cores = cpus();
  return {
    system: `${type()} ${release()}`,
    processor: cores[0]?.model.trim() ?? "unknown",
    cores: cores.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    loadAverage: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    node: process.versions.node,
  };
}

/** Versions of the servers that are run. */
export async function serverVersions(redis: Redis): Promise<{ redis: string; workerd: string }> {
  const info = await redis.info("server");
  return {
    redis: /(?:redis|valkey)_version:(\S+)/.exec(info)?.[1] ?? "unknown",
    workerd: workerdVersion(),
  };
}

/** Of the one that wrangler brings. */
function workerdVersion(): string {
  const require = createRequire(createRequire(import.meta.url).resolve("wrangler"));
  const manifest = join(dirname(require.resolve("workerd")), "..", "package.json");
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}
