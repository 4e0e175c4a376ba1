import type { Child } from "./child.ts";

/** A store's server; it keeps its address and its data over `restart`. */
export interface LocalServer {
  url: string;
  /** Undefined while it is stopped, and always when the server is the user's own. */
  pid: () => number | undefined;
  /** Ends it in order. */
  stop: () => Promise<void>;
  /** Ends it as a crash would. */
  kill: () => Promise<void>;
  /** Starts it again, after ending it in order if it runs. */
  restart: () => Promise<void>;
}

export interface ServerOptions {
  /** Told each process that is started. */
  onStart?: (pid: number) => void;
  /** Told when the server ends without having been told to. */
  onCrash?: (what: string) => void;
}

/** A server run as a child process, begun with `start`, now and at each restart. */
export async function runServer(
  url: string,
  start: () => Promise<Child>,
  { onStart, onCrash }: ServerOptions,
): Promise<LocalServer> {
  let child: Child | undefined;
  const begin = async (): Promise<void> => {
    const begun = await start();
    child = begun;
    onStart?.(begun.pid);
    begun.process.once("exit", () => {
      if (child === begun) {
        child = undefined;
        onCrash?.(`${begun.process.spawnfile} ended by itself\n${begun.logs.slice(-5).join("\n")}`);
      }
    });
  };
  const end = async (how: "stop" | "kill"): Promise<void> => {
    const ending = child;
    child = undefined;
    await ending?.[how]();
  };
  await begin();
  return {
    url,
    pid: () => child?.pid,
    stop: () => end("stop"),
    kill: () => end("kill"),
    restart: async () => {
      await end("stop");
      await begin();
    },
  };
}

/** A server that the user runs: it is used, never started or stopped. */
export function usersServer(url: string): LocalServer {
  const refuse = (): Promise<void> =>
    Promise.reject(new Error(`${new URL(url).host} is not run by this stack`));
  return { url, pid: () => undefined, stop: () => Promise.resolve(), kill: refuse, restart: refuse };
}
