import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import {
  closeMonthBefore,
  dollars,
  forgetPlans,
  monthName,
  partOf,
  periodOf,
  playAt,
  publishPlans,
  record,
  type PlanFee,
} from "./played-time.ts";
import { ADMIN, call, READ, trigger } from "./worker-api.ts";

beforeAll(async () => {
  playAt(1, 1);
  expect([200, 201]).toContain((await publishPlans({})).status);
});
afterAll(async () => {
  await forgetPlans();
  expect((await publishPlans({})).status).toBe(200);
  vi.useRealTimers();
});

const fees: Record<string, PlanFee> = {};

/** Publishes a plan's fee beside those of the tests before, whose customers are on them. */
async function publish(fee: Record<string, PlanFee>, effective?: "nextPeriod"): Promise<number> {
  const terms = effective === undefined ? {} : { effective };
  const { status, version } = await publishPlans(Object.assign(fees, fee), terms);
  expect(status).toBe(200);
  return version;
}

async function put(customerId: string, settings: object): Promise<void> {
  const { status } = await call("PUT", `/v1/customers/${customerId}`, ADMIN, settings);
  expect([200, 201]).toContain(status);
}

interface Billed {
  period: object;
  total: string;
  catalogVersion: number;
  lines: { description: string }[];
}

async function invoices(customerId: string): Promise<Billed[]> {
  return (await call("GET", `/v1/invoices?customerId=${customerId}`, READ)).body.data;
}

async function totalOf(customerId: string, period: string): Promise<string> {
  return (await call("GET", `/v1/customers/${customerId}/usage?period=${period}`, READ)).body.totalCost;
}

test("a plan of a deleted customer: stays until its last period is closed, and prices it", async () => {
  playAt(1, 1);
  await publishPlans({ leaving: "5.00" });
  await put("plan-leaving", { plan: "leaving" });
  playAt(1, 10, 12);
  expect((await call("DELETE", "/v1/customers/plan-leaving", ADMIN)).status).toBe(204);
  const refused = await call("PUT", "/v1/catalog", ADMIN, demoCatalog);
  expect([refused.status, refused.body.errors]).toEqual([
    422,
    [{ path: "plans", message: "customers are on plan leaving: move them before it goes" }],
  ]);
  await closeMonthBefore(2);

  // Up to the day on which it was deleted.
  const total = dollars(partOf(500, 10, 1));
  expect(await invoices("plan-leaving")).toMatchObject([{ period: periodOf(1), total }]);
  expect((await call("PUT", "/v1/catalog", ADMIN, demoCatalog)).status).toBe(200);
  expect(await totalOf("plan-leaving", monthName(1))).toBe(total);
});

test("a plan published between a period's end and its close: prices it, as it was first, for who is first put on it", async () => {
  const late = (baseFee: string, unitPrice: string) => ({
    late: { baseFee, prices: [{ metricName: "seats", model: "perUnit", unitPrice }] },
  });
  playAt(1, 10);
  const before = await publish({ before_late: "1.00" });
  await put("plan-moved-late", {});
  await record("plan-moved-late", "seats", 4);
  await record("plan-late", "seats", 4);
  await trigger("* * * * *", playAt(1, 10, 0, 60_000));
  playAt(2, 1, 1);
  const version = await publish(late("7.00", "100"));
  playAt(2, 1, 2);
  await put("plan-late", { plan: "late" });
  await put("plan-moved-late", { plan: "late" });
  playAt(2, 1, 3);
  expect(await publish(late("8.00", "200"))).toBe(version + 1);
  const totals = async (customerId: string) => [
    await totalOf(customerId, monthName(1)),
    await totalOf(customerId, "current"),
  ];
  const seen = [await totals("plan-late"), await totals("plan-moved-late")];
  await closeMonthBefore(2);
  await closeMonthBefore(3);

  // Before it was put there is usage, and no day that a base fee is charged for.
  expect(seen).toEqual([
    ["4.00", "8.00"],
    ["15.00", "8.00"],
  ]);
  expect(await invoices("plan-late")).toMatchObject([
    { period: periodOf(2), total: "8.00", catalogVersion: version + 1 },
    { period: periodOf(1), total: "4.00", catalogVersion: version },
  ]);
  // Moved after the month's end: what it was on then prices the month.
  expect(await invoices("plan-moved-late")).toMatchObject([
    { period: periodOf(2), total: "8.00", catalogVersion: version + 1 },
    { period: periodOf(1), total: "15.00", catalogVersion: before },
  ]);
});

