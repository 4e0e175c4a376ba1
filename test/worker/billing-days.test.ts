import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { month, monthName, playAt, publishPlans, record } from "./played-time.ts";
import { ADMIN, call, READ, trigger } from "./worker-api.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

beforeAll(async () => {
  playAt(1, 1);
  expect([200, 201]).toContain((await publishPlans({})).status);
});
afterAll(() => {
  vi.useRealTimers();
});

function put(billingAnchorDay: unknown) {
  return call("PUT", "/v1/customers/billing-day", ADMIN, { billingAnchorDay });
}

/** Midnight of a day (from 1) of a month. */
function at(ahead: number, day: number): string {
  return new Date(month(ahead) + (day - 1) * DAY_MS).toISOString();
}

async function usage(query = ""): Promise<{ period: object; totalCost: string }> {
  return (await call("GET", `/v1/customers/billing-day/usage${query}`, READ)).body;
}

/** Lets the clock stand at 25 hours and 17 minutes after a midnight, and the hourly cron come. */
async function closeAfter(ahead: number, day: number): Promise<void> {
  await trigger("17 * * * *", playAt(ahead, day + 1, 1, 17 * 60_000));
}

async function invoices(): Promise<{ period: object; total: string }[]> {
  const { body } = await call("GET", "/v1/invoices?customerId=billing-day", READ);
  return body.data.map(({ period, total }: { period: object; total: string }) => ({ period, total }));
}

test.each([0, 32, 1.5, "15"])("a billing day of %j: is refused", async (day) => {
  const { status, body } = await put(day);
  expect([status, body.errors[0].path]).toEqual([422, "billingAnchorDay"]);
});

test("a customer billed on the 15th: has periods from 15th to 15th, given back with the day", async () => {
  playAt(1, 20);
  expect((await put(15)).status).toBe(201);
  expect((await call("GET", "/v1/customers/billing-day", READ)).body).toMatchObject({ billingAnchorDay: 15 });
  await record("billing-day", "api_calls", 100_000);

  expect(await usage()).toMatchObject({ period: { start: at(1, 15), end: at(2, 15) }, totalCost: "90.00" });
  expect(await usage(`?period=${monthName(1)}`)).toMatchObject({ period: { start: at(1, 15) } });
});

test("a change to the 1st: ends the running period as before, then makes a short one, each invoiced once", async () => {
  playAt(2, 10);
  expect((await put(1)).status).toBe(200);
  expect(await usage()).toMatchObject({ period: { start: at(1, 15), end: at(2, 15) } });
  playAt(2, 15, 0, 1);
  // No cron has come: the period is read as it will be.
  expect(await usage()).toMatchObject({ period: { start: at(2, 15), end: at(3, 1) }, totalCost: "0.00" });
  await record("billing-day", "api_calls", 20_000);
  await closeAfter(2, 15);
  await closeAfter(3, 1);
  await trigger("17 * * * *", month(3) + 27 * HOUR_MS);

  expect(await invoices()).toEqual([
    { period: { start: at(2, 15), end: at(3, 1) }, total: "10.00" },
    { period: { start: at(1, 15), end: at(2, 15) }, total: "90.00" },
  ]);
  expect(await usage()).toMatchObject({ period: { start: at(3, 1), end: at(4, 1) } });
});
