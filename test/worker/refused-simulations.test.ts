import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { pathsOf } from "./catalog-calls.ts";
import { forgetPlans } from "./played-time.ts";
import { simulatedMonth, told } from "./simulated-month.ts";
import { call, INGEST } from "./worker-api.ts";

const TO_PAYG = { flat99: "payg" };
const { fill, simulate, bills } = simulatedMonth(19);

beforeAll(fill);
afterAll(async () => {
  await forgetPlans();
  vi.useRealTimers();
});

test("a plan that the candidate does not have: is told, until it is said where its customers go", async () => {
  const [, payg] = demoCatalog.plans;
  const catalog = { ...demoCatalog, plans: [payg] };
  const refused = await simulate({ catalog });
  expect([refused.status, refused.body.code, refused.body.errors]).toEqual([
    422,
    "invalid_content",
    [
      {
        path: "planChanges",
        message:
          "customers are on plan flat99, which the catalog does not have: say to which of its plans they move",
      },
    ],
  ]);
  expect(told((await simulate({ catalog, planChanges: TO_PAYG })).body.data)).toEqual(bills(false));
  const astray = await simulate({ planChanges: { flat99: "gold", payg: "payg" } });
  expect([astray.status, pathsOf(astray)]).toEqual([422, ["planChanges.flat99"]]);
  const misspelt = await simulate({ planChanges: { flat9: "payg" } });
  expect([misspelt.status, pathsOf(misspelt)]).toEqual([422, ["planChanges.flat9"]]);
});

test.each<[string, object, number, string[] | undefined]>([
  [
    "a catalog with faults: all of them",
    {
      catalog: {
        ...demoCatalog,
        currency: "x",
        defaultPlan: "none",
        meters: demoCatalog.meters.map((meter) => ({ ...meter, scale: 5 })),
      },
    },
    422,
    [
      "catalog.currency",
      "catalog.defaultPlan",
      "catalog.meters.0.scale",
      "catalog.meters.1.scale",
      "catalog.meters.2.scale",
      "catalog.meters.3.scale",
    ],
  ],
  ["no catalog", { catalog: null }, 422, ["catalog"]],
  ["another currency", { catalog: { ...demoCatalog, currency: "eur" } }, 422, ["catalog.currency"]],
  ["a member of another name", { plan: "payg" }, 422, [""]],
  ["no period", { period: undefined }, 422, ["period"]],
  ["a month that is none", { period: "2026-13" }, 400, undefined],
  ["a limit of nothing", { limit: 0 }, 422, ["limit"]],
  ["a limit too large", { limit: 10_001 }, 422, ["limit"]],
  ["changes that are none", { planChanges: [] }, 422, ["planChanges"]],
])("%s: is refused", async (_name, body, status, paths) => {
  const answer = await simulate(body);
  expect(answer.status).toBe(status);
  expect(answer.body.errors && pathsOf(answer).toSorted()).toEqual(paths);
});

test("a simulation: asks for a key that may read", async () => {
  expect((await simulate({}, INGEST)).status).toBe(403);
  expect((await call("POST", "/v1/catalog/simulate", undefined, {})).status).toBe(401);
});
