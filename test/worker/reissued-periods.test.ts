import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  closeMonthBefore,
  forgetPlans,
  month,
  monthName,
  periodOf,
  playAt,
  publishPlans,
  record,
} from "./played-time.ts";
import { ADMIN, call, READ, stripeCall, stripeCustomer, trigger } from "./worker-api.ts";

const PER_CALL = { metricName: "api_calls", model: "perUnit", unitPrice: "0.05" };

beforeAll(async () => {
  playAt(1, 1);
  // Plans of its own: other files publish other prices, also for months that are played here.
  const plans = { reissued_calls: { prices: [PER_CALL] }, reissued_fee: "99.00" };
  expect([200, 201]).toContain((await publishPlans(plans)).status);
});
afterAll(async () => {
  await forgetPlans();
  expect((await publishPlans({})).status).toBe(200);
  vi.useRealTimers();
});

// oxlint-disable-next-line typescript/no-explicit-any -- whatever the Worker answers
async function invoiceOf(customerId: string, ahead: number): Promise<any> {
  const { body } = await call("GET", `/v1/invoices?customerId=${customerId}`, READ);
  const isOf = ({ period, status }: { period: { start: string }; status: string }): boolean =>
    period.start === periodOf(ahead).start && status !== "void";
  expect(body.data.filter(isOf)).toHaveLength(1);
  return body.data.find(isOf);
}

async function adjust(customerId: string, id: string, quantity: number, at: number): Promise<void> {
  const content = { id, metricName: "api_calls", quantity, at, reason: "found in the log" };
  expect(await call("POST", `/v1/customers/${customerId}/adjustments`, ADMIN, content)).toMatchObject({
    status: 201,
    body: { quantity: String(quantity) },
  });
}

const day = (ahead: number): string => new Date(month(ahead)).toISOString().slice(0, 10);

test("a month that a later invoice has corrected is invoiced anew: what that has billed of it is taken off, once", async () => {
  await call("PUT", "/v1/customers/reissued", ADMIN, { plan: "reissued_calls" });
  await record("reissued", "api_calls", 100_000);
  await closeMonthBefore(2);
  await adjust("reissued", "more", 10_000, month(1));
  await closeMonthBefore(3);
  expect(await invoiceOf("reissued", 2)).toMatchObject({ total: "5.00" });

  const { id } = await invoiceOf("reissued", 1);
  const { status } = await call("POST", `/v1/invoices/${id}/void`, ADMIN, { reason: "r", reissue: true });
  expect(status).toBe(200);
  const anew = await invoiceOf("reissued", 1);
  expect(anew).toMatchObject({ replaces: id, total: "50.00" });
  expect(anew.lines.find(({ ref }: { ref: string }) => ref === "metric:api_calls").amount).toBe("55.00");
  expect(anew.lines.at(-1)).toMatchObject({
    ref: `true_up:${day(1)}:metric:api_calls`,
    quantity: "-10000",
    amount: "-5.00",
    trueUpOf: periodOf(1).start,
  });
  const { catalog } = (await call("GET", `/v1/invoices/${anew.id}/export`, READ)).body;
  const simulation = { catalog, period: monthName(1) };
  const { body: simulated } = await call("POST", "/v1/catalog/simulate", ADMIN, simulation);
  const own = simulated.data.find((row: { customerId: string }) => row.customerId === "reissued");
  expect(own).toMatchObject({ billed: "55.00", simulated: "55.00" });
  await closeMonthBefore(4);
  expect(await invoiceOf("reissued", 3)).toMatchObject({ total: "0.00" });
});

test("a Stripe id that Stripe does not know: the invoice can be void, and goes out anew under the right one", async () => {
  playAt(3, 1);
  const settings = { plan: "reissued_fee", stripeCustomerId: "cus_mistyped" };
  await call("PUT", "/v1/customers/mistyped", ADMIN, settings);
  await closeMonthBefore(4);
  const { id, steps } = await invoiceOf("mistyped", 3);
  expect(steps).toMatchObject([{ step: "create", outcome: { failure: { code: "resource_missing" } } }]);
  const stripeCustomerId = await stripeCustomer("mistyped");
  await call("PUT", "/v1/customers/mistyped", ADMIN, { ...settings, stripeCustomerId });

  const body = { reason: "Mistyped", reissue: true };
  expect((await call("POST", `/v1/invoices/${id}/void`, ADMIN, body)).status).toBe(202);
  await trigger("17 * * * *", playAt(4, 2, 2));
  const anew = await invoiceOf("mistyped", 3);
  expect(anew).toMatchObject({ replaces: id, status: "open", total: "99.00" });
  const { data } = await stripeCall("GET", `/v1/invoices?customer=${stripeCustomerId}`);
  expect(data.map((one: { id: string }) => one.id)).toEqual([anew.stripeInvoiceId]);
});
