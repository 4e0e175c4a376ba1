import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import worker from "../../src/index.ts";
import { askLedger, flushAll, playAt } from "./played-time.ts";
import { deleteEndpoints, makeEndpoint, receivedAt, receiverUrl } from "./received-webhooks.ts";
import { ADMIN, call, INGEST, READ } from "./worker-api.ts";

let nowMs: number;

beforeAll(async () => {
  await flushAll();
  nowMs = playAt(2, 5);
});
afterAll(async () => {
  await deleteEndpoints();
  vi.useRealTimers();
});

test("an endpoint: is made with a secret that is shown once, read, listed and deleted", async () => {
  const made = await call("POST", "/v1/webhook-endpoints", ADMIN, {
    url: "https://example.com/hooks",
    types: ["limit.reached", "usage.threshold_reached", "limit.reached"],
    customerId: "hook-acme",
  });
  expect(made.status).toBe(201);
  const { secret, ...shown } = made.body;
  expect(shown).toEqual({
    id: expect.stringMatching(/^whe_[0-9a-f-]{36}$/),
    url: "https://example.com/hooks",
    types: ["limit.reached", "usage.threshold_reached"],
    customerId: "hook-acme",
    createdAt: new Date(nowMs).toISOString(),
    previousSecretValidUntil: null,
    disabledAt: null,
    disabledReason: null,
    slowSince: null,
  });
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  const path = `/v1/webhook-endpoints/${shown.id}`;
  expect((await call("GET", path, READ)).body).toEqual(shown);
  expect((await call("GET", "/v1/webhook-endpoints?customerId=hook-acme", READ)).body).toEqual({
    data: [shown],
    nextCursor: null,
  });
  const [row] = await askLedger("select secret from webhook_endpoints where endpoint_id = $1", [shown.id]);
  expect(row?.["secret"]).toMatch(/^v1\.[\w-]+\.[\w-]+$/);

  expect((await call("DELETE", path, ADMIN)).status).toBe(204);
  for (const [method, address] of [
    ["GET", path],
    ["DELETE", path],
    ["POST", `${path}/rotate-secret`],
    ["POST", `${path}/enable`],
    ["POST", `${path}/test`],
  ] as const) {
    expect((await call(method, address, ADMIN)).body.code).toBe("not_found");
  }
});

test("a list: newest first, page by page", async () => {
  const ids: string[] = [];
  for (const index of [1, 2, 3]) {
    vi.setSystemTime(nowMs + index);
    ids.unshift((await makeEndpoint("/list", { customerId: "hook-list" })).id);
  }
  vi.setSystemTime(nowMs);
  const address = "/v1/webhook-endpoints?customerId=hook-list&limit=2";
  const first = await call("GET", address, READ);
  const second = await call("GET", `${address}&cursor=${first.body.nextCursor}`, READ);
  expect([...first.body.data, ...second.body.data].map(({ id }) => id)).toEqual(ids);
  expect(second.body.nextCursor).toBeNull();
});

describe("what is refused", () => {
  const of = (body: object) => ({ url: "https://example.com/", ...body });
  test.each([
    ["no address", {}, "url"],
    ["no URL", { url: "example.com" }, "url"],
    ["credentials", { url: "https://a:b@example.com/" }, "url"],
    ["another scheme", { url: "ftp://example.com/" }, "url"],
    ["a long address", { url: "https://example.com/".padEnd(2049, "a") }, "url"],
    ["an unknown type", of({ types: ["usage.everything"] }), "types.0"],
    ["no type", of({ types: [] }), "types"],
    ["an operator's type for a customer", of({ types: ["invoice.paid"], customerId: "c" }), "types"],
    ["a customer id that no store holds", of({ customerId: "a\u0000" }), "customerId"],
    ["a misspelt member", of({ customer: "c" }), ""],
  ])("%s", async (_name, body, path) => {
    const { status, body: problem } = await call("POST", "/v1/webhook-endpoints", ADMIN, body);
    expect([status, problem.code, problem.errors[0].path]).toEqual([422, "invalid_content", path]);
  });

  test.each([
    ["previousValidSeconds", -1],
    ["previousValidSeconds", 31 * 86_400],
    ["previousValidSeconds", 1.5],
    ["validFor", 5],
  ])("a rotation with %s %d", async (member, value) => {
    const { id } = await makeEndpoint("/refused");
    const { status } = await call("POST", `/v1/webhook-endpoints/${id}/rotate-secret`, ADMIN, {
      [member]: value,
    });
    expect(status).toBe(422);
    await call("DELETE", `/v1/webhook-endpoints/${id}`, ADMIN);
  });

  test.each([
    ["/v1/webhook-endpoints?limit=0", "invalid_request"],
    ["/v1/webhook-endpoints?cursor=x", "invalid_cursor"],
    ["/v1/webhook-endpoints?customerId=%00", "invalid_request"],
    ["/v1/webhook-endpoints?customer=a", "invalid_request"],
  ])("%s: %s", async (address, code) => {
    const { status, body } = await call("GET", address, READ);
    expect([status, body.code]).toEqual([400, code]);
  });

  test.each(["email", "whe_1", "%00", "ntf_x"])("an id that is none: %s", async (id) => {
    expect((await call("DELETE", `/v1/webhook-endpoints/${id}`, ADMIN)).status).toBe(404);
    expect((await call("GET", `/v1/webhook-endpoints/${id}`, READ)).status).toBe(404);
  });

  test("an eleventh of a customer", async () => {
    for (let count = 0; count < 10; count += 1) {
      await makeEndpoint("/many", { customerId: "hook-many" });
    }
    const { status, body } = await call("POST", "/v1/webhook-endpoints", ADMIN, {
      url: receiverUrl("/many"),
      customerId: "hook-many",
    });
    expect([status, body.code]).toEqual([409, "too_many_endpoints"]);
  });

  test("a key without the scope", async () => {
    const { id } = await makeEndpoint("/scopes");
    const path = `/v1/webhook-endpoints/${id}`;
    for (const [method, address] of [
      ["POST", "/v1/webhook-endpoints"],
      ["DELETE", path],
      ["POST", `${path}/rotate-secret`],
      ["POST", `${path}/enable`],
      ["POST", `${path}/test`],
    ] as const) {
      expect((await call(method, address, READ)).status).toBe(403);
      expect((await call(method, address, INGEST)).status).toBe(403);
      expect((await call(method, address, undefined)).status).toBe(401);
    }
    expect((await call("GET", path, INGEST)).status).toBe(403);
    expect((await call("GET", "/v1/webhook-endpoints", INGEST)).status).toBe(403);
  });
});

