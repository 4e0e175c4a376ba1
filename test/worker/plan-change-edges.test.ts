import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { METERED, TIERED } from "./metered-plans.ts";
import {
  closeMonthBefore,
  daysOf,
  dollars,
  forgetPlans,
  month,
  partOf,
  periodOf,
  playAt,
  publishPlans,
} from "./played-time.ts";
import { invoicesOf, putCustomer, send, usageOf } from "./priced-customer.ts";
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

test.each([
  { name: "in the period's second hour", day: 1, hour: 1, before: 0 },
  { name: "in its last hour", day: daysOf(1), hour: 23, before: daysOf(1) - 1 },
])("a change $name: is of that hour, and each plan has its days", async ({ day, hour, before }) => {
  const customerId = `change-edge-${day}`;
  playAt(1, 1);
  await putCustomer(customerId, { plan: "metered" });
  const changeMs = playAt(1, day, hour);
  await send(customerId, "api_calls", 11, changeMs - 1);
  await send(customerId, "api_calls", 1, changeMs);
  playAt(1, day, hour, 3_599_999);
  await putCustomer(customerId, { plan: "tiered" });
  const cents = partOf(3000, before, 1) + 10 + partOf(6000, daysOf(1) - before, 1) + 5;
  expect((await usageOf(customerId)).totalCost).toBe(dollars(cents));
  await closeMonthBefore(2);
  expect(await invoicesOf(customerId)).toMatchObject([{ total: dollars(cents), period: periodOf(1) }]);
});

test("two changes on one day: the day is the last one's, and what is used between is paid for", async () => {
  playAt(1, 1);
  await putCustomer("change-twice", { plan: "metered" });
  playAt(1, 10, 6);
  await putCustomer("change-twice", { plan: "tiered" });
  await send("change-twice", "api_calls", 200);
  playAt(1, 10, 18);
  await putCustomer("change-twice", { plan: "metered" });
  await send("change-twice", "api_calls", 30);
  const { parts, totalCost, metrics } = await usageOf("change-twice");

  // 100 × 0.05 + 100 × 0.02, then 20 × 0.10.
  const cents = partOf(3000, 9, 1) + partOf(3000, daysOf(1) - 9, 1) + 700 + 200;
  expect([totalCost, metrics[0].current]).toEqual([dollars(cents), "230"]);
  const quantities = parts.map((part: { metrics: { quantity: string }[] }) => part.metrics[0]?.quantity);
  expect(quantities).toEqual([undefined, "200", "30"]);
});

test("a change taken back within its hour, and several in one hour: none, and the last", async () => {
  playAt(1, 1);
  await putCustomer("change-back", { plan: "metered" });
  playAt(1, 10, 6, 1);
  await putCustomer("change-back", { plan: "tiered" });
  await send("change-back", "api_calls", 20);
  playAt(1, 10, 6, 3_599_999);
  await putCustomer("change-back", { plan: "metered", name: "Back" });
  const { parts, totalCost } = await usageOf("change-back");
  expect([parts, totalCost]).toEqual([undefined, "31.00"]);

  playAt(1, 11, 6);
  await putCustomer("change-back", {});
  await putCustomer("change-back", { plan: "tiered" });
  const usage = await usageOf("change-back");
  expect(usage.parts.map(({ plan }: { plan: string }) => plan)).toEqual(["metered", "tiered"]);
});

test("events a day late: are priced by the plan of their hour, live and flushed", async () => {
  playAt(1, 1);
  await putCustomer("change-late", { plan: "metered" });
  const changeMs = playAt(1, 10, 12);
  await putCustomer("change-late", { plan: "tiered" });
  await send("change-late", "api_calls", 1, changeMs);
  await flush();
  const nowMs = playAt(1, 11, 11);
  // Exactly 24 hours, in the last hour before the change.
  await send("change-late", "api_calls", 40, nowMs - 86_400_000);
  const usage = await usageOf("change-late");
  const cents = partOf(3000, 9, 1) + 300 + partOf(6000, daysOf(1) - 9, 1) + 5;
  expect(usage.totalCost).toBe(dollars(cents));
  await flush();
  expect(await usageOf("change-late")).toEqual(usage);
  expect(nowMs - 86_400_000).toBe(month(1) + (9 * 24 + 11) * 3_600_000);
});
