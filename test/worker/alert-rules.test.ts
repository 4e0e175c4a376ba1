import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { putCustomer, putRules, used } from "./alert-calls.ts";
import { playAt, publishPlans } from "./played-time.ts";
import { ADMIN, call, INGEST, READ } from "./worker-api.ts";

beforeAll(async () => {
  playAt(1, 1);
  expect([200, 201]).toContain((await publishPlans({})).status);
});
beforeEach(() => {
  playAt(1, 10);
});
afterAll(() => {
  vi.useRealTimers();
});

describe("the rules of a customer", () => {
  const path = "/v1/customers/alert-rules/alert-rules";

  test("are the defaults; a GET can be changed and put again", async () => {
    await putCustomer("alert-rules");
    const first = await call("GET", path, READ);
    expect([first.status, first.body]).toEqual([
      200,
      {
        rules: [
          {
            id: "default_usage",
            enabled: true,
            kind: "usage",
            measure: "percent",
            thresholds: ["80", "90", "100"],
          },
          { id: "default_budget", enabled: true, kind: "budget", thresholds: ["80", "90", "100"] },
          { id: "default_forecast", enabled: true, kind: "forecast" },
        ],
      },
    ]);
    const own = {
      id: "own",
      kind: "usage",
      metricName: "storage_gb",
      measure: "quantity",
      thresholds: [2.5],
    };
    const changed = await call("PUT", path, ADMIN, { rules: [...first.body.rules.slice(1), own] });
    expect(changed.status).toBe(200);
    expect(changed.body.rules).toHaveLength(4);
    const second = await call("GET", path, READ);
    expect(second.body).toEqual(changed.body);
    expect((await call("PUT", path, ADMIN, second.body)).body).toEqual(second.body);
    expect((await call("GET", path, READ)).body).toEqual(second.body);
  });

  test.each([
    {
      name: "an unknown metric",
      rule: { kind: "usage", metricName: "nothing", thresholds: [80] },
      path: "metricName",
    },
    {
      name: "a quantity finer than its meter",
      rule: { kind: "usage", metricName: "storage_gb", measure: "quantity", thresholds: [1, "0.0001"] },
      path: "thresholds.1",
    },
    {
      name: "an amount finer than a cent",
      rule: { kind: "spend", thresholds: ["1.005"] },
      path: "thresholds.0",
    },
    { name: "a threshold below 0", rule: { kind: "spend", thresholds: [-1] }, path: "thresholds.0" },
    { name: "another kind", rule: { kind: "limit" }, path: "kind" },
  ])("with $name: are refused, and where is told", async ({ rule, path: fault }) => {
    await putCustomer("alert-refused");
    const { status, body } = await putRules("alert-refused", [{ id: "own", ...rule }]);
    expect([status, body.code, body.errors.map((error: { path: string }) => error.path)]).toEqual([
      422,
      "invalid_content",
      [`rules.0.${fault}`],
    ]);
    expect((await call("GET", "/v1/customers/alert-refused/alert-rules", READ)).body.rules).toHaveLength(3);
  });

  test("of a metric that has left the catalog: can be put again, and are refused when they are new", async () => {
    const extra = { ...demoCatalog.meters[3], name: "extra_seats" };
    const withExtra = { ...demoCatalog, meters: [...demoCatalog.meters, extra] };
    expect((await call("PUT", "/v1/catalog", ADMIN, withExtra)).status).toBe(200);
    await putCustomer("alert-left");
    const rules = [{ id: "own", kind: "usage", metricName: "extra_seats", thresholds: [80] }];
    const before = await putRules("alert-left", rules);
    expect(before.status).toBe(200);
    expect((await call("PUT", "/v1/catalog", ADMIN, demoCatalog)).status).toBe(200);

    expect((await putRules("alert-left", before.body.rules)).body).toEqual(before.body);
    const others = await putRules("alert-left", [{ ...rules[0], thresholds: [70] }]);
    expect([others.status, others.body.errors[0].path]).toEqual([422, "rules.0.metricName"]);
  });

  test("of a customer that was never put, or is deleted: 404", async () => {
    await putCustomer("alert-gone");
    await call("DELETE", "/v1/customers/alert-gone", ADMIN);
    for (const customerId of ["alert-never", "alert-gone"]) {
      const answers = [
        await call("GET", `/v1/customers/${customerId}/alert-rules`, READ),
        await putRules(customerId, []),
      ];
      expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
        [404, "not_found"],
        [404, "not_found"],
      ]);
    }
  });

  test("need an admin key to be put, a read key to be read", async () => {
    await putCustomer("alert-keys");
    const rules = "/v1/customers/alert-keys/alert-rules";
    expect((await putRules("alert-keys", [], READ)).status).toBe(403);
    expect((await putRules("alert-keys", [], INGEST)).status).toBe(403);
    expect((await call("PUT", rules, undefined, { rules: [] })).status).toBe(401);
    expect((await call("GET", rules, INGEST)).status).toBe(403);
    expect((await call("GET", rules, undefined)).status).toBe(401);
    expect((await call("GET", "/v1/alerts", INGEST)).status).toBe(403);
    expect((await call("GET", "/v1/alerts", undefined)).status).toBe(401);
  });

  test("that are no JSON, or no rules: are refused", async () => {
    await putCustomer("alert-bodies");
    const bodies = "/v1/customers/alert-bodies/alert-rules";
    expect((await call("PUT", bodies, ADMIN, "{")).body.code).toBe("invalid_json");
    expect((await call("PUT", bodies, ADMIN, [])).status).toBe(422);
    expect((await call("PUT", bodies, ADMIN, {})).status).toBe(422);
  });
});

describe("the list of alerts", () => {
  test("is newest first, page by page, by customer and by time", async () => {
    await used("alert-list-other", 8_000);
    await used("alert-list", 8_000);
    const laterMs = playAt(1, 11);
    await used("alert-list", 1_000);
    playAt(1, 12);
    await used("alert-list", 1_000);
    const at = (path: string) => call("GET", `/v1/alerts?customerId=alert-list${path}`, READ);
    const thresholds = async (path: string) =>
      (await at(path)).body.data.map(({ threshold }: { threshold: number }) => threshold);

    const first = await at("&limit=2");
    expect(first.body.data.map(({ threshold }: { threshold: number }) => threshold)).toEqual([100, 90]);
    const second = await at(`&limit=2&cursor=${first.body.nextCursor}`);
    expect(second.body).toMatchObject({ data: [{ threshold: 80 }], nextCursor: null });
    expect(await thresholds(`&from=${laterMs}`)).toEqual([100, 90]);
    expect(await thresholds(`&from=${new Date(laterMs + 1).toISOString()}`)).toEqual([100]);
    expect(await thresholds(`&from=${new Date(laterMs).toISOString().slice(0, 10)}`)).toEqual([100, 90]);
    const all = await call("GET", "/v1/alerts?limit=1000", READ);
    expect(all.body.data.length).toBeGreaterThan(3);
  });

  test.each([
    "from=yesterday",
    "from=2026-13-01",
    "from=2026-11-01T00:00:00",
    "from=",
    "limit=0",
    "limit=1001",
    "customerId=",
    "to=1",
    "from=1&from=2",
  ])("asked with %s: is refused", async (query) => {
    const { status, body } = await call("GET", `/v1/alerts?${query}`, READ);
    expect([status, body.code]).toEqual([400, "invalid_request"]);
  });
});
