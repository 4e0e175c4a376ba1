import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

export interface CommandRun {
  code: number | null;
  out: string;
  errors: string;
}

/** Runs the command in a folder of its own that holds the files: an object is written as JSON, text as it is. */
export function runRate(args: readonly string[], files: Record<string, unknown> = {}): CommandRun {
  const dir = mkdtempSync(join(tmpdir(), "edgemeter-rate-"));
  try {
    for (const [name, content] of Object.entries(files)) {
      const isRaw = typeof content === "string" || content instanceof Uint8Array;
      writeFileSync(join(dir, name), isRaw ? content : JSON.stringify(content));
    }
    const command = [join(ROOT, "local/rate/main.ts"), ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: dir, encoding: "utf8" });
    return { code: status, out: stdout, errors: stderr };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
