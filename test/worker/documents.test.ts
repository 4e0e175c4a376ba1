import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import type { LimitCheck } from "../../src/usage/check-limit.ts";
import { ADMIN, call, INGEST, READ } from "./worker-api.ts";

beforeAll(async () => {
  const { status } = await call("PUT", "/v1/catalog", ADMIN, demoCatalog);
  expect([200, 201]).toContain(status);
});

describe("catalog", () => {
  test("what is read: can be put again", async () => {
    const read = await call("GET", "/v1/catalog", READ);
    const put = await call("PUT", "/v1/catalog", ADMIN, read.body);
    expect(put.status).toBe(200);
    expect(put.body.catalog).toEqual(read.body);
  });

  test("If-Match: refuses to overwrite what was not seen", async () => {
    const read = await call("GET", "/v1/catalog", READ);
    const etag = read.headers.get("etag") ?? "";
    const other = { ...read.body, defaultPlan: "flat99" };
    const first = await call("PUT", "/v1/catalog", ADMIN, other, { "if-match": etag });
    const second = await call("PUT", "/v1/catalog", ADMIN, other, { "if-match": etag });
    await call("PUT", "/v1/catalog", ADMIN, read.body);
    expect([first.status, second.status, second.body.code]).toEqual([200, 412, "precondition_failed"]);
  });

  test("a published meter: keeps its aggregation, scale and dimensions", async () => {
    const changed = structuredClone(demoCatalog) as { meters: Record<string, unknown>[] };
    Object.assign(changed.meters[0] ?? {}, { aggregation: "max", scale: 2, dimensions: [] });
    const { status, body } = await call("PUT", "/v1/catalog", ADMIN, changed);
    expect(status).toBe(422);
    expect(body.errors.map(({ path }: { path: string }) => path)).toEqual([
      "meters.0.aggregation",
      "meters.0.scale",
      "meters.0.dimensions",
    ]);
  });

  test("a plan that customers are on: cannot go", async () => {
    await call("PUT", "/v1/customers/doc-onplan", ADMIN, { plan: "flat99" });
    const without = { ...demoCatalog, plans: demoCatalog.plans.filter(({ name }) => name !== "flat99") };
    const refused = await call("PUT", "/v1/catalog", ADMIN, without);
    expect([refused.status, refused.body.errors[0].path]).toEqual([422, "plans"]);
    await call("DELETE", "/v1/customers/doc-onplan", ADMIN);
  });

  test("a read or ingest key: cannot publish", async () => {
    expect((await call("PUT", "/v1/catalog", READ, demoCatalog)).status).toBe(403);
    expect((await call("PUT", "/v1/catalog", INGEST, demoCatalog)).status).toBe(403);
  });
});

describe("customers", () => {
  test("put, get, replace, delete", async () => {
    const first = await call("PUT", "/v1/customers/doc-c1", ADMIN, {
      name: "One",
      budget: 500,
      metadata: { a: "b" },
    });
    expect([first.status, first.body.budget]).toEqual([201, "500"]);
    const replaced = await call("PUT", "/v1/customers/doc-c1", ADMIN, { email: "one@example.com" });
    expect([replaced.status, replaced.body]).toEqual([200, { id: "doc-c1", email: "one@example.com" }]);
    const got = await call("GET", "/v1/customers/doc-c1", READ);
    expect(got.body).toMatchObject({ id: "doc-c1", email: "one@example.com" });
    expect(got.body.name).toBeUndefined();
    expect((await call("DELETE", "/v1/customers/doc-c1", ADMIN)).status).toBe(204);
    expect((await call("GET", "/v1/customers/doc-c1", READ)).status).toBe(404);
    expect((await call("DELETE", "/v1/customers/doc-c1", ADMIN)).status).toBe(404);
  });

  const invalid: [string, object, string][] = [
    ["an unknown plan", { plan: "gold" }, "plan"],
    ["a budget finer than the currency", { budget: "1.005" }, "budget"],
    ["a negative budget", { budget: -1 }, "budget"],
    ["an unknown member", { plam: "payg" }, ""],
    ["days until due without sending", { daysUntilDue: 10 }, "daysUntilDue"],
    ["no Stripe id", { stripeCustomerId: "acme" }, "stripeCustomerId"],
  ];
  test.each(invalid)("%s: is refused with its path", async (_name, settings, path) => {
    const { status, body } = await call("PUT", "/v1/customers/doc-invalid", ADMIN, settings);
    expect([status, body.code, body.errors[0].path]).toEqual([422, "invalid_content", path]);
  });

  test("lists: newest first, page by page, bad cursors refused", async () => {
    for (const name of ["l1", "l2", "l3"]) {
      await call("PUT", `/v1/customers/doc-${name}`, ADMIN, { name });
    }
    const seen: string[] = [];
    let cursor = "";
    do {
      const { body } = await call(
        "GET",
        `/v1/customers?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`,
        READ,
      );
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor ?? "";
    } while (cursor !== "");
    expect(new Set(seen).size).toBe(seen.length);
    const ours = seen.filter((id) => id.startsWith("doc-l"));
    expect(ours.toSorted()).toEqual(["doc-l1", "doc-l2", "doc-l3"]);
    for (const bad of ["cursor=x", "cursor=WzEsMl0", "limit=0", "limit=1001", "limit=1.5"]) {
      expect((await call("GET", `/v1/customers?${bad}`, READ)).status, bad).toBe(400);
    }
  });
});

