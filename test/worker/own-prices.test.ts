import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { pathsOf } from "./catalog-calls.ts";
import {
  closeMonthBefore,
  daysOf,
  dollars,
  forgetPlans,
  partOf,
  playAt,
  publishPlans,
} from "./played-time.ts";
import {
  inStripe,
  invoicesOf,
  putCustomer,
  putInStripe,
  send,
  upcomingOf,
  usageOf,
} from "./priced-customer.ts";
import { ADMIN, call, READ } from "./worker-api.ts";

const FLAT = { metricName: "seats", model: "flat", flatFee: "1250.5" };
const CALLS = {
  metricName: "api_calls",
  model: "perUnit",
  unitPrice: "0.2",
  includedFree: 1000,
  minSpend: 3,
};

beforeAll(async () => {
  playAt(1, 1);
  const plan = { baseFee: "10.00", prices: [{ metricName: "seats", model: "perUnit", unitPrice: "100" }] };
  expect([200, 201]).toContain((await publishPlans({ seated: plan })).status);
});
afterAll(async () => {
  await forgetPlans();
  expect((await publishPlans({})).status).toBe(200);
  vi.useRealTimers();
});

test("own prices: take the plan's place for their metric and are added for others, in usage, invoice and Stripe", async () => {
  playAt(1, 1);
  const stripeId = await putInStripe("own-billed", { plan: "seated", prices: [FLAT, CALLS] });
  await send("own-billed", "seats", 7);
  await send("own-billed", "api_calls", 2000);
  const usage = await usageOf("own-billed");
  // 12.505 rounded; 1,000 calls come to 2.00, up to 3.00.
  expect(usage).toMatchObject({ plan: "seated", totalCost: "25.51" });
  const shown = usage.metrics.map((row: Record<string, string>) => [
    row["metric"],
    row["included"],
    row["estimatedCost"],
  ]);
  expect(shown).toEqual([
    ["api_calls", "1000", "3.00"],
    ["seats", "0", "12.51"],
  ]);
  const { body: upcoming } = await upcomingOf("own-billed");
  await closeMonthBefore(2);
  const [invoice] = await invoicesOf("own-billed");
  expect(invoice.lines.map(({ ref, amount }: Record<string, string>) => [ref, amount])).toEqual([
    ["base_fee", "10.00"],
    ["metric:seats", "12.51"],
    ["metric:api_calls", "2.00"],
    ["metric:api_calls:min_spend", "1.00"],
  ]);
  expect([invoice.total, invoice.lines]).toEqual([upcoming.total, upcoming.lines]);
  expect(await inStripe(stripeId)).toEqual({ total: 2551, amounts: [100, 200, 1000, 1251] });
});

test("own prices: what GET gives can be put again, and changes nothing", async () => {
  playAt(1, 1);
  expect(await putCustomer("own-again", { plan: "seated", prices: [CALLS, FLAT] })).toBe(201);
  const { body: read } = await call("GET", "/v1/customers/own-again", READ);
  expect(read.prices).toEqual([{ ...CALLS, includedFree: "1000", minSpend: "3" }, FLAT]);
  playAt(1, 10);
  const put = await call("PUT", "/v1/customers/own-again", ADMIN, read);
  expect([put.status, put.body.prices]).toEqual([200, read.prices]);
  expect((await usageOf("own-again")).parts).toBeUndefined();
});

test("own prices that are gone: the plan's from that hour on", async () => {
  playAt(1, 1);
  await putCustomer("own-gone", { plan: "seated", prices: [FLAT] });
  await send("own-gone", "seats", 3);
  playAt(1, 10);
  await putCustomer("own-gone", { plan: "seated" });
  await send("own-gone", "seats", 4);
  const cents = partOf(1000, 9, 1) + 1251 + partOf(1000, daysOf(1) - 9, 1) + 400;
  const { totalCost, parts } = await usageOf("own-gone");
  expect([totalCost, parts.map(({ plan }: { plan: string }) => plan)]).toEqual([
    dollars(cents),
    ["seated", "seated"],
  ]);
});

test("an empty list: are no own prices", async () => {
  playAt(1, 1);
  await putCustomer("own-none", { plan: "seated", prices: [] });
  await send("own-none", "seats", 2);
  expect((await usageOf("own-none")).totalCost).toBe("12.00");
});

test("own prices that cannot be: are refused with all their paths, and nothing is put", async () => {
  const refused = await call("PUT", "/v1/customers/own-refused", ADMIN, {
    plan: "seated",
    prices: [
      { metricName: "seats", model: "graduated", tiers: [{ upTo: 10, unitPrice: "1" }] },
      { ...FLAT, minSpend: "2.00", maxSpend: "1.00" },
      { metricName: "nothing", model: "flat", flatFee: "1" },
      { metricName: "api_calls", model: "package", packageSize: "0.5", packagePrice: "1", minSpend: "1.005" },
    ],
  });
  expect([refused.status, refused.body.code]).toEqual([422, "invalid_content"]);
  expect(pathsOf(refused).toSorted()).toEqual(
    [
      "prices.0.tiers.0.upTo",
      "prices.1.maxSpend",
      "prices.1.metricName",
      "prices.2.metricName",
      "prices.3.minSpend",
      "prices.3.packageSize",
    ].toSorted(),
  );
  expect((await call("GET", "/v1/customers/own-refused", READ)).status).toBe(404);
  const shape = await call("PUT", "/v1/customers/own-refused", ADMIN, {
    prices: [
      { metricName: "seats", model: "flat", flatFee: "-1" },
      { metricName: "seats", model: "gold" },
    ],
  });
  expect([shape.status, pathsOf(shape)]).toEqual([422, ["prices.0.flatFee", "prices.1.model"]]);
});
