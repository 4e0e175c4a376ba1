import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startStores } from "../../local/stores.ts";
import { startEmptying } from "./emptied-stores.ts";
import { startWebhookEndpoint } from "./webhook-endpoint.ts";

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
  const receiver = await startWebhookEndpoint();
  const emptying = await startEmptying(stores);
  project.provide("bindings", {
    ...stores.bindings,
    EMAIL_FROM: "meter@example.com",
    PUBLIC_URL: "https://meter.example.com",
  });
  project.provide("controls", {
    upstashUrl: stores.upstash.url,
    neonUrl: stores.neon.url,
    stripeUrl: stores.stripe.url,
    receiverUrl: receiver.url,
    emptyingUrl: emptying.url,
  });
  return async () => {
    await emptying.stop();
    await receiver.stop();
    await stores.stop();
    await rm(dir, { recursive: true, force: true });
  };
}
