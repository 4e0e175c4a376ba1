import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Bucket } from "../../../src/domain/bucket.ts";
import type { Aggregation } from "../../../src/domain/meter.ts";
import { putCustomer } from "../../../src/ledger/customers.ts";
import { type PeriodChoice, readUsage } from "../../../src/ledger/usage-reading.ts";
import { bucketOf, callsBucket } from "../../support/bucket.ts";
import { type LedgerFixture, startLedgerFixture, withMonthBefore } from "../../support/ledger-fixture.ts";
import { writeBuckets } from "../../support/write-buckets.ts";

const utc = (text: string): number => Date.parse(`${text}Z`);
const NOW_MS = utc("2026-11-23T12:34");
const CURRENT: PeriodChoice = {
  startFromMs: 0,
  startToMs: NOW_MS,
  endAfterMs: NOW_MS,
  otherwiseMs: NOW_MS,
  nowMs: NOW_MS,
};

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

let adjustments = 0;

async function adjust(
  quantity: string,
  { metric = "level", at = "2026-11-23T10:00Z", customer = "cus_acme" } = {},
) {
  adjustments += 1;
  await fixture.raw(
    `insert into adjustments (customer_id, adjustment_id, metric_name, quantity, at, reason, created_at, created_by)
     values ($1, $2, $3, $4, $5, 'a reason', now(), 'a key')`,
    [customer, `adj_${adjustments}`, metric, quantity, at],
  );
}

async function totals(live: Bucket[] = [], choice = CURRENT) {
  const reading = await readUsage(fixture.database, "cus_acme", choice, live);
  return Object.fromEntries(reading.totals.flat().map(({ metricName, value }) => [metricName, value]));
}

const [EARLY, LATE] = [utc("2026-11-22T10:20"), utc("2026-11-22T11:30")];

test.each<{ aggregation: Aggregation; states: [string, string]; quantity: string; total: string }>([
  { aggregation: "sum", states: ["5", "7"], quantity: "-2", total: "10" },
  { aggregation: "sum", states: ["5", "7"], quantity: "-20", total: "-8" },
  { aggregation: "count", states: ["5", "7"], quantity: "3", total: "15" },
  { aggregation: "max", states: ["5", "7"], quantity: "-3", total: "4" },
  { aggregation: "max", states: ["5", "7"], quantity: "6", total: "13" },
  { aggregation: "min", states: ["5", "7"], quantity: "-6", total: "-1" },
  { aggregation: "min", states: ["5", "7"], quantity: "1", total: "6" },
  { aggregation: "last", states: [`5@${LATE}`, `7@${EARLY}`], quantity: "-2", total: "3" },
  { aggregation: "last", states: [`5@${LATE}`, `7@${LATE}`], quantity: "100", total: "107" },
])("adjusted usage: to the $aggregation of $states $quantity is added once, after merging", async (each) => {
  const [first, second] = each.states.map((state, index) =>
    bucketOf(`2026-11-22T1${index}:00`, [[{ metricName: "level", aggregation: each.aggregation }, state]]),
  );
  await adjust(each.quantity);

  expect(await totals([first!, second!])).toEqual({ level: each.total });
  await writeBuckets(fixture.database, 0, [first!], NOW_MS);
  expect(await totals([second!])).toEqual({ level: each.total });
  await writeBuckets(fixture.database, 0, [second!], NOW_MS);
  expect(await totals()).toEqual({ level: each.total });
});

test("adjusted usage: several add up, and a metric's dimensions do not multiply them", async () => {
  const inZone = (zone: string) => ({ metricName: "level", dimensions: { zone } });
  await adjust("-0.5");
  await adjust("0.25");
  await adjust("1000000000000000000000.000000001");
  await writeBuckets(
    fixture.database,
    0,
    [
      bucketOf("2026-11-22T10:00", [
        [inZone("a"), "1"],
        [inZone("b"), "2"],
      ]),
    ],
    NOW_MS,
  );

  expect(await totals()).toEqual({ level: "1000000000000000000002.750000001" });
});

test("adjusted usage: a metric without usage has its adjustments, also below zero", async () => {
  await adjust("-3", { metric: "unused" });
  await adjust("2", { metric: "bought" });

  expect(await totals([callsBucket("2026-11-23T11:00", 4)])).toEqual({
    api_calls: "4",
    unused: "-3",
    bought: "2",
  });
});

test("adjusted usage: those of another customer and another metric change nothing", async () => {
  await adjust("100", { customer: "cus_b", metric: "api_calls" });
  await adjust("100", { metric: "api_call" });

  expect((await totals([callsBucket("2026-11-23T11:00", 4)]))["api_calls"]).toBe("4");
});

const EDGES = {
  "2026-10-31T23:59:59.999999Z": "1",
  "2026-11-01T00:00:00.000Z": "10",
  "2026-11-30T23:59:59.999999Z": "100",
  "2026-12-01T00:00:00.000Z": "1000",
};

test("adjusted usage: the period is half-open", async () => {
  for (const [at, quantity] of Object.entries(EDGES)) {
    await adjust(quantity, { at });
  }

  expect(await totals()).toEqual({ level: "110" });
});

test("adjusted usage: a customer's own period counts", async () => {
  const own = { startMs: utc("2026-11-15T00:00"), endMs: utc("2026-12-15T00:00") };
  await putCustomer(fixture.database, "cus_acme", { plan: "payg" }, NOW_MS, withMonthBefore(own));
  await adjust("1", { at: "2026-11-14T23:59:59.999Z" });
  for (const [at, quantity] of Object.entries(EDGES)) {
    await adjust(quantity, { at });
  }

  expect(await totals()).toEqual({ level: "1100" });
});
