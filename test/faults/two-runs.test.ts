import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Fault } from "../../local/faults.ts";
import { HOUR_MS, MINUTE_MS } from "../../src/domain/window.ts";
import {
  dueMs,
  HOURLY_CRON,
  inLedger,
  inStripe,
  LINE_AMOUNTS,
  MINUTE_CRON,
  putWithUsage,
  TOTAL_MINOR,
  type BilledCustomer,
} from "../support/billed-customer.ts";
import { startMeter, type RunningMeter } from "../support/running-meter.ts";

const DUE_MS = dueMs();

type Store = "upstash" | "neon" | "stripe";

let meter: RunningMeter;
let customers = 0;

beforeAll(async () => {
  meter = await startMeter();
});
beforeEach(() => meter.beginEmpty());
afterAll(() => meter.stop());

const invoice = (atMs: number): Promise<boolean> => meter.trigger(HOURLY_CRON, atMs);
const flush = (atMs: number): Promise<boolean> => meter.trigger(MINUTE_CRON, atMs);

async function stripeControl(path: string, body: object = {}): Promise<void> {
  const answer = await fetch(`${meter.stores.stripe.url}/_control/${path}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
}

const REQUESTS = { create: "POST /v1/invoices", add_lines: "/add_lines", finalize: "/finalize" };
type Step = keyof typeof REQUESTS;

/** What an earlier run left, and how long after it the two come. */
const PASTS: { name: string; fail: (step: Step) => Promise<void> | void; laterMs: number }[] = [
  {
    name: "was answered 500 and not done",
    fail: (step) => stripeControl("store-error", { match: REQUESTS[step] }),
    laterMs: HOUR_MS,
  },
  {
    name: "was answered 500 and done",
    fail: (step) => stripeControl("store-error", { match: REQUESTS[step], isApplied: true }),
    laterMs: HOUR_MS,
  },
  {
    name: "was done a day ago, its answer lost and its key forgotten",
    fail: (step) => meter.stores.stripe.faults.add({ mode: "after", match: REQUESTS[step] }),
    laterMs: 24 * HOUR_MS,
  },
  {
    name: "was not done a day ago, and its key is forgotten",
    fail: (step) => meter.stores.stripe.faults.add({ mode: "before", match: REQUESTS[step] }),
    laterMs: 24 * HOUR_MS,
  },
];

/**
 * Holds a run at one of its requests to a store, does something else meanwhile, then lets it go on.
 *
 * Answers whether it made that many requests.
 */
async function overlap(
  store: Store,
  hold: Fault,
  begin: () => Promise<boolean>,
  meanwhile: () => Promise<boolean[]>,
): Promise<boolean> {
  const { faults } = meter.stores[store];
  faults.add(hold);
  const run = begin();
  const isHeld = await Promise.race([faults.whenHeld().then(() => true), run.then(() => false)]);
  if (isHeld) {
    expect(new Set(await meanwhile())).toEqual(new Set([true]));
    faults.release();
  }
  expect(await run).toBe(true);
  faults.reset();
  return isHeld;
}

/** One invoice, whole, and the same on both sides. */
async function expectOneInvoice(customer: BilledCustomer, schedule: string): Promise<void> {
  const [ours, stripe] = [await inLedger(meter, customer), await inStripe(meter, customer)];
  const context = `${schedule}: ${meter.worker.logs.slice(-3).join(" ")}`;
  expect(ours, context).toEqual([
    {
      invoiceId: stripe[0]?.invoiceId,
      status: "open",
      totalMinor: TOTAL_MINOR,
      stripeInvoiceId: stripe[0]?.id,
      steps: ["create", "add_lines", "finalize"],
    },
  ]);
  expect(stripe, context).toEqual([
    {
      id: ours[0]?.stripeInvoiceId,
      status: "open",
      subtotal: TOTAL_MINOR,
      total: TOTAL_MINOR,
      invoiceId: ours[0]?.invoiceId,
      amounts: LINE_AMOUNTS,
    },
  ]);
}

async function newCustomer(): Promise<BilledCustomer> {
  customers += 1;
  return putWithUsage(meter, `twice-${customers}`);
}

/** Overlaps at each request to a store, from the first on; answers how many there were. */
async function atEachRequest(
  work: (index: number) => Promise<{ isHeld: boolean; check: () => Promise<void> }>,
): Promise<number> {
  for (let index = 0; ; index += 1) {
    const { isHeld, check } = await work(index);
    await check();
    if (!isHeld) {
      return index;
    }
  }
}

/** Invoicing of a new customer with `others` at once at each request to a store that matches; answers how many there were. */
function invoiceAtOnce(
  store: Store,
  hold: Pick<Fault, "mode" | "match">,
  others: number,
  prepare: () => Promise<number>,
): Promise<number> {
  return atEachRequest(async (index) => {
    const customer = await newCustomer();
    const atMs = await prepare();
    const isHeld = await overlap(
      store,
      { ...hold, skip: index },
      () => invoice(atMs),
      () => Promise.all(Array.from({ length: others }, () => invoice(atMs))),
    );
    return {
      isHeld,
      check: () => expectOneInvoice(customer, `${hold.mode} at request ${index} to ${store}`),
    };
  });
}

const MODES = ["hold", "hold-after"] as const;
/** Requests to the ledger that have to do with invoices: an hourly run makes three times as many. */
const OF_INVOICES = { match: "invoice" } as const;
const STORES = ["upstash", "neon", "stripe"] as const;

describe.each(STORES)("invoicing at once, one run held at each request to %s", (store) => {
  test.each([
    { name: "twice", others: 1 },
    { name: "three times", others: 2 },
  ])("$name: one invoice", async ({ others }) => {
    for (const mode of MODES) {
      // At every request of the run once; else at those that have to do with invoices.
      const isPart = store === "neon" && (others > 1 || mode !== "hold");
      const hold = { mode, ...(isPart && OF_INVOICES) };
      const requests = await invoiceAtOnce(store, hold, others, () => Promise.resolve(DUE_MS));
      expect(requests).toBeGreaterThanOrEqual({ upstash: 1, neon: isPart ? 8 : 12, stripe: 3 }[store]);
    }
  });
});

describe.each(["create", "add_lines", "finalize"] as const)(
  "invoicing three times at once, the %s",
  (step) => {
    test.each(PASTS)("$name: one invoice", async ({ fail, laterMs }) => {
      const prepare = async (): Promise<number> => {
        await fail(step);
        expect(await invoice(DUE_MS)).toBe(true);
        if (laterMs >= 24 * HOUR_MS) {
          await stripeControl("forget-idempotency-keys");
        }
        meter.stores.stripe.faults.reset();
        return DUE_MS + laterMs;
      };
      for (const mode of MODES) {
        // Looking comes first.
        expect(await invoiceAtOnce("stripe", { mode }, 2, prepare)).toBeGreaterThanOrEqual(1);
      }
      const hold = { mode: "hold", ...OF_INVOICES } as const;
      expect(await invoiceAtOnce("neon", hold, 2, prepare)).toBeGreaterThanOrEqual(8);
    });
  },
);

test.each(STORES)("invoicing that hangs for a day at a request to %s: one invoice", async (store) => {
  for (const mode of MODES) {
    const requests = await atEachRequest(async (index) => {
      const customer = await newCustomer();
      const isHeld = await overlap(
        store,
        { mode, skip: index, ...(store === "neon" && OF_INVOICES) },
        () => invoice(DUE_MS),
        async () => {
          await stripeControl("forget-idempotency-keys");
          return [await invoice(DUE_MS + 24 * HOUR_MS)];
        },
      );
      return { isHeld, check: () => expectOneInvoice(customer, `${mode} at request ${index}`) };
    });
    expect(requests).toBeGreaterThanOrEqual({ upstash: 1, neon: 8, stripe: 3 }[store]);
  }
});

/** Seats of a customer: in the ledger, and as it is shown. */
async function seatsOf(id: string): Promise<unknown> {
  const { rows } = await meter.database.query(
    "select value::text, version::text from usage_records where customer_id = $1 and metric_name = 'seats'",
    [id],
  );
  const shown = await meter.send("GET", `/v1/customers/${id}/usage`);
  const usage = shown?.body as { metrics: { metric: string; current: string }[] } | undefined;
  return [rows, usage?.metrics.find(({ metric }) => metric === "seats")?.current];
}

describe.each([
  { name: "in the same minute", laterMs: 0 },
  { name: "that takes over what it holds", laterMs: 4 * MINUTE_MS },
])("a flush held while another $name brings newer usage", ({ laterMs }) => {
  test.each(["upstash", "neon"] as const)("at each request to %s: the ledger is exact", async (store) => {
    for (const mode of MODES) {
      const requests = await atEachRequest(async (index) => {
        const { id } = await newCustomer();
        const now = Date.now();
        const isHeld = await overlap(
          store,
          { mode, skip: index },
          () => flush(now),
          async () => {
            await meter.send("POST", "/v1/events", {
              id: "9",
              customerId: id,
              metricName: "seats",
              value: 50,
            });
            return Promise.all([flush(now + laterMs), flush(now + laterMs)]);
          },
        );
        // What a flush in the same minute has left to the other one.
        expect(await flush(now + 8 * MINUTE_MS)).toBe(true);
        const value = isHeld ? "50" : "43";
        const expected = [[{ value, version: isHeld ? "2" : "1" }], value];
        return {
          isHeld,
          check: async () => expect(await seatsOf(id), `${mode} at request ${index}`).toEqual(expected),
        };
      });
      expect(requests).toBeGreaterThanOrEqual({ upstash: 18, neon: 3 }[store]);
    }
  });
});
