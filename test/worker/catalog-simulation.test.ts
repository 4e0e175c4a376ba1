import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { closeMonthBefore, forgetPlans, monthName } from "./played-time.ts";
import { rowCounts } from "./priced-customer.ts";
import { simulatedMonth, told } from "./simulated-month.ts";
import type { Answer } from "./worker-api.ts";

const AHEAD = 16;
const TO_PAYG = { flat99: "payg" };
const { customers, fill, simulate, bills } = simulatedMonth(AHEAD);

/** A month's seats cost $20 each up to 10, then $1. */
const CLIFF = {
  metricName: "seats",
  model: "volume",
  tiers: [
    { upTo: 10, unitPrice: "2000" },
    { upTo: null, unitPrice: "100" },
  ],
};

/** The demo catalog with another plan in place of `payg`. */
function catalogWith(plan: object): object {
  const [flat99] = demoCatalog.plans;
  return { ...demoCatalog, plans: [flat99, { name: "payg", displayName: "Pay as you go", ...plan }] };
}

beforeAll(fill);
afterAll(async () => {
  await forgetPlans();
  vi.useRealTimers();
});

test("flat99 to payg: who pays less, who pays more, and by how much; nothing is written", async () => {
  const before = await rowCounts();
  const { status, body } = await simulate({ planChanges: TO_PAYG });
  expect(await rowCounts()).toEqual(before);
  expect(status).toBe(200);
  expect(told(body.data)).toEqual(bills(false));
  const { data, paysLess, paysMore, ...rest } = body;
  expect(rest).toEqual({
    period: monthName(AHEAD),
    currency: "usd",
    totals: { customers: 4, billed: "303.00", simulated: "645.00", difference: "342.00" },
    unchanged: 2,
    cliffs: [],
    nextCursor: null,
  });
  expect(paysLess).toEqual({ customers: 1, difference: "-99.00", most: [data[0]] });
  expect(paysMore).toEqual({ customers: 1, difference: "441.00", most: [data[1]] });
  const { body: current } = await simulate({ planChanges: TO_PAYG, period: "current" });
  expect(current).toEqual(body);
});

test("the catalog in force: changes nothing", async () => {
  const { body } = await simulate({});
  expect(body.totals).toMatchObject({ difference: "0.00", billed: "303.00" });
  expect([body.unchanged, body.paysLess.customers, body.paysMore.customers]).toEqual([4, 0, 0]);
});

test("page by page: the same customers, each once, and totals of the page", async () => {
  const seen: unknown[] = [];
  const sums: string[] = [];
  let cursor: string | null = null;
  do {
    const { body }: Answer = await simulate({ planChanges: TO_PAYG, limit: 3, cursor });
    seen.push(...told(body.data));
    sums.push(body.totals.simulated);
    cursor = body.nextCursor;
  } while (cursor !== null);
  expect([seen, sums]).toEqual([bills(false), ["645.00", "0.00"]]);
  const whole = await simulate({ limit: 4 });
  expect([whole.body.data.length, whole.body.nextCursor]).toEqual([4, null]);
});

test("a cliff: is told of the catalog, and of each customer for whom more would cost less", async () => {
  const { body } = await simulate({ catalog: catalogWith({ prices: [CLIFF] }), planChanges: TO_PAYG });
  const cliff = { plan: "payg", metric: "seats", upTo: "10", amount: "200.00", amountPast: "11.00" };
  expect(body.cliffs).toEqual([cliff]);
  const shown = body.data.map(({ customerId, cliffs }: Record<string, unknown>) => [customerId, cliffs]);
  expect(shown).toEqual([
    [customers[0], undefined],
    [customers[1], undefined],
    [customers[2], [cliff]],
    [customers[3], undefined],
  ]);
});

test("a month that is closed: is compared with what was invoiced", async () => {
  await closeMonthBefore(AHEAD + 1);
  const { body } = await simulate({ planChanges: TO_PAYG });
  expect(told(body.data)).toEqual(bills(true));
  const dearer = { ...demoCatalog, plans: demoCatalog.plans.map((plan) => ({ ...plan, baseFee: "9.00" })) };
  const { body: other } = await simulate({ catalog: dearer });
  expect(told(other.data).map((row) => (row as string[])[3])).toEqual([
    "99.00 → 9.00",
    "99.00 → 9.00",
    "105.00 → 114.00",
    "0.00 → 9.00",
  ]);
});
