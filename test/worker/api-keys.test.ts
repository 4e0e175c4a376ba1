import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { depsOf } from "../../src/deps.ts";
import worker from "../../src/index.ts";
import { ADMIN, call, INGEST } from "./worker-api.ts";

const HOUR = 3_600_000;

beforeAll(async () => {
  expect([200, 201]).toContain((await call("PUT", "/v1/catalog", ADMIN, demoCatalog)).status);
});

async function make(scope: string, members: object = {}): Promise<{ id: string; key: string; body: object }> {
  const { status, body } = await call("POST", "/v1/api-keys", ADMIN, {
    name: `a ${scope}`,
    scope,
    ...members,
  });
  expect(status).toBe(201);
  return { id: body.id, key: body.key, body };
}

async function readCustomers(key: string): Promise<number> {
  return (await call("GET", "/v1/customers?limit=1", key)).status;
}

describe("a key", () => {
  test("is shown once, and is its scope's alone", async () => {
    const { id, key, body } = await make("read", { name: "Back office" });
    expect(key).toMatch(/^em_read_[A-Za-z0-9_-]{43}$/);
    expect(body).toEqual({
      id: expect.stringMatching(/^key_[0-9a-f-]{36}$/),
      key,
      prefix: key.slice(0, 14),
      scope: "read",
      name: "Back office",
      createdAt: expect.any(String),
      createdBy: "ADMIN_KEY",
      expiresAt: null,
      lastUsedAt: null,
      revokedAt: null,
    });
    const listed = await call("GET", "/v1/api-keys?limit=1", ADMIN);
    const { key: _, ...shown } = body as Record<string, unknown>;
    expect(listed.body.data).toEqual([shown]);
    expect(JSON.stringify(listed.body)).not.toContain(key);
    expect(await readCustomers(key)).toBe(200);
    const event = { customerId: "keys-a", metricName: "api_calls" };
    const sent = await call("POST", "/v1/events", key, event);
    expect([sent.status, sent.body.code]).toEqual([403, "forbidden"]);
    expect((await call("DELETE", `/v1/api-keys/${id}`, key)).status).toBe(403);
  });

  test.each([
    ["ingest", 200, 403, 403],
    ["read", 403, 200, 403],
    ["admin", 200, 200, 200],
  ])("of scope %s: sends events %i, reads %i, lists keys %i", async (scope, sends, reads, lists) => {
    const { key } = await make(scope);
    const event = { customerId: "keys-b", metricName: "api_calls" };
    expect((await call("POST", "/v1/events", key, event)).status).toBe(sends);
    expect(await readCustomers(key)).toBe(reads);
    expect((await call("GET", "/v1/api-keys", key)).status).toBe(lists);
  });

  test("made by a key: names that key", async () => {
    const admin = await make("admin");
    const made = await call("POST", "/v1/api-keys", admin.key, { name: "n", scope: "read" });
    expect(made.body.createdBy).toBe(admin.id);
  });

  test.each([
    [{}, "name"],
    [{ name: "", scope: "read" }, "name"],
    [{ name: "n".repeat(101), scope: "read" }, "name"],
    [{ name: "n", scope: "write" }, "scope"],
    [{ name: "n", scope: "read", expiresAt: "soon" }, "expiresAt"],
    [{ name: "n", scope: "read", expiresAt: "2020-01-01T00:00:00Z" }, "expiresAt"],
    [{ name: "n", scope: "read", key: "mine" }, ""],
  ])("%j: is refused at %s", async (body, path) => {
    const answer = await call("POST", "/v1/api-keys", ADMIN, body);
    expect([answer.status, answer.body.code]).toEqual([422, "invalid_content"]);
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });

  test("that has expired: 401, also where it is held", async () => {
    const expiresAt = Date.now() + 60_000;
    const { key } = await make("read", { expiresAt });
    expect(await readCustomers(key)).toBe(200);
    for (const held of depsOf(env).keyMemory.known.values()) {
      if (held.key.expiresMs === expiresAt) {
        held.key = { ...held.key, expiresMs: Date.now() - 1 };
      }
    }
    const { status, body } = await call("GET", "/v1/customers", key);
    expect([status, body.code, body.detail]).toEqual([401, "unauthorized", "it has expired: make a new one"]);
  });

  test("that is revoked: 401 at once here, listed as revoked, and revoking it again is no fault", async () => {
    const { id, key } = await make("read");
    expect(await readCustomers(key)).toBe(200);
    expect((await call("DELETE", `/v1/api-keys/${id}`, ADMIN)).status).toBe(204);
    const { status, body } = await call("GET", "/v1/customers", key);
    expect([status, body.detail]).toEqual([401, "this key was revoked: make a new one"]);
    const [first] = (await call("GET", "/v1/api-keys?limit=1", ADMIN)).body.data;
    expect([first.id, typeof first.revokedAt]).toEqual([id, "string"]);
    expect((await call("DELETE", `/v1/api-keys/${id}`, ADMIN)).status).toBe(204);
    const [again] = (await call("GET", "/v1/api-keys?limit=1", ADMIN)).body.data;
    expect(again.revokedAt).toBe(first.revokedAt);
  });

  test.each(["key_none", "%00", "key_00000000-0000-4000-8000-000000000000", "';drop table api_keys;--"])(
    "of id %s: is not found",
    async (id) => {
      expect((await call("DELETE", `/v1/api-keys/${id}`, ADMIN)).status).toBe(404);
    },
  );

  test("is noted as used in this hour, and once", async () => {
    const { id, key } = await make("read");
    const lastUsed = async (): Promise<unknown> => {
      const { body } = await call("GET", "/v1/api-keys?limit=1", ADMIN);
      return body.data.find((listed: { id: string }) => listed.id === id).lastUsedAt;
    };
    expect(await readCustomers(key)).toBe(200);
    await expect.poll(lastUsed).toBe(new Date(Math.floor(Date.now() / HOUR) * HOUR).toISOString());
  });
});