test("a price published after a period's end: changes neither its usage nor its invoice", async () => {
  playAt(1, 1);
  const before = await publish({ repriced: "10.00" });
  await put("plan-repriced", { plan: "repriced" });
  await record("plan-repriced", "api_calls", 5);
  // At the period's end the earlier price holds; a moment later the new one is published.
  playAt(2, 1, 0, 1);
  const after = await publish({ repriced: "20.00" });
  const seen = [await totalOf("plan-repriced", monthName(1)), await totalOf("plan-repriced", "current")];
  await closeMonthBefore(2);
  const closed = [await totalOf("plan-repriced", monthName(1)), await totalOf("plan-repriced", "current")];
  await closeMonthBefore(3);

  expect([seen, closed]).toEqual([
    ["10.00", "20.00"],
    ["10.00", "20.00"],
  ]);
  expect(await invoices("plan-repriced")).toMatchObject([
    { period: periodOf(2), total: "20.00", catalogVersion: after },
    { period: periodOf(1), total: "10.00", catalogVersion: before },
  ]);
});

test("a price published at a period's end to the millisecond: prices it, in usage and invoice", async () => {
  playAt(1, 1);
  await publish({ on_time: "10.00" });
  await put("plan-on-time", { plan: "on_time" });
  playAt(2, 1);
  const version = await publish({ on_time: "20.00" });
  playAt(2, 1, 1);
  const seen = await totalOf("plan-on-time", monthName(1));
  await closeMonthBefore(2);

  const [invoice] = await invoices("plan-on-time");
  expect([seen, invoice?.total, invoice?.catalogVersion]).toEqual(["20.00", "20.00", version]);
});

test("prices for the next period: price it from its start on, in usage and invoices, and no period before", async () => {
  playAt(1, 1);
  const before = await publish({ next: "10.00" });
  await put("plan-next", { plan: "next" });
  playAt(1, 11);
  await publish({ next: "20.00" }, "nextPeriod");
  expect(await totalOf("plan-next", "current")).toBe("10.00");
  // At the second month's start to the millisecond, then a millisecond later.
  playAt(2, 1);
  const atStart = await publish({ next: "30.00" }, "nextPeriod");
  playAt(2, 1, 0, 1);
  const afterStart = await publish({ next: "40.00" }, "nextPeriod");
  const shown = [await totalOf("plan-next", monthName(1)), await totalOf("plan-next", "current")];
  await closeMonthBefore(2);
  await closeMonthBefore(3);
  const closed = [
    await totalOf("plan-next", monthName(1)),
    await totalOf("plan-next", monthName(2)),
    await totalOf("plan-next", "current"),
  ];
  await closeMonthBefore(4);

  expect([shown, closed]).toEqual([
    ["10.00", "30.00"],
    ["10.00", "30.00", "40.00"],
  ]);
  expect(await invoices("plan-next")).toMatchObject([
    { period: periodOf(3), total: "40.00", catalogVersion: afterStart },
    { period: periodOf(2), total: "30.00", catalogVersion: atStart },
    { period: periodOf(1), total: "10.00", catalogVersion: before },
  ]);
});

test("prices for the next period that are taken back before it: price nothing", async () => {
  playAt(1, 1);
  const before = await publish({ undone: "10.00" });
  await put("plan-undone", { plan: "undone" });
  playAt(1, 11);
  await publish({ undone: "20.00" }, "nextPeriod");
  playAt(1, 12);
  const back = await call("POST", `/v1/catalog/versions/${before}/publish`, ADMIN, { reason: "Too high" });
  fees["undone"] = "10.00";
  await closeMonthBefore(2);
  await closeMonthBefore(3);

  expect(await invoices("plan-undone")).toMatchObject([
    { period: periodOf(2), total: "10.00", catalogVersion: back.body.version },
    { period: periodOf(1), total: "10.00", catalogVersion: back.body.version },
  ]);
});
