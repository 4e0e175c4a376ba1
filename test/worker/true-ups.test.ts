import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { closeMonthBefore, month, periodOf, playAt, publishPlans, record } from "./played-time.ts";
import { ADMIN, call, INGEST, READ, stripeCall, stripeCustomer, trigger } from "./worker-api.ts";

beforeAll(async () => {
  playAt(1, 1);
  expect([200, 201]).toContain((await publishPlans({})).status);
});
afterAll(() => {
  vi.useRealTimers();
});

interface Billed {
  id: string;
  status: string;
  total: string;
  period: { start: string; end: string };
  lines: { ref: string; quantity: string; amount: string; trueUpOf?: string }[];
}

/** A customer's invoice of a month. */
async function invoiceOf(customerId: string, ahead: number): Promise<Billed> {
  const { body } = await call("GET", `/v1/invoices?customerId=${customerId}`, READ);
  const found = (body.data as Billed[]).filter(({ period }) => period.start === periodOf(ahead).start);
  expect(found).toHaveLength(1);
  return found[0]!;
}

function trueUps({ lines }: Billed): [string, string, string][] {
  return lines
    .filter(({ trueUpOf }) => trueUpOf !== undefined)
    .map(({ ref, quantity, amount }) => [ref, quantity, amount]);
}

async function adjust(customerId: string, id: string, quantity: number, at: number): Promise<number> {
  const content = { id, metricName: "api_calls", quantity, at, reason: "counted by the customer" };
  return (await call("POST", `/v1/customers/${customerId}/adjustments`, ADMIN, content)).status;
}

const day = (ahead: number): string => new Date(month(ahead)).toISOString().slice(0, 10);

test("a closed month that is corrected: the next invoice has the difference, Stripe's balance what is in the customer's favour", async () => {
  const stripeCustomerId = await stripeCustomer("true-up");
  await call("PUT", "/v1/customers/true-up", ADMIN, { stripeCustomerId });
  await record("true-up", "api_calls", 100_000);
  await closeMonthBefore(2);
  expect(await invoiceOf("true-up", 1)).toMatchObject({ total: "90.00", status: "open" });

  expect(await adjust("true-up", "less", -40_000, month(2) - 1)).toBe(201);
  await closeMonthBefore(3);
  const second = await invoiceOf("true-up", 2);
  expect(trueUps(second)).toEqual([[`true_up:${day(1)}:metric:api_calls`, "-40000", "-40.00"]]);
  expect(second).toMatchObject({ total: "-40.00", status: "paid" });
  const [inStripe] = (await stripeCall("GET", `/v1/invoices?customer=${stripeCustomerId}`)).data;
  expect(inStripe).toMatchObject({ subtotal: -4000, total: -4000, amount_due: 0, ending_balance: -4000 });
  expect(await stripeCall("GET", `/v1/customers/${stripeCustomerId}`)).toMatchObject({ balance: -4000 });

  // What was billed by a true-up is not billed again, and what comes after it is.
  expect(await adjust("true-up", "more", 40_000, month(1))).toBe(201);
  await record("true-up", "api_calls", 20_000);
  await closeMonthBefore(4);
  const third = await invoiceOf("true-up", 3);
  expect(trueUps(third)).toEqual([[`true_up:${day(1)}:metric:api_calls`, "40000", "40.00"]]);
  expect(third).toMatchObject({ total: "50.00", status: "open" });
  expect((await stripeCall("GET", `/v1/invoices?customer=${stripeCustomerId}`)).data[0]).toMatchObject({
    total: 5000,
    starting_balance: -4000,
    amount_due: 1000,
  });

  await closeMonthBefore(5);
  expect(trueUps(await invoiceOf("true-up", 4))).toEqual([]);
  expect(await adjust("true-up", "beyond", 1, month(1))).toBe(422);
  expect(await adjust("true-up", "within", 1, month(2))).toBe(201);
});

test("an event that comes when its month is closed already: is billed by the next invoice", async () => {
  // Closed before its late window ends, as by a shorter grace.
  playAt(12, 10);
  await call("PUT", "/v1/customers/true-up-late", ADMIN, {});
  await record("true-up-late", "api_calls", 100_000);
  await closeMonthBefore(13);
  playAt(13, 1, 20);
  const event = {
    customerId: "true-up-late",
    metricName: "api_calls",
    value: 10_000,
    timestamp: month(13) - 1,
  };
  expect((await call("POST", "/v1/events", INGEST, event)).body.recorded).toBe(1);
  await trigger("* * * * *", month(13) + 21 * 3_600_000);
  await closeMonthBefore(14);

  expect(await invoiceOf("true-up-late", 12)).toMatchObject({ total: "90.00" });
  const next = await invoiceOf("true-up-late", 13);
  expect(trueUps(next)).toEqual([[`true_up:${day(12)}:metric:api_calls`, "10000", "5.00"]]);
  expect(next.total).toBe("5.00");
});

