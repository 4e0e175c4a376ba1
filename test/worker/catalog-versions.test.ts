import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { latest, publish, put, withFee } from "./catalog-calls.ts";
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

describe("GET /v1/catalog/versions", () => {
  test("lists from newest to oldest without documents, page by page", async () => {
    await put({ ...withFee("82.00"), reason: "Why not" });
    const first = await call("GET", "/v1/catalog/versions?limit=2", READ);
    expect(first.status).toBe(200);
    const newest = await latest();
    expect(first.body.data[0]).toEqual({
      version: newest,
      publishedAt: first.body.data[0].publishedAt,
      publishedBy: "admin",
      reason: "Why not",
      effective: "now",
    });
    const seen: number[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
      const { body } = await call("GET", `/v1/catalog/versions?limit=3${query}`, READ);
      seen.push(...body.data.map(({ version }: { version: number }) => version));
      cursor = body.nextCursor;
    }
    expect(seen).toEqual(Array.from({ length: newest }, (_, index) => newest - index));
  });

  test.each([
    ["cursor=x", "invalid_cursor"],
    [`cursor=${btoa(JSON.stringify([1, "x"]))}`, "invalid_cursor"],
    [`cursor=${btoa(JSON.stringify([1, "99999999999999999999"]))}`, "invalid_cursor"],
    ["limit=0", "invalid_request"],
    ["page=2", "invalid_request"],
  ])("%s: is refused", async (query, code) => {
    const { status, body } = await call("GET", `/v1/catalog/versions?${query}`, READ);
    expect([status, body.code]).toEqual([400, code]);
  });

  test("one: is given with its document and a tag, and not again to who has it", async () => {
    const newest = await latest();
    const read = await call("GET", `/v1/catalog/versions/${newest}`, READ);
    const { body: catalog } = await call("GET", "/v1/catalog", READ);
    expect([read.status, read.headers.get("etag")]).toEqual([200, `"${newest}"`]);
    expect(read.body).toEqual({
      version: newest,
      publishedAt: read.body.publishedAt,
      publishedBy: "admin",
      reason: null,
      effective: "now",
      catalog,
    });
    for (const path of ["/v1/catalog", `/v1/catalog/versions/${newest}`]) {
      for (const tag of [`"${newest}"`, `W/"${newest}"`, `"7777", "${newest}"`, "*"]) {
        const again = await call("GET", path, READ, undefined, { "if-none-match": tag });
        expect([again.status, again.body, again.headers.get("etag")], tag).toEqual([304, "", `"${newest}"`]);
      }
      const other = await call("GET", path, READ, undefined, { "if-none-match": `"${newest - 1}", 7` });
      expect([other.status, other.headers.get("etag")]).toEqual([200, `"${newest}"`]);
    }
  });

  test.each(["0", "01", "-1", "1.5", "x", "123456789", "9999999999", "%00"])(
    "version %s: is not found",
    async (version) => {
      for (const [method, below, key] of [
        ["GET", "", READ],
        ["GET", "/diff", READ],
        ["POST", "/publish", ADMIN],
      ] as const) {
        const { status, body } = await call(method, `/v1/catalog/versions/${version}${below}`, key);
        expect([status, body.code]).toEqual([404, "not_found"]);
      }
    },
  );
});

describe("diff", () => {
  test("of a version: with the one before, any other, and nothing at all", async () => {
    const before = await latest();
    await put(withFee("83.00"));
    await put({ ...withFee("84.00"), defaultPlan: "flat99" });
    const diff = async (query: string) =>
      (await call("GET", `/v1/catalog/versions/${before + 2}/diff${query}`, READ)).body;
    const fee = (was: string, is: string) => ({
      path: "plans.flat99.baseFee",
      kind: "changed",
      before: was,
      after: is,
    });
    const plan = { path: "defaultPlan", kind: "changed", before: "payg", after: "flat99" };
    const changesLeftOff = 0;

    expect(await diff("")).toEqual({
      version: before + 2,
      against: before + 1,
      changes: [plan, fee("83.00", "84.00")],
      changesLeftOff,
    });
    expect(await diff(`?against=${before}`)).toEqual({
      version: before + 2,
      against: before,
      changes: [plan, fee(`${fees}.00`, "84.00")],
      changesLeftOff,
    });
    expect((await diff(`?against=${before + 2}`)).changes).toEqual([]);
    const { body: back } = await call(
      "GET",
      `/v1/catalog/versions/${before + 1}/diff?against=${before + 2}`,
      READ,
    );
    expect(back.changes[1]).toEqual(fee("84.00", "83.00"));
    const { body: first } = await call("GET", "/v1/catalog/versions/1/diff", READ);
    expect([first.against, first.changes[0]]).toEqual([0, { path: "currency", kind: "added", after: "usd" }]);
    expect((await diff("?against=0")).changes).toHaveLength(8);
  });

  test.each([
    ["against=", 400],
    ["against=-1", 400],
    ["against=1.5", 400],
    ["against=9999999999", 400],
    ["with=1", 400],
    ["against=123456789", 404],
  ])("%s: answers %i", async (query, status) => {
    expect((await call("GET", `/v1/catalog/versions/1/diff?${query}`, READ)).status).toBe(status);
  });
});

