import { afterAll, beforeAll, beforeEach, expect, inject, test, vi } from "vitest";
import {
  askLedger,
  closeMonthBefore,
  forgetPlans,
  month,
  periodOf,
  playAt,
  publishPlans,
  record,
} from "./played-time.ts";
import { ADMIN, call, READ, stripeCall, stripeCustomer, trigger } from "./worker-api.ts";

const HOUR_MS = 3_600_000;
const CLOSE_MS = month(2) + 25 * HOUR_MS;

/** A dollar a seat. */
const SEATS = [{ metricName: "seats", model: "graduated", tiers: [{ upTo: null, unitPrice: "100" }] }];

beforeAll(async () => {
  playAt(1, 1);
  const { status } = await publishPlans({
    largest: "9999999999.99",
    too_large: "10000000000.00",
    largest_use: { baseFee: "9999999998.99", prices: SEATS },
    too_large_use: { baseFee: "9999999999.00", prices: SEATS },
  });
  expect([200, 201]).toContain(status);
});
beforeEach(() => {
  // Base fees are whole from the month's first day on.
  playAt(1, 1);
});
afterAll(async () => {
  await forgetPlans();
  expect((await publishPlans({})).status).toBe(200);
  vi.useRealTimers();
});

async function put(customerId: string, plan: string): Promise<string> {
  const stripeCustomerId = await stripeCustomer(customerId);
  const { status } = await call("PUT", `/v1/customers/${customerId}`, ADMIN, { stripeCustomerId, plan });
  expect(status).toBe(201);
  return stripeCustomerId;
}

/** A customer's newest invoice. */
// oxlint-disable-next-line typescript/no-explicit-any -- whatever the Worker answers
async function invoiceOf(customerId: string): Promise<any> {
  return (await call("GET", `/v1/invoices?customerId=${customerId}`, READ)).body.data[0];
}

/** What Stripe was asked about a customer's invoices. */
async function askedOf(stripeId: string): Promise<string[]> {
  const answer = await fetch(`${inject("controls").stripeUrl}/_control/requests`);
  const requests = await answer.json<{ method: string; path: string; params: { customer?: string } }[]>();
  return requests.flatMap(({ method, path, params }) =>
    params.customer === stripeId ? [`${method} ${path}`] : [],
  );
}

/** The report of the last run of the hourly cron. */
async function lastReport(): Promise<Record<string, number>> {
  const [row] = await askLedger(
    "select (outcome -> 'invoicing')::text as report from job_runs where job = 'hourly' order by run_id desc limit 1",
    [],
  );
  return JSON.parse(row?.["report"] ?? "{}") as Record<string, number>;
}

test.each([
  { name: "the largest amount there is", plan: "largest", total: "9999999999.99", status: "open", asked: 1 },
  { name: "a cent more", plan: "too_large", total: "10000000000.00", status: "blocked", asked: 0 },
])("an invoice of $name: is $status", async ({ plan, total, status, asked }) => {
  const customerId = `refused-${plan}`;
  const stripeId = await put(customerId, plan);
  await closeMonthBefore(2);

  expect(await invoiceOf(customerId)).toMatchObject({ status, total, subtotal: total });
  expect(await askedOf(stripeId)).toEqual(asked === 0 ? [] : ["POST /v1/invoices"]);
  expect((await stripeCall("GET", `/v1/invoices?customer=${stripeId}`)).data).toHaveLength(asked);
  await trigger("17 * * * *", CLOSE_MS + HOUR_MS);
  expect((await invoiceOf(customerId)).status).toBe(status);
});

test("an invoice too large for Stripe: cannot be finalised, and its steps are none", async () => {
  await put("refused-finalize", "too_large");
  await closeMonthBefore(2);
  const { id, steps, stripeInvoiceId } = await invoiceOf("refused-finalize");
  expect([steps, stripeInvoiceId]).toEqual([[], null]);
  const refused = await call("POST", `/v1/invoices/${id}/finalize`, ADMIN);
  expect([refused.status, refused.body.code]).toEqual([409, "conflict"]);
});

