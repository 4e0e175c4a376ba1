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

/** A server run as a child process, started with `start`, now and after each restart. */
export async function runServer(url: string, start: () => Promise<Child>): Promise<LocalServer> {
  let child: Child | undefined = await start();
  const end = async (how: "stop" | "kill"): Promise<void> => {
    const ending = child;
    child = undefined;
    await ending?.[how]();
  };
  return {
    url,
    pid: () => child?.pid,
    stop: () => end("stop"),
    kill: () => end("kill"),
    restart: async () => {
      await end("stop");
      child = await start();
    },
  };
}

/** A server that the user runs: it is used, never started or stopped. */
export function usersServer(url: string): LocalServer {
  const refuse = (): Promise<void> =>
    Promise.reject(new Error(`${new URL(url).host} is not run by this stack`));
  return { url, pid: () => undefined, stop: () => Promise.resolve(), kill: refuse, restart: refuse };
}
