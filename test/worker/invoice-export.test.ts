import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { billDocument } from "../../src/rating/bill.ts";
import { ratePeriod } from "../../src/rating/rate-period.ts";
import { closeMonthBefore, forgetPlans, month, periodOf, playAt, publishPlans } from "./played-time.ts";
import { adjust, invoicesOf, putCustomer, send } from "./priced-customer.ts";
import { ADMIN, call, INGEST, READ, type Answer } from "./worker-api.ts";

const OWN = [
  { metricName: "seats", model: "package", packageSize: 3, packagePrice: "999.5", includedFree: 1 },
];

/** What becomes of a customer inside of a month, and the lines' refs that it is billed by. */
const STORIES: Record<string, { live: (customerId: string) => Promise<unknown>; lines: number }> = {
  "of several parts": {
    lines: 6,
    live: async (customerId) => {
      await putCustomer(customerId, { plan: "flat99" });
      await send(customerId, "api_calls", 500);
      playAt(1, 9, 5);
      await putCustomer(customerId, { plan: "payg" });
      await send(customerId, "api_calls", 1_000_001);
      await send(customerId, "storage_gb", "7.25");
      playAt(1, 17);
      await putCustomer(customerId, { plan: "flat99" });
    },
  },
  "of own prices": {
    lines: 4,
    live: async (customerId) => {
      await putCustomer(customerId, { prices: OWN });
      await send(customerId, "seats", 9);
    },
  },
  "with adjustments": {
    lines: 4,
    live: async (customerId) => {
      await putCustomer(customerId, {});
      await send(customerId, "api_calls", 20_000);
      await adjust(customerId, "api_calls", -1234, Date.now());
      await adjust(customerId, "seats", 8, Date.now());
    },
  },
  "of nothing": { lines: 4, live: (customerId) => putCustomer(customerId, {}) },
};

beforeAll(async () => {
  playAt(1, 1);
  expect([200, 201]).toContain((await publishPlans({})).status);
});
afterAll(async () => {
  await forgetPlans();
  expect((await publishPlans({})).status).toBe(200);
  vi.useRealTimers();
});

function exported(invoiceId: string): Promise<Answer> {
  return call("GET", `/v1/invoices/${invoiceId}/export`, READ);
}

test.each(Object.entries(STORIES))(
  "an invoice %s: is computed again from its export, byte for byte",
  async (name, story) => {
    playAt(1, 1);
    const customerId = `export-${name.replaceAll(" ", "-")}`;
    await story.live(customerId);
    await closeMonthBefore(2);
    const [invoice] = await invoicesOf(customerId);
    const first = await exported(invoice.id);
    // Prices change, also of the plan that it was on, and its customer has other usage, plans and corrections since.
    const dearer = demoCatalog.plans.map((plan) => ({ ...plan, baseFee: "7.00", maxSpend: "8.00" }));
    expect((await call("PUT", "/v1/catalog", ADMIN, { ...demoCatalog, plans: dearer })).status).toBe(200);
    await putCustomer(customerId, { plan: "flat99" });
    await adjust(customerId, "seats", 77, month(2));
    const late = { id: "late", metricName: "seats", quantity: 5, at: month(2) - 1, reason: "for the next" };
    expect((await call("POST", `/v1/customers/${customerId}/adjustments`, ADMIN, late)).status).toBe(201);
    await closeMonthBefore(3);
    const { body: later } = await exported(invoice.id);
    expect((await publishPlans({})).status).toBe(200);

    const { body } = first;
    // What has come since is beside what was billed, not in it.
    const added = later.adjustments.filter(
      ({ adjustmentId }: { adjustmentId: string }) => adjustmentId === "late",
    );
    expect(added).toMatchObject([{ quantity: "5", reason: "for the next" }]);
    const adjustments = later.adjustments.filter((one: object) => !added.includes(one));
    expect(JSON.stringify({ ...later, adjustments })).toBe(JSON.stringify(body));
    expect(first.headers.get("content-disposition")).toBe(`attachment; filename="${invoice.number}.json"`);
    const { id, number, catalogVersion } = invoice;
    const { currency, lines, subtotal, total, ...rest } = body.invoice;
    expect(rest).toEqual({ id, number, customerId, period: periodOf(1), catalogVersion });
    expect({ currency, lines, subtotal, total }).toEqual({
      currency: invoice.currency,
      lines: invoice.lines,
      subtotal: invoice.subtotal,
      total: invoice.total,
    });
    expect([body.format, lines.length]).toEqual(["edgemeter.invoice/1", story.lines]);
    const rating = ratePeriod(body.catalog, body.usage);
    const computed = rating && billDocument(rating);
    expect(JSON.stringify(computed)).toBe(JSON.stringify({ currency, lines, subtotal, total }));
  },
);

test("an export: has the days and adjustments that its totals are summed up from, and how it is rounded", async () => {
  playAt(1, 1);
  await putCustomer("export-days", {});
  await send("export-days", "api_calls", 20_000);
  playAt(1, 3);
  await send("export-days", "api_calls", 5);
  await adjust("export-days", "api_calls", -7, month(1));
  await closeMonthBefore(2);
  const [invoice] = await invoicesOf("export-days");
  const { body } = await exported(invoice.id);
  const day = (number: number) => new Date(month(1) + (number - 1) * 86_400_000).toISOString().slice(0, 10);
  const series = { metricName: "api_calls", dimensions: {}, aggregation: "sum" };
  expect(body.days).toEqual([
    { day: day(1), ...series, value: "20000" },
    { day: day(3), ...series, value: "5" },
  ]);
  const { start: at } = periodOf(1);
  expect(body.adjustments).toEqual([
    {
      adjustmentId: `adj-api_calls-${month(1)}`,
      metricName: "api_calls",
      quantity: "-7",
      at,
      reason: "test",
    },
  ]);
  expect(body.usage.totals).toEqual([[{ metricName: "api_calls", value: "19998" }]]);
  expect([body.isCut, body.rounding]).toEqual([
    false,
    {
      rule: "each line once, half away from zero, to whole units of the currency",
      currency: "usd",
      decimals: 2,
      unitMinor: "1",
    },
  ]);
});

test("an export: of no invoice is 404, and asks for a key that may read", async () => {
  for (const id of ["inv_nothing", "%00"]) {
    expect((await exported(id)).status).toBe(404);
  }
  expect((await call("GET", "/v1/invoices/inv_nothing/export", INGEST)).status).toBe(403);
  expect((await call("GET", "/v1/invoices/inv_nothing/export", undefined)).status).toBe(401);
});
