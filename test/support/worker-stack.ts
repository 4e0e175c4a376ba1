import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startStores } from "../../local/stores.ts";

/** Starts stores of their own for the tests that run in workerd, and stops them after. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), "edgemeter-worker-"));
  const stores = await startStores({
    dir,
    fresh: true,
    print: (line) => {
      if (line.includes("installing")) {
        process.stderr.write(`${line}\n`);
      }
    },
  });
  project.provide("bindings", stores.bindings);
  project.provide("controls", {
    upstashUrl: stores.upstash.url,
    neonUrl: stores.neon.url,
    stripeUrl: stores.stripe.url,
  });
  return async () => {
    await stores.stop();
    await rm(dir, { recursive: true, force: true });
  };
}
