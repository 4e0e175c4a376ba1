import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { pathsOf, put, type Document } from "./catalog-calls.ts";
import { askLedger, forgetPlans } from "./played-time.ts";
import { ADMIN, call } from "./worker-api.ts";

beforeAll(async () => {
  expect([200, 201]).toContain((await put(demoCatalog)).status);
  await forgetPlans();
});
afterAll(async () => {
  expect((await put(demoCatalog)).status).toBe(200);
});

afterEach(async () => {
  for (const customer of ["versions-plan", "versions-budget", "versions-prices"]) {
    await call("DELETE", `/v1/customers/${customer}`, ADMIN);
  }
  // None of them leaves a period that is still to be billed.
  await askLedger(
    "update billing_periods set closed_at = period_end where customer_id like 'versions-%' and closed_at is null",
    [],
  );
});

/** Prices of its own, as a customer's document will have them. */
async function putOwnPrices(metricName: string): Promise<void> {
  expect((await call("PUT", "/v1/customers/versions-prices", ADMIN, {})).status).toBe(201);
  const settings = JSON.stringify({ prices: [{ metricName, model: "flat", flatFee: "1" }] });
  await askLedger("update customers set settings = $1::jsonb where customer_id = 'versions-prices'", [
    settings,
  ]);
}

test("all faults are told at once: of shape, between parts, frozen, in use", async () => {
  await call("PUT", "/v1/customers/versions-plan", ADMIN, { plan: "flat99" });
  await call("PUT", "/v1/customers/versions-budget", ADMIN, { budget: "5" });
  await putOwnPrices("seats");
  const document = structuredClone(demoCatalog) as Document;
  Object.assign(document["meters"][0], { aggregation: "count", scale: 3, dimensions: [] });
  Object.assign(document["meters"][1], { unit: "", aggregation: "sum" });
  document["meters"].pop();
  document["plans"].shift();
  document["plans"][0].prices.pop();
  document["plans"][0].prices[2].includedFree = 1;
  Object.assign(document, { currency: "eur", effective: "soon" });

  const answer = await put(document);
  expect(answer.status).toBe(422);
  expect(pathsOf(answer).toSorted()).toEqual(
    [
      "currency",
      "effective",
      "meters",
      "meters.0.aggregation",
      // Once: a count has no decimals.
      "meters.0.scale",
      "meters.0.dimensions",
      "meters.1.aggregation",
      "meters.1.unit",
      "plans",
      "plans.0.prices.2.includedFree",
    ].toSorted(),
  );
});

test.each([
  ["aggregation", { aggregation: "sum" }],
  ["scale", { scale: 2 }],
  ["dimensions", { dimensions: ["region"] }],
])(
  "a published meter's %s: cannot change, whatever else is wrong with the meter",
  async (member, changes) => {
    const [first, ...others] = demoCatalog.meters.toReversed();
    const meters = (more: object) => [{ ...first, ...changes, ...more }, ...others];
    for (const more of [{}, { displayName: "" }, { surplus: 1 }]) {
      const { body } = await put({ ...demoCatalog, meters: meters(more) });
      const frozen = (body.errors as { path: string; message: string }[]).filter(({ message }) =>
        message.startsWith("was published as"),
      );
      expect(frozen.map(({ path }) => path)).toEqual([`meters.0.${member}`]);
    }
  },
);

test("a meter that was dropped: comes back as it was, and only so", async () => {
  const meter = { ...demoCatalog.meters[3], name: "dropped" };
  await put({ ...demoCatalog, meters: [...demoCatalog.meters, meter] });
  await put(demoCatalog);
  const changed = await put({ ...demoCatalog, meters: [...demoCatalog.meters, { ...meter, scale: 1 }] });
  expect(pathsOf(changed)).toEqual(["meters.4.scale"]);
  expect((await put({ ...demoCatalog, meters: [...demoCatalog.meters, meter] })).status).toBe(200);
});

test.each([
  ["a budget", () => call("PUT", "/v1/customers/versions-budget", ADMIN, { budget: "5" }), "versions-budget"],
  ["own prices", () => putOwnPrices("seats"), "versions-prices"],
])("the currency: cannot change while a customer has %s", async (_name, prepare, customer) => {
  await put(demoCatalog);
  await prepare();
  const refused = await put({ ...demoCatalog, currency: "eur" });
  expect([refused.status, refused.body.errors]).toEqual([
    422,
    [
      {
        path: "currency",
        message: `customers have budgets or own prices in usd, for one ${customer}: remove them before the currency changes`,
      },
    ],
  ]);
  await call("PUT", `/v1/customers/${customer}`, ADMIN, {});
  const moved = await put({ ...demoCatalog, currency: "eur" });
  expect([moved.status, moved.body.changes.map(({ path }: { path: string }) => path)]).toEqual([
    200,
    ["currency"],
  ]);
});

test("a meter that customers have own prices for: cannot be dropped", async () => {
  const meter = { ...demoCatalog.meters[3], name: "owned" };
  await put({ ...demoCatalog, meters: [...demoCatalog.meters, meter] });
  await putOwnPrices("owned");
  const refused = await put(demoCatalog);
  expect([refused.status, refused.body.errors]).toEqual([
    422,
    [{ path: "meters", message: "customers have own prices for owned: remove them before it goes" }],
  ]);
  await call("PUT", "/v1/customers/versions-prices", ADMIN, {});
  expect((await put(demoCatalog)).status).toBe(200);
});
