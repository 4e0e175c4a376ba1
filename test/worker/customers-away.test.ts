import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  askLedger,
  closeMonthBefore,
  daysOf,
  dollars,
  month,
  monthName,
  partOf,
  periodOf,
  playAt,
  publishPlans,
  record,
} from "./played-time.ts";
import { ADMIN, call, READ, trigger } from "./worker-api.ts";

beforeAll(async () => {
  playAt(1, 1);
  expect([200, 201]).toContain((await publishPlans({})).status);
});
afterAll(() => {
  vi.useRealTimers();
});

async function put(customerId: string, settings: object = { plan: "flat99" }): Promise<void> {
  const { status } = await call("PUT", `/v1/customers/${customerId}`, ADMIN, settings);
  expect([200, 201]).toContain(status);
}

async function remove(customerId: string): Promise<void> {
  expect((await call("DELETE", `/v1/customers/${customerId}`, ADMIN)).status).toBe(204);
}

/** The plan's fee for a customer that was there on the days `[first, last]` of a month. */
function feeOf(ahead: number, first: number, last = daysOf(ahead)): string {
  return dollars(partOf(9900, last - first + 1, ahead));
}

interface Billed {
  period: { start: string; end: string };
  total: string;
}

/** A customer's invoices by period: the period and its total. */
async function billed(customerId: string): Promise<unknown[]> {
  const { body } = await call("GET", `/v1/invoices?customerId=${customerId}`, READ);
  return (body.data as Billed[])
    .toSorted((left, right) => left.period.start.localeCompare(right.period.start))
    .map(({ period, total }) => [period, total]);
}

/** A customer's periods in order, in months from now; whether each is closed, and whether it has an invoice. */
async function periods(customerId: string): Promise<unknown[]> {
  const rows = await askLedger(
    `select (extract(epoch from period_start) * 1000)::bigint::text as start_ms,
       (extract(epoch from period_end) * 1000)::bigint::text as end_ms, (closed_at is not null)::text as is_closed,
       exists (select 1 from invoices where invoices.customer_id = billing_periods.customer_id
         and invoices.period_start = billing_periods.period_start)::text as is_billed
     from billing_periods where customer_id = $1 order by period_start`,
    [customerId],
  );
  const ahead = (text: string | null | undefined): number =>
    Array.from({ length: 12 }, (_, index) => index).find((index) => String(month(index)) === text) ?? -1;
  return rows.map((row) => [
    ahead(row["start_ms"]),
    ahead(row["end_ms"]),
    row["is_closed"] === "true" ? "closed" : "open",
    row["is_billed"] === "true" ? "billed" : "not billed",
  ]);
}

const AWAY = [
  [1, 2, "closed", "billed"],
  [2, 4, "closed", "not billed"],
  [4, 5, "closed", "billed"],
];

test("a customer deleted and put again three months later: is not billed for the months away", async () => {
  playAt(1, 10);
  await put("away-billed");
  playAt(1, 20);
  await remove("away-billed");
  await closeMonthBefore(2);
  // An unknown customer's by now.
  await record("away-billed", "seats", 50);
  await closeMonthBefore(3);
  await closeMonthBefore(4);
  expect(await billed("away-billed")).toEqual([[periodOf(1), feeOf(1, 10, 20)]]);
  playAt(4, 15);
  await put("away-billed");
  await closeMonthBefore(5);

  await closeMonthBefore(6);
  expect(await billed("away-billed")).toEqual([
    [periodOf(1), feeOf(1, 10, 20)],
    [periodOf(4), feeOf(4, 15)],
    [periodOf(5), "99.00"],
  ]);
  expect(await periods("away-billed")).toEqual([
    ...AWAY,
    [5, 6, "closed", "billed"],
    [6, 7, "open", "not billed"],
  ]);
});

