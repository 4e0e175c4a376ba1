import { Buffer } from "node:buffer";
import { beforeAll, describe, expect, test } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { ADMIN, call, INGEST, READ } from "./worker-api.ts";

beforeAll(async () => {
  const { status } = await call("PUT", "/v1/catalog", ADMIN, demoCatalog);
  expect([200, 201]).toContain(status);
});

describe("an address that Postgres could not hold", () => {
  test.each([
    ["GET", "/v1/invoices?customerId=%00", 400, "invalid_request"],
    ["GET", "/v1/invoices?customerId=a%00b", 400, "invalid_request"],
    ["GET", "/v1/invoices?customerId=", 400, "invalid_request"],
    ["GET", `/v1/invoices?customerId=${"c".repeat(129)}`, 400, "invalid_request"],
    ["GET", "/v1/invoices?status=%00", 400, "invalid_request"],
    ["GET", "/v1/invoices?period=2026-00", 400, "invalid_request"],
    ["GET", "/v1/invoices/%00", 404, "not_found"],
    ["POST", "/v1/invoices/%00/finalize", 404, "not_found"],
    ["GET", "/v1/customers/%00", 400, "invalid_request"],
    ["PUT", "/v1/customers/%00", 400, "invalid_request"],
    ["DELETE", "/v1/customers/%00", 400, "invalid_request"],
    ["GET", "/v1/customers/%00/alert-rules", 400, "invalid_request"],
    ["PUT", "/v1/customers/%00/alert-rules", 400, "invalid_request"],
    ["GET", "/v1/alerts?customerId=%00", 400, "invalid_request"],
    ["GET", "/v1/alerts?from=%00", 400, "invalid_request"],
    ["GET", "/v1/customers/%00/usage", 400, "invalid_request"],
    ["GET", "/v1/customers/%00/check?metric=api_calls", 400, "invalid_request"],
    ["GET", "/v1/customers/x/check?metric=%00", 400, "invalid_request"],
    ["GET", "/v1/customers/x/usage?period=%00", 400, "invalid_request"],
  ] as const)("%s %s: %i %s", async (method, path, status, code) => {
    const answer = await call(method, path, ADMIN, method === "PUT" ? {} : undefined);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  test("bytes that are no UTF-8: are not found", async () => {
    expect((await call("GET", "/v1/customers/%ED%A0%80", READ)).status).toBe(404);
    expect((await call("GET", "/v1/invoices/%FF", READ)).status).toBe(404);
  });
});

describe.each(["customers", "invoices", "alerts"])("a page of %s", (list) => {
  const cursorOf = (position: unknown): string =>
    Buffer.from(typeof position === "string" ? position : JSON.stringify(position)).toString("base64url");

  test.each([
    { name: "U+0000 in its id", position: [1, "a\u0000"] },
    { name: "half a surrogate pair in its id", position: '[1,"\\ud800"]' },
    { name: "no id", position: [1, ""] },
    { name: "an id of 257 characters", position: [1, "a".repeat(257)] },
    { name: "a moment before 1970", position: [-1, "a"] },
    { name: "the least whole number", position: [-9_007_199_254_740_991, "a"] },
    { name: "a moment after the last there is", position: [8_640_000_000_000_001, "a"] },
    { name: "half a millisecond", position: [1.5, "a"] },
    { name: "a moment that is text", position: ["1", "a"] },
    { name: "a third member", position: [1, "a", 2] },
    { name: "no list", position: { timeMs: 1, id: "a" } },
    { name: "no JSON", position: "[1" },
  ])("a cursor with $name: is refused", async ({ position }) => {
    const { status, body } = await call("GET", `/v1/${list}?cursor=${cursorOf(position)}`, READ);
    expect([status, body.code]).toEqual([400, "invalid_cursor"]);
  });

  test.each([
    { name: "the first moment", position: [0, "a"] },
    { name: "the last moment there is", position: [8_640_000_000_000_000, "a"] },
    { name: "an id of 256 characters", position: [1, "a".repeat(256)] },
  ])("a cursor at $name: is taken", async ({ position }) => {
    const { status, body } = await call("GET", `/v1/${list}?limit=1&cursor=${cursorOf(position)}`, READ);
    expect([status, Array.isArray(body.data)]).toEqual([200, true]);
  });

  test.each([
    "1e2",
    "0x10",
    "%201",
    "1%20",
    "",
    "+1",
    "-1",
    "01e1",
    "00001",
    "1001",
    "0",
    "%D9%A1",
    "Infinity",
  ])("limit=%s: is refused", async (limit) => {
    const { status, body } = await call("GET", `/v1/${list}?limit=${limit}`, READ);
    expect([status, body.code]).toEqual([400, "invalid_request"]);
  });

  test.each(["1", "1000", "0100"])("limit=%s: is taken", async (limit) => {
    expect((await call("GET", `/v1/${list}?limit=${limit}`, READ)).status).toBe(200);
  });
});

describe("a customer that was read", () => {
  const settings = {
    name: "Read & put",
    email: "read@example.com",
    plan: "payg",
    budget: "500.00",
    collectionMethod: "send_invoice",
    daysUntilDue: 14,
    metadata: { crm: "7" },
  };

  test("can be put again: 200, and nothing has changed", async () => {
    await call("PUT", "/v1/customers/input-read", ADMIN, settings);
    const read = await call("GET", "/v1/customers/input-read", READ);
    expect(read.body).toEqual({ id: "input-read", ...settings, createdAt: read.body.createdAt });
    const put = await call("PUT", "/v1/customers/input-read", ADMIN, read.body);
    expect([put.status, put.body]).toEqual([200, { id: "input-read", ...settings }]);
    expect((await call("GET", "/v1/customers/input-read", READ)).body).toEqual(read.body);
  });

  test("put as another: is refused with the path", async () => {
    await call("PUT", "/v1/customers/input-one", ADMIN, settings);
    const read = await call("GET", "/v1/customers/input-one", READ);
    const put = await call("PUT", "/v1/customers/input-other", ADMIN, read.body);
    expect([put.status, put.body.code, put.body.errors]).toEqual([
      422,
      "invalid_content",
      [{ path: "id", message: "must be the id of the address" }],
    ]);
    expect((await call("GET", "/v1/customers/input-other", READ)).status).toBe(404);
  });

  test.each([[[]], [[{ id: "input-read" }]], ["text"], [1], [null]])(
    "a body %j: is refused",
    async (body) => {
      const { status } = await call("PUT", "/v1/customers/input-read", ADMIN, JSON.stringify(body));
      expect(status).toBe(422);
    },
  );
});

test.each([".", ".."])("events of a customer named %s: are refused", async (customerId) => {
  const { status, body } = await call("POST", "/v1/events", INGEST, { customerId, metricName: "seats" });
  expect([status, body.results[0]]).toMatchObject([422, { status: "rejected", code: "invalid_event" }]);
});