test("a deleted customer: is corrected as long as a close is to come, then refused", async () => {
  playAt(5, 10);
  await call("PUT", "/v1/customers/true-up-gone", ADMIN, {});
  await record("true-up-gone", "api_calls", 100_000);
  await closeMonthBefore(6);
  playAt(6, 10);
  await call("DELETE", "/v1/customers/true-up-gone", ADMIN);
  expect(await adjust("true-up-gone", "less", -40_000, month(5))).toBe(201);
  await closeMonthBefore(7);
  expect(trueUps(await invoiceOf("true-up-gone", 6))).toEqual([
    [`true_up:${day(5)}:metric:api_calls`, "-40000", "-40.00"],
  ]);
  expect(await adjust("true-up-gone", "more", 1, month(5))).toBe(422);
  expect(await adjust("true-up-gone", "last", 1, month(6))).toBe(422);
});

test("an invoice with true-ups: is simulated by its own lines, and its export has what they were computed from", async () => {
  const { id } = await invoiceOf("true-up", 2);
  const { body } = await call("GET", `/v1/invoices/${id}/export`, READ);
  expect(body.trueUps).toMatchObject([
    {
      catalogVersion: body.invoice.catalogVersion,
      usage: { totals: [[{ metricName: "api_calls", value: "60000" }]] },
    },
  ]);
  const { catalog } = body;
  const period = new Date(month(2)).toISOString().slice(0, 7);
  const simulated = await call("POST", "/v1/catalog/simulate", ADMIN, { catalog, period });
  const own = simulated.body.data.find((row: { customerId: string }) => row.customerId === "true-up");
  // One call was added to that month since.
  expect(own).toMatchObject({ billed: "0.00", simulated: "0.00" });
});

// oxlint-disable-next-line typescript/no-explicit-any -- whatever the Worker answers
async function explained(id: string, ref: string): Promise<any> {
  const path = await call("GET", `/v1/invoices/${id}/lines/${encodeURIComponent(ref)}/explain`, READ);
  const query = await call("GET", `/v1/invoices/${id}/explain?ref=${encodeURIComponent(ref)}`, READ);
  expect(query.body).toEqual(path.body);
  expect(path.status).toBe(200);
  return path.body;
}

test("a line: is explained tier by tier and day by day, up to its amount", async () => {
  const [first, second] = [playAt(8, 3), playAt(8, 4)];
  playAt(8, 3);
  await call("PUT", "/v1/customers/explained", ADMIN, {});
  await record("explained", "api_calls", 99_999);
  playAt(8, 4, 1);
  await record("explained", "api_calls", 16);
  await closeMonthBefore(9);
  const { id } = await invoiceOf("explained", 8);
  const body = await explained(id, "metric:api_calls");

  expect(body).toMatchObject({
    invoiceId: id,
    currency: "usd",
    plan: "payg",
    span: periodOf(8),
    line: { ref: "metric:api_calls", quantity: "100015", amount: "90.01" },
    price: { metricName: "api_calls", model: "graduated" },
  });
  expect(body.reasons).toEqual([
    { text: "above 0 up to 10000: 10000 calls at 0 each (prices in minor units)", amount: "0.00" },
    { text: "above 10000 up to 100000: 90000 calls at 0.1 each (prices in minor units)", amount: "90.00" },
    { text: "above 100000 up to 1000000: 15 calls at 0.05 each (prices in minor units)", amount: "0.0075" },
    { text: "rounded once", amount: "0.0025" },
  ]);
  const dayOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10);
  const days = [
    { day: dayOf(first), used: "99999", adjusted: "0", total: "99999", cost: "90.00" },
    { day: dayOf(second), used: "16", adjusted: "0", total: "100015", cost: "90.01" },
  ];
  expect(body.days).toEqual(days);

  // What comes after the close is told apart.
  expect(await adjust("explained", "late", -6, second)).toBe(201);
  expect((await explained(id, "metric:api_calls")).days).toEqual([
    days[0],
    { ...days[1], adjusted: "-6", total: "100009", cost: "90.00" },
    { day: null, used: "6", adjusted: "0", total: "100015", cost: "90.01" },
  ]);
  await closeMonthBefore(10);
  const next = await invoiceOf("explained", 9);
  const trueUp = await explained(next.id, `true_up:${day(8)}:metric:api_calls`);
  expect(trueUp.line).toMatchObject({ quantity: "-6", amount: "-0.01" });
  expect(trueUp.reasons.at(-1)).toEqual({
    text: `billed before of the period from ${day(8)}`,
    amount: "-90.01",
  });
  expect(trueUp.days.at(-1)).toMatchObject({ total: "100009", cost: "90.00" });
});

test("a line that is not there: 404; no ref: 400; no key: 401", async () => {
  const { id } = await invoiceOf("explained", 8);
  expect((await call("GET", `/v1/invoices/${id}/lines/metric:nothing/explain`, READ)).status).toBe(404);
  expect((await call("GET", "/v1/invoices/inv_nothing/lines/base_fee/explain", READ)).status).toBe(404);
  expect((await call("GET", `/v1/invoices/${id}/explain`, READ)).status).toBe(400);
  expect((await call("GET", `/v1/invoices/${id}/explain?ref=base_fee`, undefined)).status).toBe(401);
});
