import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { pathsOf, put } from "./catalog-calls.ts";
import { askLedger, forgetPlans, monthName, playAt, publishPlans } from "./played-time.ts";
import { ADMIN, call, READ } from "./worker-api.ts";

beforeAll(async () => {
  playAt(1, 1);
  await forgetPlans();
  expect([200, 201]).toContain((await publishPlans({ old: "10.00", kept: "20.00" })).status);
});
afterAll(async () => {
  await forgetPlans();
  expect((await publishPlans({})).status).toBe(200);
  vi.useRealTimers();
});

async function putCustomer(customerId: string, settings: object) {
  return call("PUT", `/v1/customers/${customerId}`, ADMIN, settings);
}

function plansWith(baseFee: string) {
  return {
    ...demoCatalog,
    plans: [...demoCatalog.plans, { name: "early", displayName: "early", baseFee }],
  };
}

async function total(customerId: string): Promise<unknown> {
  const { body } = await call("GET", `/v1/customers/${customerId}/usage`, READ);
  return body.totalCost;
}

test("a plan of the next period: is refused to who used another in this one, and given to others", async () => {
  playAt(1, 1);
  expect((await putCustomer("next-moved", { plan: "kept" })).status).toBe(201);
  playAt(1, 11);
  const terms = { effective: "nextPeriod" } as const;
  expect((await publishPlans({ old: "10.00", kept: "90.00", coming: "30.00" }, terms)).status).toBe(200);
  playAt(1, 15);
  const refused = await putCustomer("next-moved", { plan: "coming" });
  expect([refused.status, pathsOf(refused)]).toEqual([422, ["plan"]]);
  expect(await total("next-moved")).toBe("20.00");
  expect((await putCustomer("next-first", { plan: "coming" })).status).toBe(201);

  // What is not moved can be put as before, and the plan once its period is there.
  expect((await putCustomer("next-moved", { plan: "kept", name: "Moved" })).status).toBe(200);
  playAt(2, 1);
  expect((await putCustomer("next-moved", { plan: "coming" })).status).toBe(200);
  expect(await total("next-moved")).toBe("30.00");
});

test("a plan that no version has beside those of the running period: is refused, and the period goes on being priced", async () => {
  playAt(3, 1);
  expect((await publishPlans({ old: "10.00", kept: "20.00", coming: "30.00" })).status).toBe(200);
  expect((await putCustomer("next-none", { plan: "old" })).status).toBe(201);
  playAt(3, 11);
  expect((await putCustomer("next-none", { plan: "kept" })).status).toBe(200);
  playAt(3, 12);
  const terms = { effective: "nextPeriod" } as const;
  const later = await publishPlans({ kept: "20.00", coming: "30.00", last: "40.00" }, terms);
  expect(later.status).toBe(200);
  const before = await total("next-none");
  playAt(3, 13);
  const refused = await putCustomer("next-none", { plan: "last" });
  expect([refused.status, pathsOf(refused)]).toEqual([422, ["plan"]]);
  expect(refused.body.errors[0].message).toContain("old, kept, last");
  expect(await total("next-none")).toBe(before);
});

test("a simulation of a period that no version has all plans of: tells which", async () => {
  playAt(3, 14);
  await askLedger(
    `insert into customer_plans (customer_id, effective_from, plan)
     select customer_id, max(effective_from) + interval '24 hours', 'never' from customer_plans
     where customer_id = 'next-none' group by customer_id`,
    [],
  );
  const refused = await call("POST", "/v1/catalog/simulate", READ, {
    catalog: demoCatalog,
    period: monthName(3),
    planChanges: { old: "payg", kept: "payg", coming: "payg", last: "payg" },
  });
  expect([refused.status, pathsOf(refused)]).toEqual([422, ["period"]]);
  expect(refused.body.errors[0].message).toContain("old, kept, never");
});

test("prices of the next period that a later version brings into this one: are told as its changes", async () => {
  playAt(3, 15);
  await forgetPlans();
  expect((await publishPlans({ early: "10.00" })).status).toBe(200);
  playAt(3, 16);
  const { body: next } = await put({ ...plansWith("99.00"), effective: "nextPeriod" });
  const { body: now } = await put({ ...plansWith("99.00"), effective: "now" });
  const told = { path: "plans.early.baseFee", kind: "changed", before: "10.00", after: "99.00" };
  expect([next.changes, now.changes]).toEqual([[told], [told]]);
});

test("amounts in the currency of the next period: are refused until it has begun", async () => {
  playAt(4, 1);
  await forgetPlans();
  expect((await put({ ...demoCatalog, currency: "usd" })).status).toBe(200);
  playAt(4, 11);
  expect((await put({ ...demoCatalog, currency: "kwd", effective: "nextPeriod" })).status).toBe(200);
  const prices = [{ metricName: "seats", model: "perUnit", unitPrice: "335", minSpend: "5.010" }];
  playAt(4, 12);
  const refused = await putCustomer("next-currency", { prices, budget: "5.010" });
  expect([refused.status, pathsOf(refused)]).toEqual([422, ["prices", "budget"]]);
  expect((await putCustomer("next-currency", { plan: "payg" })).status).toBe(201);
  playAt(5, 1);
  expect((await putCustomer("next-currency", { prices, budget: "5.010" })).status).toBe(200);
});
