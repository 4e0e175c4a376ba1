import { afterEach, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { closeMonthBefore, daysOf, dollars, partOf, periodOf, playAt } from "./played-time.ts";
import { ADMIN, call, INGEST, nextMonthMs, READ, stripeCall, stripeCustomer, trigger } from "./worker-api.ts";

const HOUR_MS = 3_600_000;
/** A moment at which every period that runs now is due. */
const dueMs = nextMonthMs(Date.now()) + 26 * HOUR_MS;

async function putCustomer(customerId: string, more: object = {}): Promise<string> {
  const stripeCustomerId = await stripeCustomer(customerId);
  const { status } = await call("PUT", `/v1/customers/${customerId}`, ADMIN, { stripeCustomerId, ...more });
  expect(status).toBe(201);
  return stripeCustomerId;
}

async function record(customerId: string, metricName: string, value: number | string): Promise<void> {
  const { body } = await call("POST", "/v1/events", INGEST, {
    id: metricName,
    customerId,
    metricName,
    value,
  });
  expect(body.recorded).toBe(1);
}

beforeAll(async () => {
  const { status } = await call("PUT", "/v1/catalog", ADMIN, demoCatalog);
  expect([200, 201]).toContain(status);
});
afterEach(() => vi.useRealTimers());

describe("a bill", () => {
  // Exact prices: 0.1 cent rounds to nothing, 0.5 cent away from zero.
  const cases: [string, string, string][] = [
    ["10000000", "2340.00", "open"],
    ["500", "0.00", "zero"],
    ["10000", "0.00", "zero"],
    ["10001", "0.00", "zero"],
    ["10004", "0.00", "zero"],
    // Below Stripe's minimum charge: it counts as paid and waits on the customer's balance.
    ["10005", "0.01", "paid"],
    ["100000", "90.00", "open"],
    ["1000001", "540.00", "open"],
  ];
  test.each(cases)(
    "%s calls: cost %s in usage, in the invoice and in Stripe",
    async (calls, total, status) => {
      const customerId = `bill-${calls}`;
      const stripeId = await putCustomer(customerId);
      await record(customerId, "api_calls", calls);
      const usage = await call("GET", `/v1/customers/${customerId}/usage`, READ);
      expect(usage.body).toMatchObject({ totalCost: total, plan: "payg", currency: "usd", stale: false });
      expect(usage.body.metrics[0]).toMatchObject({
        metric: "api_calls",
        current: calls,
        estimatedCost: total,
      });

      await trigger("* * * * *", Date.now());
      expect((await call("GET", `/v1/customers/${customerId}/usage`, READ)).body.totalCost).toBe(total);
      await trigger("17 * * * *", dueMs);

      const { body } = await call("GET", `/v1/invoices?customerId=${customerId}`, READ);
      expect(body.data).toHaveLength(1);
      expect(body.data[0]).toMatchObject({ total, subtotal: total, status, customerId, currency: "usd" });
      expect(body.data[0].lines[0]).toMatchObject({
        metric: "api_calls",
        quantity: calls,
        amount: total,
        description: `API Calls: ${calls} calls`,
      });
      const inStripe = await stripeCall("GET", `/v1/invoices?customer=${stripeId}`);
      if (status === "zero") {
        expect(inStripe.data).toEqual([]);
        expect(body.data[0].steps).toEqual([]);
      } else {
        expect(inStripe.data).toHaveLength(1);
        const minor = Number(total.replace(".", ""));
        expect(inStripe.data[0]).toMatchObject({
          status,
          total: minor,
          subtotal: minor,
          auto_advance: status === "open",
        });
        expect(body.data[0].steps.map(({ step }: { step: string }) => step)).toEqual([
          "create",
          "add_lines",
          "finalize",
        ]);
      }
    },
  );

  test("usage of all metrics: is priced line by line, three requests to Stripe", async () => {
    const stripeId = await putCustomer("bill-all");
    await record("bill-all", "api_calls", 250_000);
    await record("bill-all", "storage_gb", "120.5");
    await record("bill-all", "compute_seconds", "3600.5");
    await record("bill-all", "seats", 51);
    const usage = await call("GET", "/v1/customers/bill-all/usage", READ);
    const costs = usage.body.metrics.map((row: Record<string, string>) => [
      row["metric"],
      row["estimatedCost"],
    ]);
    // 90 + 75; 95 × 0.25 + 20.5 × 0.15 = 26.825; 0.5 × 0.005 = 0.0025; 47 × 15 + 12.
    expect(costs).toEqual([
      ["api_calls", "165.00"],
      ["storage_gb", "26.83"],
      ["compute_seconds", "0.00"],
      ["seats", "717.00"],
    ]);
    expect(usage.body.totalCost).toBe("908.83");

    const { stripeUrl } = inject("controls");
    await fetch(`${stripeUrl}/_control/reset`, { method: "POST" });
    await trigger("17 * * * *", dueMs);
    const subjects = await (await fetch(`${stripeUrl}/_control/subjects`)).json<string[]>();
    // Those that change something; the reconciliation reads.
    const sent = subjects.filter((subject) => !subject.startsWith("GET"));
    expect(sent.map((subject) => subject.replace(/in_[^/]+/, "in_…"))).toEqual([
      "POST /v1/invoices",
      "POST /v1/invoices/in_…/add_lines",
      "POST /v1/invoices/in_…/finalize",
    ]);
    const [invoice] = (await stripeCall("GET", `/v1/invoices?customer=${stripeId}`)).data;
    expect(invoice.total).toBe(90_883);
    expect(invoice.lines.data.map((line: { amount: number }) => line.amount).toSorted()).toEqual([
      16_500, 2683, 71_700,
    ]);
  });

  // Put on a day and an hour of next month: that day is charged, whatever the hour.
  test.each([
    { name: "the first day's first hour", day: 1, hour: 0, away: 0 },
    { name: "the first day's last hour", day: 1, hour: 23, away: 0 },
    { name: "the 12th", day: 12, hour: 5, away: 11 },
    { name: "the last day's last hour", day: daysOf(1), hour: 23, away: daysOf(1) - 1 },
  ])("a base fee, whatever is used, from $name on: is billed by days", async ({ day, hour, away }) => {
    const customerId = `bill-flat-${day}-${hour}`;
    playAt(1, day, hour, 1);
    const stripeId = await putCustomer(customerId, { plan: "flat99" });
    await record(customerId, "api_calls", 10_000_000);
    const cents = partOf(9900, daysOf(1) - away, 1);
    const { body: usage } = await call("GET", `/v1/customers/${customerId}/usage`, READ);
    await closeMonthBefore(2);

    const { body } = await call("GET", `/v1/invoices?customerId=${customerId}`, READ);
    expect([usage.totalCost, body.data[0].total]).toEqual([dollars(cents), dollars(cents)]);
    expect(body.data[0]).toMatchObject({ status: "open", period: periodOf(1) });
    const days = away === 0 ? "" : ` (${daysOf(1) - away} of ${daysOf(1)} days)`;
    expect(body.data[0].lines).toMatchObject([
      { ref: "base_fee", description: `Flat 99${days}: base fee`, amount: dollars(cents) },
    ]);
    const { data } = await stripeCall("GET", `/v1/invoices?customer=${stripeId}`);
    expect(data.map(({ total }: { total: number }) => total)).toEqual([cents]);
  });

  test("a base fee of the month after the first: is whole", async () => {
    playAt(1, 20);
    await putCustomer("bill-flat-next", { plan: "flat99" });
    await closeMonthBefore(2);
    await closeMonthBefore(3);
    const { body } = await call("GET", "/v1/invoices?customerId=bill-flat-next", READ);
    expect(body.data).toMatchObject([
      { total: "99.00", period: periodOf(2) },
      { total: dollars(partOf(9900, daysOf(1) - 19, 1)), period: periodOf(1) },
    ]);
  });
});

describe("a close", () => {
  test("before the grace has passed: does nothing", async () => {
    await putCustomer("close-early");
    await record("close-early", "api_calls", 20_000);
    await trigger("17 * * * *", nextMonthMs(Date.now()) + 24 * HOUR_MS);
    expect((await call("GET", "/v1/invoices?customerId=close-early", READ)).body.data).toEqual([]);
    await trigger("17 * * * *", nextMonthMs(Date.now()) + 25 * HOUR_MS);
    expect((await call("GET", "/v1/invoices?customerId=close-early", READ)).body.data).toHaveLength(1);
  });

  test("without a flush before: bills what only the counters hold", async () => {
    await putCustomer("close-unflushed");
    await record("close-unflushed", "api_calls", 10_005);
    await trigger("17 * * * *", dueMs);
    const { body } = await call("GET", "/v1/invoices?customerId=close-unflushed", READ);
    expect(body.data[0].total).toBe("0.01");
  });

  test("twice, and twice at once: one invoice per customer and period", async () => {
    const stripeId = await putCustomer("close-twice");
    await record("close-twice", "api_calls", 100_000);
    await Promise.all([trigger("17 * * * *", dueMs), trigger("17 * * * *", dueMs)]);
    await trigger("17 * * * *", dueMs);
    expect((await call("GET", "/v1/invoices?customerId=close-twice", READ)).body.data).toHaveLength(1);
    const inStripe = await stripeCall("GET", `/v1/invoices?customer=${stripeId}`);
    expect(
      inStripe.data.map((invoice: { total: number; status: string }) => [invoice.total, invoice.status]),
    ).toEqual([[9000, "open"]]);
  });

  test("a month later: the next period starts where the last ended", async () => {
    await putCustomer("close-next");
    await trigger("17 * * * *", nextMonthMs(dueMs) + 26 * HOUR_MS);
    const { body } = await call("GET", "/v1/invoices?customerId=close-next", READ);
    expect(body.data).toHaveLength(2);
    const [first, second] = body.data
      .map((invoice: { period: { start: string; end: string } }) => invoice.period)
      .toSorted((left: { start: string }, right: { start: string }) => left.start.localeCompare(right.start));
    expect(second.start).toBe(first.end);
  });

  test("a customer without a Stripe id: gets a ledger invoice and no request", async () => {
    await call("PUT", "/v1/customers/close-nostripe", ADMIN, {});
    await record("close-nostripe", "api_calls", 100_000);
    await trigger("17 * * * *", dueMs);
    const { body } = await call("GET", "/v1/invoices?customerId=close-nostripe", READ);
    expect(body.data[0]).toMatchObject({ status: "draft", total: "90.00", stripeInvoiceId: null, steps: [] });
  });

  test("items that wait in Stripe for another reason: stay off the invoice", async () => {
    const stripeId = await putCustomer("close-pending");
    await stripeCall("POST", "/v1/invoiceitems", `customer=${stripeId}&amount=777&currency=usd`);
    await record("close-pending", "api_calls", 100_000);
    await trigger("17 * * * *", dueMs);
    const { body } = await call("GET", "/v1/invoices?customerId=close-pending", READ);
    expect(body.data[0]).toMatchObject({ status: "open", total: "90.00" });
  });
});
