import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { LoadJob, LoadResult } from "./load-job.ts";

/** The load generator, in a process of its own: one job after the other. */
export interface LoadProcess {
  /** Fails when a reply is not the one expected, or a connection is lost. */
  run: (job: LoadJob) => Promise<LoadResult>;
  stop: () => Promise<void>;
}

/** Starts the generator; it ends with this process, however that ends. */
export function startLoadProcess(): LoadProcess {
  const child = fork(join(import.meta.dirname, "load.ts"), { serialization: "advanced" });
  const exited = once(child, "exit");
  return {
    run: async (job) => {
      const answer = Promise.race([
        once(child, "message"),
        exited.then(() => Promise.reject(new Error("the load process has ended"))),
      ]);
      child.send(job);
      const [{ result, error }] = (await answer) as [{ result?: LoadResult; error?: string }];
      if (result === undefined) {
        throw new Error(error);
      }
      return result;
    },
    stop: async () => {
      if (child.connected) {
        child.disconnect();
      }
      await exited;
    },
  };
}