describe("usage", () => {
  test("a customer that was never put and used nothing: is not found", async () => {
    const { status, body } = await call("GET", "/v1/customers/doc-nobody/usage", READ);
    expect([status, body.code]).toEqual([404, "not_found"]);
  });

  test("a customer that was never put: is on the default plan", async () => {
    await call("POST", "/v1/events", INGEST, { customerId: "doc-unknown", metricName: "seats", value: 4 });
    const { body } = await call("GET", "/v1/customers/doc-unknown/usage", READ);
    expect(body).toMatchObject({ plan: "payg", totalCost: "15.00", projectedTotal: "15.00", budget: null });
  });

  test("percentages: are integers rounded half up, of what is included and of the budget", async () => {
    await call("PUT", "/v1/customers/doc-percent", ADMIN, { budget: "200.00" });
    await call("POST", "/v1/events", INGEST, {
      customerId: "doc-percent",
      metricName: "api_calls",
      value: 8050,
    });
    await call("POST", "/v1/events", INGEST, { customerId: "doc-percent", metricName: "seats", value: 10 });
    const { body } = await call("GET", "/v1/customers/doc-percent/usage", READ);
    expect(body.metrics[0]).toMatchObject({ included: "10000", percentUsed: 81 });
    expect(body.budget).toEqual({ amount: "200.00", percentUsed: 53 });
  });

  test("period: takes current or a month, refuses the rest", async () => {
    const month = new Date().toISOString().slice(0, 7);
    await call("POST", "/v1/events", INGEST, { customerId: "doc-period", metricName: "api_calls" });
    const named = await call("GET", `/v1/customers/doc-period/usage?period=${month}`, READ);
    const current = await call("GET", "/v1/customers/doc-period/usage?period=current", READ);
    expect(named.body.period).toEqual(current.body.period);
    expect((await call("GET", "/v1/customers/doc-period/usage?period=2026-13", READ)).status).toBe(400);
    expect((await call("GET", "/v1/customers/doc-period/usage?period=2001-01", READ)).status).toBe(404);
  });

  test("check: everything is allowed while no limit can be set", async () => {
    await call("POST", "/v1/events", INGEST, { customerId: "doc-check", metricName: "api_calls", value: 7 });
    const { body } = await call("GET", "/v1/customers/doc-check/check?metric=api_calls", INGEST);
    expect(body).toMatchObject({ allowed: true, limit: null, used: "7", remaining: null });
    expect((await call("GET", "/v1/customers/doc-check/check?metric=nope", INGEST)).status).toBe(400);
  });

  test.each([
    ["1", 200],
    ["12.50", 200],
    ["-3", 200],
    ["0", 200],
    ["1".repeat(64), 200],
    ["", 400],
    ["many", 400],
    ["1e3", 400],
    [" 1", 400],
    ["1.", 400],
    ["1".repeat(65), 400],
  ])("check: the quantity %j answers %i", async (quantity, status) => {
    const query = new URLSearchParams({ metric: "api_calls", quantity }).toString();
    const answer = await call("GET", `/v1/customers/doc-check/check?${query}`, INGEST);
    expect([answer.status, answer.body.code]).toEqual([
      status,
      status === 400 ? "invalid_request" : undefined,
    ]);
  });

  test.each<[unknown, boolean]>([
    [undefined, true],
    [2, true],
    [0.5, true],
    ["12.50", true],
    ["many", false],
    [Number.NaN, false],
    [Number.POSITIVE_INFINITY, false],
    [null, false],
    [{}, false],
  ])("check over RPC: the quantity %j, taken: %s", async (quantity, isTaken) => {
    const check: Promise<LimitCheck> = exports.MeterEntrypoint.check("doc-check", "api_calls", quantity);
    const isAllowed = check.then(
      ({ allowed }) => allowed,
      () => false,
    );
    expect(await isAllowed).toBe(isTaken);
  });
});

test("every address below /v1: asks for a key", async () => {
  for (const [method, path] of [
    ["POST", "/v1/events"],
    ["GET", "/v1/catalog"],
    ["PUT", "/v1/catalog"],
    ["GET", "/v1/customers"],
    ["PUT", "/v1/customers/x"],
    ["GET", "/v1/customers/x"],
    ["DELETE", "/v1/customers/x"],
    ["GET", "/v1/customers/x/usage"],
    ["GET", "/v1/customers/x/check"],
    ["GET", "/v1/invoices"],
    ["GET", "/v1/invoices/x"],
    ["POST", "/v1/invoices/run"],
    ["POST", "/v1/invoices/x/finalize"],
  ] as const) {
    expect((await call(method, path, undefined)).status, `${method} ${path}`).toBe(401);
    expect((await call(method, path, "wrong")).status, `${method} ${path}`).toBe(401);
  }
});
