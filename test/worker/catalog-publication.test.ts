import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { latest, pathsOf, put, withFee } from "./catalog-calls.ts";
import { playAt } from "./played-time.ts";
import { ADMIN, call, INGEST, READ } from "./worker-api.ts";

let fees = 100;

beforeAll(async () => {
  expect([200, 201]).toContain((await put(demoCatalog)).status);
});
beforeEach(async () => {
  // Each test begins with a catalog of its own.
  fees += 1;
  expect((await put(withFee(`${fees}.00`))).status).toBe(200);
});
afterAll(async () => {
  expect((await put(demoCatalog)).status).toBe(200);
});

describe("PUT /v1/catalog", () => {
  test("answers the version, its terms and what it has changed", async () => {
    const before = await latest();
    const reason = "Costs rose \u{1F4C8}";
    const { status, body, headers } = await put({ ...withFee("77.50"), reason, effective: "nextPeriod" });
    expect([status, headers.get("etag")]).toEqual([200, `"${before + 1}"`]);
    const { catalog, publishedAt, ...rest } = body;
    expect(rest).toEqual({
      version: before + 1,
      publishedBy: "admin",
      reason,
      effective: "nextPeriod",
      changes: [{ path: "plans.flat99.baseFee", kind: "changed", before: `${fees}.00`, after: "77.50" }],
      changesLeftOff: 0,
    });
    expect(new Date(publishedAt).toISOString()).toBe(publishedAt);
    // The terms are none of the catalog's members: what is read can be put again.
    const read = await call("GET", "/v1/catalog", READ);
    expect([read.body, Object.keys(read.body).toSorted()]).toEqual([
      catalog,
      ["currency", "defaultPlan", "meters", "plans"],
    ]);
  });

  test("without terms: holds at once, for no stated reason", async () => {
    expect((await put(withFee("78.00"))).body).toMatchObject({ effective: "now", reason: null });
  });

  test.each<[string, string, object, object]>([
    ["in the address", "?effective=nextPeriod&reason=Two%20words", {}, {}],
    ["in the body", "", { effective: "nextPeriod", reason: "Two words" }, {}],
    ["in both alike", "?effective=nextPeriod&reason=Two%20words", { effective: "nextPeriod" }, {}],
    ["one in each", "?reason=Two%20words", { effective: "nextPeriod" }, {}],
    ["no reason as null", "?effective=nextPeriod", { reason: null }, { reason: null }],
  ])("terms %s: are taken", async (_name, query, members, expected) => {
    const { status, body } = await put({ ...withFee("79.00"), ...members }, query);
    expect(status).toBe(200);
    expect(body).toMatchObject({ effective: "nextPeriod", reason: "Two words", ...expected });
  });

  test.each<[string, string, object, number, string[]]>([
    [
      "that disagree",
      "?effective=now&reason=a",
      { effective: "nextPeriod", reason: "b" },
      400,
      ["effective", "reason"],
    ],
    ["of another name", "?when=now", {}, 400, [""]],
    ["given twice", "?reason=a&reason=a", {}, 400, ["reason"]],
    ["of another time", "?effective=tomorrow", {}, 422, ["effective"]],
    ["of no time", "", { effective: null }, 422, ["effective"]],
    ["of 501 characters", "", { reason: "\u{1F4C8}".repeat(501) }, 422, ["reason"]],
    ["that are empty", "?reason=", {}, 422, ["reason"]],
    ["with U+0000", "", { reason: "a\u0000" }, 422, ["reason"]],
    ["with half a character", "", { reason: "\ud83d" }, 422, ["reason"]],
    ["that are no text", "", { reason: 5 }, 422, ["reason"]],
    ["beside faults of the catalog", "", { reason: "", currency: "dollar" }, 422, ["reason", "currency"]],
  ])("terms %s: are refused, and nothing is published", async (_name, query, members, status, paths) => {
    const before = await latest();
    const answer = await put({ ...withFee("80.00"), ...members }, query);
    expect([answer.status, answer.body.code]).toEqual([
      status,
      status === 400 ? "invalid_request" : "invalid_content",
    ]);
    expect(pathsOf(answer)).toEqual(paths);
    expect(await latest()).toBe(before);
  });

  test("a reason of 500 characters: is taken", async () => {
    const reason = "\u{1F4C8}".repeat(500);
    expect((await put({ ...withFee("81.00"), reason })).body.reason).toBe(reason);
  });

  test("a body that is no object: is refused with its terms", async () => {
    expect(pathsOf(await put([demoCatalog], "?effective=never"))).toEqual(["effective", ""]);
  });

  test("the latest once more: is not published again", async () => {
    const before = await latest();
    const read = await call("GET", "/v1/catalog", READ);
    const { status, body } = await put({ ...read.body, reason: "Another reason" });
    expect([status, body.version, body.reason, body.changes]).toEqual([200, before, null, []]);
    expect(await latest()).toBe(before);
    // An earlier one is another than the latest.
    expect((await put(demoCatalog)).body.version).toBe(before + 1);
  });

  test("the latest from another time on: is published", async () => {
    const before = await latest();
    const read = await call("GET", "/v1/catalog", READ);
    const later = await put(read.body, "?effective=nextPeriod");
    const laterAgain = await put(read.body, "?effective=nextPeriod");
    const atOnce = await put(read.body);
    expect(
      [later, laterAgain, atOnce].map(({ body }) => [body.version, body.effective, body.changes]),
    ).toEqual([
      [before + 1, "nextPeriod", []],
      [before + 1, "nextPeriod", []],
      [before + 2, "now", []],
    ]);
  });
});

describe("a new meter and a new price", () => {
  afterEach(() => vi.useRealTimers());

  test("published for the next period: the meter counts at once, the price waits", async () => {
    playAt(1, 1);
    await put(withFee("10.00"));
    await call("PUT", "/v1/customers/versions-next", ADMIN, { plan: "flat99" });
    playAt(1, 11);
    const meter = { ...demoCatalog.meters[3], name: "brand_new" };
    const document = { ...withFee("20.00"), meters: [...demoCatalog.meters, meter] };
    expect((await put(document, "?effective=nextPeriod")).status).toBe(200);
    const events = [{ customerId: "versions-next", metricName: "brand_new", value: 3 }];
    expect((await call("POST", "/v1/events", INGEST, events)).body.recorded).toBe(1);
    const total = async () =>
      (await call("GET", "/v1/customers/versions-next/usage", READ)).body.totalCost as string;

    expect(await total()).toBe("10.00");
    playAt(2, 1);
    expect(await total()).toBe("20.00");
    playAt(1, 12);
    expect((await put(document)).status).toBe(200);
    expect(await total()).toBe("20.00");
    await call("PUT", "/v1/customers/versions-next", ADMIN, {});
  });
});
