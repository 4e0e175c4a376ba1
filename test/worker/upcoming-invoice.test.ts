import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { closeMonthBefore, forgetPlans, month, periodOf, playAt, publishPlans } from "./played-time.ts";
import { adjust, invoicesOf, putCustomer, send, upcomingOf } from "./priced-customer.ts";
import { call, INGEST } from "./worker-api.ts";

beforeAll(async () => {
  playAt(1, 1);
  expect([200, 201]).toContain((await publishPlans({})).status);
});
afterAll(async () => {
  await forgetPlans();
  vi.useRealTimers();
});

test("upcoming: is the invoice that the close makes when nothing happens in between", async () => {
  playAt(1, 1);
  await putCustomer("upcoming-same", { plan: "flat99" });
  await send("upcoming-same", "api_calls", 123_456);
  const nowMs = playAt(1, 12, 7);
  await putCustomer("upcoming-same", {});
  await send("upcoming-same", "api_calls", 1_234_567);
  await send("upcoming-same", "storage_gb", "120.5");
  await adjust("upcoming-same", "seats", 5, nowMs);
  const { status, headers, body } = await upcomingOf("upcoming-same");
  await closeMonthBefore(2);
  const [invoice] = await invoicesOf("upcoming-same");

  expect([status, headers.get("cache-control")]).toEqual([200, "no-store"]);
  const { lines, subtotal, total, currency, catalogVersion, period, ...rest } = body;
  expect({ lines, subtotal, total, currency, catalogVersion, period }).toEqual({
    lines: invoice.lines,
    subtotal: invoice.subtotal,
    total: invoice.total,
    currency: "usd",
    catalogVersion: invoice.catalogVersion,
    period: periodOf(1),
  });
  expect(rest).toEqual({
    id: null,
    number: null,
    customerId: "upcoming-same",
    status: "upcoming",
    asOf: new Date(nowMs).toISOString(),
    stale: false,
    stripeCustomerId: null,
    stripeInvoiceId: null,
    steps: [],
  });
  // The document of an invoice, and what is only an upcoming one's.
  expect(Object.keys(body).toSorted()).toEqual([...Object.keys(invoice), "asOf", "stale"].toSorted());
});

test("upcoming of a customer without usage: lines of nothing, or the fee alone", async () => {
  playAt(1, 1);
  await putCustomer("upcoming-none", {});
  await putCustomer("upcoming-fee", { plan: "flat99" });
  const { body: none } = await upcomingOf("upcoming-none");
  expect([none.total, none.subtotal]).toEqual(["0.00", "0.00"]);
  expect(
    none.lines.map(({ ref, quantity, amount, tiers }: Record<string, unknown>) => [
      ref,
      quantity,
      amount,
      tiers,
    ]),
  ).toEqual(
    ["api_calls", "storage_gb", "compute_seconds", "seats"].map((metric) => [
      `metric:${metric}`,
      "0",
      "0.00",
      [],
    ]),
  );
  const { body: fee } = await upcomingOf("upcoming-fee");
  expect(fee).toMatchObject({ total: "99.00", lines: [{ ref: "base_fee", amount: "99.00", metric: null }] });
});

test("upcoming of a period that is over but not closed: is the next one's", async () => {
  playAt(1, 1);
  await putCustomer("upcoming-next", {});
  await send("upcoming-next", "seats", 13);
  playAt(2, 1, 1);
  expect((await upcomingOf("upcoming-next")).body).toMatchObject({ total: "0.00", period: periodOf(2) });
});

test("upcoming of who is not known: 404, unless there is usage; a bad id: 400; keys that may not read: refused", async () => {
  playAt(1, 1);
  const nobody = await upcomingOf("upcoming-nobody");
  expect([nobody.status, nobody.body.code]).toEqual([404, "not_found"]);
  await send("upcoming-unknown", "seats", 4);
  expect((await upcomingOf("upcoming-unknown")).body).toMatchObject({ total: "15.00", period: periodOf(1) });
  expect((await upcomingOf("%00")).status).toBe(400);
  const path = "/v1/customers/upcoming-nobody/invoices/upcoming";
  expect((await call("GET", path, INGEST)).status).toBe(403);
  expect((await call("GET", path, undefined)).status).toBe(401);
  expect(Date.now()).toBe(month(1));
});
