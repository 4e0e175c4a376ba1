import { appendFileSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { startOf } from "./process-identity.ts";

const WAIT_MS = 8000;
const POLL_MS = 50;

/** One process's hold on a data folder. */
export interface DirLock {
  /** Notes a child, for the next holder to end should everything of ours be killed at once. */
  noteChild: (pid: number) => void;
  release: () => void;
}

interface Holder {
  pid: number;
  start: string | undefined;
}

/**
 * Takes a data folder for this process; fails when another living process has it.
 *
 * A dead holder's lock is taken over once the children it left have ended.
 */
export async function lockDir(dir: string): Promise<DirLock> {
  mkdirSync(dir, { recursive: true });
  const lock = join(dir, "lock");
  const children = join(dir, "children");
  for (;;) {
    if (tryLock(lock)) {
      break;
    }
    const holder = readHolder(lock);
    if (holder !== undefined && isRunning(holder)) {
      throw new Error(
        `${resolve(dir)} is in use by process ${holder.pid}. Stop it, or give another folder with --dir.`,
      );
    }
    rmSync(lock, { force: true });
  }
  await endChildren(children);
  writeFileSync(children, "");
  return {
    noteChild: (pid) => appendFileSync(children, `${pid} ${startOf(pid) ?? ""}\n`),
    release: () => {
      rmSync(children, { force: true });
      rmSync(lock, { force: true });
    },
  };
}

/** Linked into place complete: nobody ever reads half a lock. */
function tryLock(lock: string): boolean {
  const draft = `${lock}.${process.pid}`;
  const holder: Holder = { pid: process.pid, start: startOf(process.pid) };
  writeFileSync(draft, JSON.stringify(holder));
  try {
    linkSync(draft, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw error;
    }
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

function readHolder(lock: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(lock, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}

function isRunning({ pid, start }: Holder): boolean {
  const now = startOf(pid);
  return now !== undefined && now === start;
}

async function endChildren(file: string): Promise<void> {
  const left = readChildren(file).filter(isRunning);
  signalAll(left, "SIGTERM");
  const deadline = Date.now() + WAIT_MS;
  while (left.some(isRunning) && Date.now() < deadline) {
    // eslint-disable-next-line no-await-in-loop -- one look after the other
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
  signalAll(left.filter(isRunning), "SIGKILL");
}

function readChildren(file: string): Holder[] {
  try {
    const lines = readFileSync(file, "utf8").split("\n");
    return lines
      .filter((line) => line !== "")
      .map((line) => {
        const [pid, ...start] = line.split(" ");
        return { pid: Number(pid), start: start.join(" ") };
      });
  } catch {
    return [];
  }
}

function signalAll(children: Holder[], signal: NodeJS.Signals): void {
  for (const { pid } of children) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended by itself.
    }
  }
}
