import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { forget, reapLater } from "./reaper.ts";

const LOG_LINES = 200;
const STOP_MS = 10_000;

export interface ChildOptions {
  command: string;
  args: string[];
  /** The child is ready with the first line of output that contains this. */
  readyLine?: string;
  /** Asks the child to end in order. */
  stopSignal: NodeJS.Signals;
  spawn?: SpawnOptions;
  onLine?: (line: string) => void;
}

/** A server process that cannot outlive this one. */
export interface Child {
  pid: number;
  process: ChildProcess;
  /** The last lines it printed. */
  logs: string[];
  /** Settles when it has ended. */
  exited: Promise<void>;
  /** Ends it in order, by force if it takes too long. */
  stop: () => Promise<void>;
  /** Ends it as a crash would. */
  kill: () => Promise<void>;
}

/** Starts a server process and settles once it is ready; fails with what it printed if it ends before. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const child = spawn(options.command, options.args, {
    stdio: ["ignore", "pipe", "pipe"],
    ...options.spawn,
    // A terminal's Ctrl-C goes to the whole foreground group: ours is to end the children, in order.
    detached: true,
  });
  const logs: string[] = [];
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => {
      forget(child.pid ?? 0);
      resolve();
    });
    child.once("error", () => resolve());
  });
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", () => {
      reapLater(child.pid ?? 0, options.stopSignal);
      if (options.readyLine === undefined) {
        resolve();
      }
    });
    const seen = (line: string): void => {
      logs.push(line);
      logs.splice(0, logs.length - LOG_LINES);
      options.onLine?.(line);
      if (options.readyLine !== undefined && line.includes(options.readyLine)) {
        resolve();
      }
    };
    readLines(child.stdout, seen);
    readLines(child.stderr, seen);
    child.once("close", () => reject(new Error(`${options.command} ended at once:\n${logs.join("\n")}`)));
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    const force = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await exited;
    clearTimeout(force);
  };
  const stop = (): Promise<void> => end(options.stopSignal);
  return { pid: child.pid ?? 0, process: child, logs, exited, stop, kill: () => end("SIGKILL") };
}

function readLines(stream: NodeJS.ReadableStream | null, seen: (line: string) => void): void {
  let rest = "";
  stream?.setEncoding("utf8");
  stream?.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(seen);
  });
}

/** A loopback port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