describe("keys in a list", () => {
  test("come page by page, newest first, and new ones move none", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      ids.unshift((await make("ingest", { name: `n${n}` })).id);
    }
    const first = await call("GET", "/v1/api-keys?limit=2", ADMIN);
    expect(first.headers.get("cache-control")).toBe("no-store");
    await make("read");
    const second = await call("GET", `/v1/api-keys?limit=3&cursor=${first.body.nextCursor}`, ADMIN);
    const seen = [...first.body.data, ...second.body.data].map(({ id }: { id: string }) => id);
    expect(seen).toEqual(ids);
  });
});

test("an event under a key that is held: costs the commands of any other", async () => {
  const { key } = await make("ingest");
  const commands = `${inject("controls").upstashUrl}/_control/commands`;
  const headers = { authorization: "Bearer em_upstash_local" };
  const costOf = async (presented: string, id: string): Promise<number> => {
    await fetch(`${commands}/reset`, { method: "POST", headers });
    const event = { id, customerId: "keys-cost", metricName: "api_calls" };
    expect((await call("POST", "/v1/events", presented, event)).body.recorded).toBe(1);
    const { billed }: { billed: number } = await (await fetch(commands, { headers })).json();
    return billed;
  };
  await costOf(INGEST, "0");
  expect(await costOf(INGEST, "1")).toBe(4);
  // Its use is noted after the answer, and has to be over.
  const context = createExecutionContext();
  const url = "http://edgemeter.test/v1/customers/keys-cost/check?metric=api_calls";
  const first = await worker.fetch(
    new Request(url, { headers: { authorization: `Bearer ${key}` } }) as never,
    env,
    context,
  );
  await waitOnExecutionContext(context);
  expect(first.status).toBe(200);
  expect(await costOf(key, "3")).toBe(4);
});
