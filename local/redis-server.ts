import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { freePort, startChild, type Child } from "./child.ts";
import { redisBinary } from "./redis-install.ts";

/** A server of the local stack; it keeps its port and its data over `restart`. */
export interface LocalServer {
  url: string;
  /** Undefined when the server is the user's own. */
  pid: () => number | undefined;
  stop: () => Promise<void>;
  kill: () => Promise<void>;
  /** Starts it again, after ending it in order if it runs. */
  restart: () => Promise<void>;
}

export interface RedisOptions {
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
  let child: Child | undefined = await startProcess(binary, data, port);
  const end = async (how: "stop" | "kill"): Promise<void> => {
    const ending = child;
    child = undefined;
    await ending?.[how]();
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    pid: () => child?.pid,
    stop: () => end("stop"),
    kill: () => end("kill"),
    restart: async () => {
      await end("stop");
      child = await startProcess(binary, data, port);
    },
  };
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
