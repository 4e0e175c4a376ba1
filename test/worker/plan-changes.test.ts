import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  closeMonthBefore,
  daysOf,
  dollars,
  forgetPlans,
  partOf,
  periodOf,
  playAt,
  publishPlans,
} from "./played-time.ts";
import {
  inStripe,
  invoicesOf,
  putCustomer,
  putInStripe,
  send,
  sorted,
  upcomingOf,
  usageOf,
} from "./priced-customer.ts";
import { METERED, TIERED } from "./metered-plans.ts";
import { trigger } from "./worker-api.ts";

beforeAll(async () => {
  playAt(1, 1);
  expect([200, 201]).toContain((await publishPlans({ metered: METERED, tiered: TIERED })).status);
});
afterAll(async () => {
  await forgetPlans();
  expect((await publishPlans({})).status).toBe(200);
  vi.useRealTimers();
});

async function flush(): Promise<void> {
  await trigger("* * * * *", Date.now() + 60_000);
}

test("a change at a full hour: usage to the millisecond, fees by days, tiers anew; live, flushed and billed alike", async () => {
  playAt(1, 1);
  const stripeId = await putInStripe("change-hour", { plan: "metered" });
  const changeMs = playAt(1, 10, 12);
  await send("change-hour", "api_calls", 50, changeMs - 1);
  await send("change-hour", "api_calls", 150, changeMs);
  playAt(1, 10, 12, 1_800_000);
  expect(await putCustomer("change-hour", { plan: "tiered", stripeCustomerId: stripeId })).toBe(200);

  const days = daysOf(1);
  const [first, second] = [partOf(3000, 9, 1), partOf(6000, days - 9, 1)];
  const total = dollars(first + 400 + second + 600);
  const usage = await usageOf("change-hour");
  const at = new Date(changeMs).toISOString();
  expect(usage).toMatchObject({ plan: "tiered", totalCost: total, period: periodOf(1) });
  expect(usage.metrics).toMatchObject([
    { metric: "api_calls", current: "200", included: "0", percentUsed: 100, estimatedCost: "10.00" },
  ]);
  expect(usage.parts).toEqual([
    {
      plan: "metered",
      start: periodOf(1).start,
      end: at,
      metrics: [{ metric: "api_calls", quantity: "50", included: "10" }],
    },
    {
      plan: "tiered",
      start: at,
      end: periodOf(1).end,
      metrics: [{ metric: "api_calls", quantity: "150", included: "0" }],
    },
  ]);
  const { body: upcoming } = await upcomingOf("change-hour");
  await flush();
  expect(await usageOf("change-hour")).toEqual(usage);
  expect((await upcomingOf("change-hour")).body).toEqual(upcoming);

  await closeMonthBefore(2);
  const [invoice] = await invoicesOf("change-hour");
  const hour = at.slice(0, 16);
  const text = hour.replace("T", " ");
  const lines = invoice.lines.map(({ ref, description, amount }: Record<string, string>) => [
    ref,
    description,
    amount,
  ]);
  expect(lines).toEqual([
    ["base_fee", `metered (until ${text} UTC, 9 of ${days} days): base fee`, dollars(first)],
    ["metric:api_calls", `API Calls (until ${text} UTC): 50 calls`, "4.00"],
    [`base_fee@${hour}`, `tiered (from ${text} UTC, ${days - 9} of ${days} days): base fee`, dollars(second)],
    [`metric:api_calls@${hour}`, `API Calls (from ${text} UTC): 150 calls`, "6.00"],
  ]);
  expect(invoice.lines[3].tiers).toMatchObject([
    { from: "0", to: "100", quantity: "100", amount: "5.00" },
    { from: "100", to: null, quantity: "50", amount: "1.00" },
  ]);
  expect([invoice.total, upcoming.total, upcoming.lines]).toEqual([total, total, invoice.lines]);
  expect(await inStripe(stripeId)).toEqual({
    total: first + 400 + second + 600,
    amounts: sorted([first, 400, second, 600]),
  });
});