test("an invoice that Stripe does not take: remains, is tried again, and is counted until it is sent", async () => {
  const stripeId = await put("refused-unsent", "flat99");
  await trigger("17 * * * *", playAt(1, 1, 1));
  const before = await lastReport();
  const { stripeUrl } = inject("controls");
  await fetch(`${stripeUrl}/_control/faults`, {
    method: "POST",
    body: JSON.stringify({ mode: "status", status: 429, times: 1000 }),
  });
  await closeMonthBefore(2);
  const failed = await lastReport();
  const unsent = await invoiceOf("refused-unsent");
  await fetch(`${stripeUrl}/_control/reset`, { method: "POST" });
  await trigger("17 * * * *", CLOSE_MS + HOUR_MS);

  expect(unsent).toMatchObject({ status: "draft", total: "99.00", stripeInvoiceId: null });
  expect(failed["remaining"]).toBe((before["remaining"] ?? 0) + (failed["failed"] ?? 0));
  expect(failed["failed"]).toBeGreaterThanOrEqual(1);
  expect(await lastReport()).toMatchObject({ failed: 0, remaining: before["remaining"] });
  expect(await invoiceOf("refused-unsent")).toMatchObject({ status: "open" });
  expect((await stripeCall("GET", `/v1/invoices?customer=${stripeId}`)).data).toHaveLength(1);
});

test("a period that cannot be closed: holds up no other, waits behind them, and is closed when it can be", async () => {
  await put("refused-a", "flat99");
  await put("refused-b", "flat99");
  // As if its plan had been dropped by hand.
  await askLedger(
    `update customers set settings = settings || '{"plan": "nowhere"}' where customer_id = 'refused-a'`,
    [],
  );
  await askLedger("update customer_plans set plan = 'nowhere' where customer_id = 'refused-a'", []);
  await closeMonthBefore(2);
  const failedAt = async () =>
    askLedger(
      `select customer_id, (failed_at is not null)::text as has_failed from billing_periods
       where customer_id in ('refused-a', 'refused-b') and period_start = to_timestamp($1::bigint / 1000.0) order by 1`,
      [month(1)],
    );

  expect(await failedAt()).toEqual([
    { customer_id: "refused-a", has_failed: "true" },
    { customer_id: "refused-b", has_failed: "false" },
  ]);
  expect(await invoiceOf("refused-a")).toBeUndefined();
  expect(await invoiceOf("refused-b")).toMatchObject({ status: "open", period: periodOf(1) });
  expect(await lastReport()).toMatchObject({ failed: 1, remaining: 1 });

  // What it is put on from now on does not mend the month that is over.
  await call("PUT", "/v1/customers/refused-a", ADMIN, { plan: "flat99" });
  await trigger("17 * * * *", CLOSE_MS + HOUR_MS);
  expect(await invoiceOf("refused-a")).toBeUndefined();
  await askLedger("update customer_plans set plan = 'flat99' where customer_id = 'refused-a'", []);
  await trigger("17 * * * *", CLOSE_MS + HOUR_MS);
  expect(await invoiceOf("refused-a")).toMatchObject({ total: "99.00", period: periodOf(1) });
  expect(await lastReport()).toMatchObject({ closed: 1, failed: 0, remaining: 0 });
});

test.each([
  { name: "the largest amount", plan: "largest_use", status: "open" },
  { name: "a cent more", plan: "too_large_use", status: "blocked" },
])("lines that come to $name together: $status", async ({ plan, status }) => {
  const customerId = `refused-${plan}`;
  const stripeId = await put(customerId, plan);
  await record(customerId, "seats", 1);
  await closeMonthBefore(2);

  expect((await invoiceOf(customerId)).status).toBe(status);
  expect((await stripeCall("GET", `/v1/invoices?customer=${stripeId}`)).data).toHaveLength(
    status === "open" ? 1 : 0,
  );
});

test("many periods closed by one run: each is in its report", async () => {
  const closed = async () => {
    const [row] = await askLedger(
      "select count(*)::text as count from billing_periods where closed_at is not null",
      [],
    );
    return Number(row?.["count"]);
  };
  await Promise.all(Array.from({ length: 12 }, (_, index) => put(`refused-many-${index}`, "flat99")));
  await trigger("17 * * * *", playAt(1, 1, 1));
  const before = await closed();
  await closeMonthBefore(2);
  const closedByRun = (await closed()) - before;
  expect(closedByRun).toBeGreaterThanOrEqual(12);
  expect((await lastReport())["closed"]).toBe(closedByRun);
});