describe("POST /v1/catalog/versions/{n}/publish", () => {
  test("an old version: becomes the newest, with terms of its own", async () => {
    const old = await latest();
    await put(withFee("85.00"));
    const { status, body, headers } = await publish(old, { reason: "It was right", effective: "nextPeriod" });
    expect([status, headers.get("etag"), headers.get("location")]).toEqual([
      201,
      `"${old + 2}"`,
      `/v1/catalog/versions/${old + 2}`,
    ]);
    expect(body).toMatchObject({
      version: old + 2,
      publishedBy: "admin",
      reason: "It was right",
      effective: "nextPeriod",
      changes: [{ path: "plans.flat99.baseFee", kind: "changed", before: "85.00", after: `${fees}.00` }],
    });
    const { body: former } = await call("GET", `/v1/catalog/versions/${old}`, READ);
    expect([body.catalog, former.reason]).toEqual([former.catalog, null]);
  });

  test("without a body, with terms in the address: is published", async () => {
    const old = await latest();
    await put(withFee("86.00"));
    const back = await call("POST", `/v1/catalog/versions/${old}/publish?reason=Back`, ADMIN);
    expect([back.status, back.body.version, back.body.reason]).toEqual([201, old + 2, "Back"]);
  });

  test("the newest: stays the newest", async () => {
    const newest = await latest();
    const { status, body, headers } = await publish(newest, {});
    expect([status, body.version, body.changes, headers.get("location")]).toEqual([200, newest, [], null]);
  });

  test("If-Match: refuses when another was published meanwhile", async () => {
    const old = await latest();
    await put(withFee("87.00"));
    const refused = await publish(old, {}, { "if-match": `"${old}"` });
    expect([refused.status, refused.body.code]).toEqual([412, "precondition_failed"]);
    expect((await publish(old, {}, { "if-match": "latest" })).status).toBe(400);
    expect((await publish(old, {}, { "if-match": `"${old + 1}"` })).status).toBe(201);
  });

  test("a version without a plan that is in use now: is refused", async () => {
    const old = await latest();
    const [flat99, payg] = demoCatalog.plans;
    await put({ ...demoCatalog, plans: [flat99, payg, { ...flat99, name: "later" }] });
    await call("PUT", "/v1/customers/versions-later", ADMIN, { plan: "later" });
    const refused = await publish(old, {});
    expect([refused.status, refused.body.errors]).toEqual([
      422,
      [{ path: "plans", message: "customers are on plan later: move them before it goes" }],
    ]);
    await call("PUT", "/v1/customers/versions-later", ADMIN, {});
    expect((await publish(old, {})).status).toBe(201);
  });

  test.each<[string, unknown, number]>([
    ["a catalog", demoCatalog, 422],
    ["a list", [], 422],
    ["null", null, 422],
    ["another time", { effective: "never" }, 422],
    ["no JSON", "{", 400],
  ])("%s as body: is refused", async (_name, body, status) => {
    const before = await latest();
    expect((await publish(before, body === null ? "null" : body)).status).toBe(status);
    expect(await latest()).toBe(before);
  });
});

test("two who publish at once: under one number there is one, and with If-Match only one is published", async () => {
  const before = await latest();
  const headers = { "if-match": `"${before}"` };
  const answers = await Promise.all([
    put(withFee("88.00"), "", headers),
    put(withFee("89.00"), "?effective=nextPeriod", headers),
    publish(1, { reason: "Third" }, headers),
  ]);
  const published = answers.filter(({ status }) => status < 300);
  expect(answers.map(({ status }) => status).filter((status) => status >= 300)).toEqual([412, 412]);
  expect([published.length, await latest()]).toEqual([1, before + 1]);
  const { body } = await call("GET", `/v1/catalog/versions/${before + 1}`, READ);
  const { catalog, reason, effective } = published[0]?.body ?? {};
  expect(body).toMatchObject({ catalog, reason, effective });
});

test("the routes of versions: ask for a key of the right scope", async () => {
  for (const [method, path] of [
    ["GET", "/v1/catalog/versions"],
    ["GET", "/v1/catalog/versions/1"],
    ["GET", "/v1/catalog/versions/1/diff"],
    ["POST", "/v1/catalog/versions/1/publish"],
  ] as const) {
    expect((await call(method, path, undefined)).status).toBe(401);
    expect((await call(method, path, "wrong")).status).toBe(401);
    expect((await call(method, path, INGEST)).status).toBe(403);
  }
  expect((await call("POST", "/v1/catalog/versions/1/publish", READ)).status).toBe(403);
});