test("a customer deleted and put again three months later without a run between: the same", async () => {
  playAt(1, 10);
  await put("away-no-run");
  await remove("away-no-run");
  playAt(4, 15);
  await put("away-no-run");
  await closeMonthBefore(5);

  expect(await billed("away-no-run")).toEqual([
    [periodOf(1), feeOf(1, 10, 10)],
    [periodOf(4), feeOf(4, 15)],
  ]);
  expect(await periods("away-no-run")).toEqual([...AWAY, [5, 6, "open", "not billed"]]);
});

test("a customer deleted and put again within its period: is billed once for it", async () => {
  playAt(1, 10);
  await put("away-briefly");
  await remove("away-briefly");
  playAt(1, 20);
  await put("away-briefly");
  await closeMonthBefore(2);

  // The days between count: it came back to the period that it had left.
  expect(await billed("away-briefly")).toEqual([[periodOf(1), feeOf(1, 10)]]);
  expect(await periods("away-briefly")).toEqual([
    [1, 2, "closed", "billed"],
    [2, 3, "open", "not billed"],
  ]);
});

test("a customer put on the 1st with usage of the month before: is billed for that month", async () => {
  playAt(1, 28, 23, 1_800_000);
  await record("first-late", "seats", 4);
  playAt(2, 1);
  await trigger("* * * * *", Date.now());
  await put("first-late", {});
  await record("first-late", "seats", 5);
  expect(await periods("first-late")).toEqual([
    [1, 2, "open", "not billed"],
    [2, 3, "open", "not billed"],
  ]);
  await closeMonthBefore(2);
  await closeMonthBefore(3);

  expect(await billed("first-late")).toEqual([
    [periodOf(1), "15.00"],
    [periodOf(2), "30.00"],
  ]);
});

test("a customer put on the 1st before the usage of the month before is in the ledger: is billed for it", async () => {
  playAt(1, 28, 23, 1_800_000);
  await record("first-unflushed", "seats", 4);
  playAt(2, 1);
  await put("first-unflushed", {});
  expect(await periods("first-unflushed")).toEqual([[2, 3, "open", "not billed"]]);
  await trigger("* * * * *", Date.now());
  await closeMonthBefore(2);
  await closeMonthBefore(3);

  expect(await billed("first-unflushed")).toEqual([
    [periodOf(1), "15.00"],
    [periodOf(2), "0.00"],
  ]);
});

test("a customer put on the 1st without usage before: starts there", async () => {
  playAt(2, 1);
  await put("first-plain");
  await closeMonthBefore(2);
  expect(await billed("first-plain")).toEqual([]);
  expect(await periods("first-plain")).toEqual([[2, 3, "open", "not billed"]]);
});

test("a deleted customer: its last period is billed as it is shown, with what came after", async () => {
  playAt(1, 10);
  await put("gone-shown", { plan: "payg" });
  await record("gone-shown", "seats", 4);
  await remove("gone-shown");
  await record("gone-shown", "seats", 6);
  const path = "/v1/customers/gone-shown/usage";
  const current = await call("GET", path, READ);
  expect(current.body).toMatchObject({ plan: "payg", totalCost: "45.00" });
  await closeMonthBefore(2);

  expect(await billed("gone-shown")).toEqual([[periodOf(1), "45.00"]]);
  expect((await call("GET", `${path}?period=${monthName(1)}`, READ)).body).toMatchObject({
    totalCost: "45.00",
  });
  expect((await call("GET", path, READ)).status).toBe(404);
});

test("a deleted customer on a plan with a fee: is shown the fee until its period has ended", async () => {
  playAt(1, 10);
  await put("gone-fee");
  await remove("gone-fee");
  const path = "/v1/customers/gone-fee/usage";
  const fee = feeOf(1, 10, 10);
  expect((await call("GET", path, READ)).body).toMatchObject({ plan: "flat99", totalCost: fee });
  await closeMonthBefore(2);

  expect(await billed("gone-fee")).toEqual([[periodOf(1), fee]]);
  expect((await call("GET", path, READ)).status).toBe(404);
  await closeMonthBefore(3);
  expect(await billed("gone-fee")).toHaveLength(1);
});
