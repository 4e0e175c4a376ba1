import { afterAll, expect, test, vi } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { put } from "./catalog-calls.ts";
import { closeMonthBefore, forgetPlans, playAt, publishPlans } from "./played-time.ts";
import { inStripe, invoicesOf, putInStripe, send, usageOf } from "./priced-customer.ts";

afterAll(async () => {
  // Back when it was another: what other files play between then and now is in their currency.
  playAt(1, 1);
  await forgetPlans();
  expect((await publishPlans({})).status).toBe(200);
  vi.useRealTimers();
});

test.each([
  // 33.5 yen a seat; 33.5 hundredths of an aurar, in whole hundreds; fils in whole tens.
  { currency: "jpy", unitPrice: "33.5", used: 3, minor: 101, total: "101" },
  { currency: "isk", unitPrice: "3350", used: 3, minor: 10_100, total: "101.00" },
  { currency: "kwd", unitPrice: "335", used: 3, minor: 1010, total: "1.010" },
])(
  "$currency: usage, invoice and Stripe are rounded to what can be charged",
  async ({ currency, unitPrice, used, minor, total }) => {
    playAt(1, 1);
    await forgetPlans();
    const price = { metricName: "seats", model: "perUnit", unitPrice };
    const plans = [{ name: "abroad", displayName: "Abroad", prices: [price] }];
    const document = { ...demoCatalog, currency, defaultPlan: "abroad", plans };
    expect((await put(document)).status).toBeLessThan(300);
    const stripeId = await putInStripe(`model-${currency}`, {});
    await send(`model-${currency}`, "seats", used);
    expect(await usageOf(`model-${currency}`)).toMatchObject({ currency, totalCost: total });
    await closeMonthBefore(2);
    expect(await invoicesOf(`model-${currency}`)).toMatchObject([{ currency, total }]);
    expect(await inStripe(stripeId)).toEqual({ total: minor, amounts: [minor] });
  },
);
