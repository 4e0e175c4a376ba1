import { HOUR_MS } from "../src/domain/window.ts";
import { SLOT } from "./slots.ts";

/** Size of the batches that are compared. */
export const BATCH_SIZE = 100;
/** Customers that single events and batches are spread over. */
const CUSTOMERS = 100;
const REGIONS = 3;

const startedMs = Date.now();

/** Single events as a client sends them, each of another customer. */
export function singleEvents(): string[] {
  return Array.from({ length: CUSTOMERS }, (_, index) => JSON.stringify(event(index, index)));
}

/** Batches of events with ids, each over so many customers and their current hour. */
export function eventBatches(customersEach: number, batches = 10): string[] {
  return Array.from({ length: batches }, (_, batch) =>
    JSON.stringify(
      Array.from({ length: BATCH_SIZE }, (__, index) =>
        event(batch * customersEach + (index % customersEach), index),
      ),
    ),
  );
}

/** Batches as our SDK sends them: rows of merged usage, each a series of its own, over so many customers. */
export function mergedBatches(customersEach: number, batches = 10): string[] {
  return Array.from({ length: batches }, (_, batch) =>
    JSON.stringify({
      batch: `batch_${SLOT}`,
      usage: Array.from({ length: BATCH_SIZE }, (__, index) => ({
        customerId: customer(batch * customersEach + (index % customersEach)),
        metricName: "api_calls",
        hour: new Date(startedMs - (startedMs % HOUR_MS)).toISOString(),
        metadata: { region: `region-${Math.floor(index / customersEach)}` },
        count: 17,
        sum: 17,
      })),
    }),
  );
}

function event(customerNumber: number, index: number): Record<string, unknown> {
  return {
    id: `req_${SLOT}`,
    customerId: customer(customerNumber),
    metricName: "api_calls",
    value: 1,
    timestamp: new Date(startedMs).toISOString(),
    metadata: { region: `region-${index % REGIONS}` },
  };
}

function customer(number: number): string {
  return `cus_${String(number % CUSTOMERS).padStart(4, "0")}`;
}
