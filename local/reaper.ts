import { spawn } from "node:child_process";
import type { Writable } from "node:stream";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { isAlive } from "./process-identity.ts";

const GRACE_MS = 5000;
const POLL_MS = 50;

let orders: Writable | undefined;

/**
 * Has a process ended should this one die, however it dies; nothing is asked of it while this one lives.
 *
 * A detached companion holds a pipe to this process, and ends what it was told of when the pipe closes.
 */
export function reapLater(pid: number, signal: NodeJS.Signals): void {
  orders ??= startCompanion();
  orders.write(`+ ${pid} ${signal}\n`);
}

/** Takes a process off the companion's list, once it has ended. */
export function forget(pid: number): void {
  orders?.write(`- ${pid}\n`);
}

function startCompanion(): Writable {
  const companion = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  companion.unref();
  const pipe = companion.stdin as Writable & { unref?: () => void };
  pipe.unref?.();
  pipe.on("error", () => {
    orders = undefined;
  });
  return pipe;
}

async function reap(): Promise<void> {
  const wards = new Map<number, NodeJS.Signals>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => undefined);
  }
  for await (const line of createInterface({ input: process.stdin })) {
    const [verb, pid, signal] = line.split(" ");
    if (verb === "+") {
      wards.set(Number(pid), signal as NodeJS.Signals);
    } else {
      wards.delete(Number(pid));
    }
  }
  for (const [pid, signal] of wards) {
    end(pid, signal);
  }
  const deadline = Date.now() + GRACE_MS;
  while ([...wards.keys()].some(isAlive) && Date.now() < deadline) {
    // eslint-disable-next-line no-await-in-loop -- one look after the other
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  for (const pid of wards.keys()) {
    end(pid, "SIGKILL");
  }
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

if (import.meta.main) {
  await reap();
}