describe("a deployment with other settings", () => {
  async function ask(changes: object, path: string, body?: object) {
    const settings = { ...env, ...changes };
    const request = new Request(`http://edgemeter.test${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN}`, "content-type": "application/json" },
      body: JSON.stringify(body ?? {}),
    });
    const context = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} };
    const response = await worker.fetch(
      request as Parameters<typeof worker.fetch>[0],
      settings,
      context as unknown as Parameters<typeof worker.fetch>[2],
    );
    return {
      status: response.status,
      body: await response.json<{ code: string; errors?: { path: string; message: string }[] }>(),
    };
  }

  test("without TOKEN_SECRET: webhooks are not configured", async () => {
    const { id } = await makeEndpoint("/unconfigured");
    const path = `/v1/webhook-endpoints/${id}`;
    for (const address of ["/v1/webhook-endpoints", `${path}/rotate-secret`, `${path}/test`]) {
      const body = address === "/v1/webhook-endpoints" ? { url: receiverUrl("/x") } : {};
      const answer = await ask({ TOKEN_SECRET: undefined }, address, body);
      expect([answer.status, answer.body.code]).toEqual([501, "not_configured"]);
    }
  });

  test("with another TOKEN_SECRET: an endpoint's secret cannot be read, and can be rotated", async () => {
    const { id } = await makeEndpoint("/other-secret");
    const path = `/v1/webhook-endpoints/${id}`;
    const other = { TOKEN_SECRET: "another secret, long enough" };
    expect((await ask(other, `${path}/test`)).body.code).toBe("conflict");
    expect((await ask(other, `${path}/rotate-secret`)).status).toBe(200);
    expect((await ask(other, `${path}/test`)).body).toMatchObject({ delivered: true });
  });

  test.each(["http://example.com/", "https://127.0.0.1/", "https://localhost/", "https://2130706433/"])(
    "without private webhooks: %s is refused",
    async (url) => {
      const answer = await ask({ ALLOW_PRIVATE_WEBHOOKS: "false" }, "/v1/webhook-endpoints", { url });
      expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([422, "url"]);
    },
  );

  test("without private webhooks: an address that was allowed before is not called", async () => {
    const { id } = await makeEndpoint("/no-longer");
    const answer = await ask({ ALLOW_PRIVATE_WEBHOOKS: "false" }, `/v1/webhook-endpoints/${id}/test`);
    expect(answer.body).toMatchObject({ delivered: false, status: null, failure: "address_refused" });
    expect(await receivedAt("/no-longer")).toEqual([]);
  });

  test.each([
    ["EMAIL_FROM", { EMAIL_FROM: undefined }],
    ["TOKEN_SECRET", { TOKEN_SECRET: "short" }],
    ["PUBLIC_URL", { PUBLIC_URL: "javascript:alert(1)" }],
    ["ALLOW_PRIVATE_WEBHOOKS", { ALLOW_PRIVATE_WEBHOOKS: "yes" }],
  ])("with a wrong %s: is misconfigured", async (_name, changes) => {
    expect((await ask(changes, "/v1/webhook-endpoints")).body.code).toBe("misconfigured");
  });
});
