import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localKeys } from "../../local/stores.ts";
import { periodContaining } from "../../src/domain/period.ts";
import { HOUR_MS } from "../../src/domain/window.ts";
import { apiDocument, operationsOf } from "../support/api-document.ts";
import { KNOWN_CUSTOMERS } from "../support/api-fuzz/arbitrary-of.ts";
import { ApiFuzz } from "../support/api-fuzz/exchange.ts";
import { requestsOf } from "../support/api-fuzz/request.ts";
import { startMeter, type RunningMeter } from "../support/running-meter.ts";

const REQUESTS = Number(process.env["API_REQUESTS"] ?? "1000");
/** Any other seed plays other requests: `API_SEED=$RANDOM`. */
const SEED = Number(process.env["API_SEED"] ?? "20261123");

let meter: RunningMeter;
beforeAll(async () => {
  meter = await startMeter({ INVOICE_MODE: "review" });
  await fill();
});
afterAll(() => meter.stop());

/** Customers with usage, a closed period with invoices to review, an endpoint, alerts and what was told. */
async function fill(): Promise<void> {
  await meter.send("POST", "/v1/webhook-endpoints", { url: "http://127.0.0.1:9/hook" });
  for (const customerId of KNOWN_CUSTOMERS) {
    const { id } = await meter.stripe("POST", "/v1/customers", `name=${customerId}`);
    await meter.send("PUT", `/v1/customers/${customerId}`, { stripeCustomerId: id, budget: "1.00" });
    await meter.send("POST", "/v1/events", { customerId, metricName: "api_calls", value: 50_000 });
  }
  const nowMs = Date.now();
  await meter.trigger("* * * * *", nowMs);
  await meter.trigger("17 * * * *", periodContaining(nowMs).endMs + 26 * HOUR_MS);
}

test(
  `api: ${REQUESTS} requests by the document, seed ${SEED}: no failure, no undocumented answer`,
  async () => {
    const response = await fetch(`${meter.worker.url}/openapi.json`);
    const document = (await response.json()) as ReturnType<typeof apiDocument>;
    expect(document).toEqual(apiDocument());
    const operations = operationsOf(document);
    const keys = {
      admin: localKeys.adminKey,
      read: localKeys.readKey,
      ingest: localKeys.ingestKey,
      garbage: "em_read_nobody",
      none: undefined,
    };
    const fuzz = new ApiFuzz(meter.worker.url, keys, document);
    await fuzz.warm(operations);
    await fc.assert(
      fc.asyncProperty(requestsOf(document, operations), async (request) => {
        expect(await fuzz.play(request)).toBeUndefined();
      }),
      { numRuns: REQUESTS, seed: SEED, endOnFailure: process.env["API_SHRINK"] === undefined },
    );
    const called = new Set([...fuzz.seen.keys()].map((line) => line.split(" ")[0]));
    expect(operations.map(({ operationId }) => operationId).filter((id) => !called.has(id))).toEqual([]);
    if (process.env["API_SEEN"] !== undefined) {
      process.stderr.write(
        `${[...fuzz.seen]
          .map(([line, count]) => `${line}: ${count}`)
          .toSorted()
          .join("\n")}\n`,
      );
    }
  },
  // Some hundred requests a second, on a busy machine.
  120_000 + REQUESTS * 50,
);
