import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { closeMonthBefore, forgetPlans, playAt, publishPlans, type PlanFee } from "./played-time.ts";
import {
  adjust,
  inStripe,
  invoicesOf,
  putInStripe,
  send,
  sorted,
  upcomingOf,
  usageOf,
} from "./priced-customer.ts";

const seats = (price: object): object[] => [{ metricName: "seats", ...price }];
const TIERS = [
  { upTo: 10, unitPrice: "100", flatFee: "500" },
  { upTo: null, unitPrice: "50", flatFee: "250" },
];

/** A plan with a price of seats, how many are used, and the lines that this comes to, in minor units. */
interface Case {
  plan: PlanFee;
  used: number;
  lines: Record<string, number>;
}

const CASES: Record<string, Case> = {
  // 10 × 1.00 + 5.00, then 5 × 0.50 + 2.50.
  graduated: { plan: { prices: seats({ model: "graduated", tiers: TIERS }) }, used: 15, lines: { "": 2000 } },
  volume: { plan: { prices: seats({ model: "volume", tiers: TIERS }) }, used: 15, lines: { "": 1000 } },
  volume_at_bound: {
    plan: { prices: seats({ model: "volume", tiers: TIERS }) },
    used: 10,
    lines: { "": 1500 },
  },
  stairstep: {
    plan: {
      prices: seats({
        model: "stairstep",
        tiers: [
          { upTo: 10, flatFee: "900" },
          { upTo: null, flatFee: "1700" },
        ],
      }),
    },
    used: 11,
    lines: { "": 1700 },
  },
  // 3 free; 21 more are three packages of 10.
  package: {
    plan: { prices: seats({ model: "package", packageSize: 10, packagePrice: "333.5", includedFree: 3 }) },
    used: 24,
    lines: { "": 1001 },
  },
  per_unit: { plan: { prices: seats({ model: "perUnit", unitPrice: "12.5" }) }, used: 3, lines: { "": 38 } },
  flat: { plan: { prices: seats({ model: "flat", flatFee: "4200" }) }, used: 3, lines: { "": 4200 } },
  min_spend: {
    plan: { prices: seats({ model: "perUnit", unitPrice: "100", minSpend: "5.00" }) },
    used: 3,
    lines: { "": 300, ":min_spend": 200 },
  },
  max_spend: {
    plan: { prices: seats({ model: "perUnit", unitPrice: "100", maxSpend: "2.00" }) },
    used: 3,
    lines: { "": 300, ":max_spend": -100 },
  },
  plan_min_spend: {
    plan: { baseFee: "1.00", minSpend: "10.00", prices: seats({ model: "perUnit", unitPrice: "100" }) },
    used: 3,
    lines: { base_fee: 100, "": 300, plan_min_spend: 600 },
  },
  plan_max_spend: {
    plan: { baseFee: "1.00", maxSpend: "2.50", prices: seats({ model: "perUnit", unitPrice: "100" }) },
    used: 3,
    lines: { base_fee: 100, "": 300, plan_max_spend: -150 },
  },
  charged_at_zero: {
    plan: { prices: seats({ model: "flat", flatFee: "700", minSpend: "9.00", chargeWhenZero: true }) },
    used: 0,
    lines: { "": 700, ":min_spend": 200 },
  },
  corrected: { plan: { prices: seats({ model: "perUnit", unitPrice: "100" }) }, used: -2, lines: { "": 0 } },
};

beforeAll(async () => {
  playAt(1, 1);
  const plans = Object.fromEntries(Object.entries(CASES).map(([name, { plan }]) => [name, plan]));
  expect([200, 201]).toContain((await publishPlans(plans)).status);
});
afterAll(async () => {
  await forgetPlans();
  expect((await publishPlans({})).status).toBe(200);
  vi.useRealTimers();
});

/** The refs of the lines of a case, with their amounts as documents print them. */
function linesOf({ lines }: Case, print: (minor: number) => string): [string, string][] {
  return Object.entries(lines).map(([ref, minor]) => [
    /^(:|$)/.test(ref) ? `metric:seats${ref}` : ref,
    print(minor),
  ]);
}

test.each(Object.entries(CASES))(
  "%s: usage, upcoming invoice, invoice and Stripe have the same amounts",
  async (plan, priced) => {
    const nowMs = playAt(1, 1);
    const customerId = `model-${plan}`;
    const stripeId = await putInStripe(customerId, { plan });
    if (priced.used > 0) {
      await send(customerId, "seats", priced.used);
    } else if (priced.used < 0) {
      await adjust(customerId, "seats", priced.used, nowMs);
    }
    const amounts = Object.values(priced.lines);
    const totalMinor = amounts.reduce((sum, amount) => sum + amount, 0);
    const usage = await usageOf(customerId);
    const { body: upcoming } = await upcomingOf(customerId);
    await closeMonthBefore(2);

    const [invoice] = await invoicesOf(customerId);
    const print = (minor: number): string => (minor / 100).toFixed(2);
    const total = print(totalMinor);
    expect(invoice.lines.map(({ ref, amount }: Record<string, string>) => [ref, amount])).toEqual(
      linesOf(priced, print),
    );
    expect([usage.totalCost, upcoming.total, invoice.total, invoice.subtotal]).toEqual([
      total,
      total,
      total,
      total,
    ]);
    expect(upcoming.lines).toEqual(invoice.lines);
    if (totalMinor === 0) {
      expect([invoice.status, invoice.stripeInvoiceId]).toEqual(["zero", null]);
    } else {
      expect(await inStripe(stripeId)).toEqual({ total: totalMinor, amounts: sorted(amounts) });
    }
  },
);
