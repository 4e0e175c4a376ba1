import { env, exports } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { mintToken } from "../../src/access/customer-token.ts";
import { createApp } from "../../src/app.ts";
import { depsOf } from "../../src/deps.ts";
import { PROBLEMS, type ProblemCode } from "../../src/http/problem-catalogue.ts";
import { HOSTILE_BODIES, HOSTILE_IDS, HOSTILE_QUERIES } from "./hostile-input.ts";
import { ROUTES, type RouteAccess } from "./route-scopes.ts";
import { ADMIN, call, INGEST, READ, trigger } from "./worker-api.ts";

const OWN = "security-own";
const VICTIM = "security-victim";
/** Stands in all that is the victim's. */
const MARK = "victims-mark";
const MAX_BODY = 1024 * 1024;

/** Some ask for a whole run of scheduled work, dozens of times. */
const TIMEOUT_MS = 60_000;

const SECRET = String((env as unknown as Record<string, unknown>)["TOKEN_SECRET"]);
const deps = depsOf(env);

/** The app's routes, without the middleware that stands before all of them. */
const inApp = [
  ...new Set(
    createApp(deps)
      .routes.filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path}`),
  ),
];
const routes = inApp.map((name) => {
  const [method = "", path = ""] = name.split(" ");
  return { name, method, path, access: ROUTES[name] ?? { admitted: "everybody" as const } };
});
const guarded = routes.filter(({ access }) => access.admitted !== "everybody");
const taking = routes.filter(({ method }) => method === "POST" || method === "PUT");

const keys = { revoked: "", expired: "", scoped: { ingest: "", read: "", admin: "" } };
const tokens = { own: "", expired: "" };
const invoices = { own: "inv_security_own", victims: "inv_security_victim" };

async function makeKey(scope: string): Promise<{ id: string; key: string }> {
  const { status, body } = await call("POST", "/v1/api-keys", ADMIN, { name: MARK, scope });
  expect(status).toBe(201);
  return body;
}

/** A period of long ago that was closed without anything to bill. */
async function putInvoice(invoiceId: string, customerId: string): Promise<void> {
  await deps.database.query(
    `
insert into billing_periods (customer_id, period_start, period_end, closed_at)
values ($1, '2020-01-01T00:00Z', '2020-02-01T00:00Z', '2020-02-02T00:00Z')`,
    [customerId],
  );
  await deps.database.query(
    `
insert into invoices (invoice_id, number, customer_id, period_start, period_end, status, currency, catalog_version, snapshot,
  subtotal_minor, total_minor, created_at, updated_at)
values ($1, $1, $2, '2020-01-01T00:00Z', '2020-02-01T00:00Z', 'zero', 'usd', 1, '{"stripeCustomerId": null}', 0, 0,
  '2020-02-02T00:00Z', '2020-02-02T00:00Z')`,
    [invoiceId, customerId],
  );
}

const began = Date.now();

beforeAll(async () => {
  expect([200, 201]).toContain((await call("PUT", "/v1/catalog", ADMIN, demoCatalog)).status);
  await call("PUT", `/v1/customers/${OWN}`, ADMIN, {});
  await call("PUT", `/v1/customers/${VICTIM}`, ADMIN, { name: MARK, budget: "7.77" });
  const event = { customerId: VICTIM, metricName: "api_calls", value: 4_242, id: MARK };
  expect((await call("POST", "/v1/events", INGEST, event)).status).toBe(200);
  await Promise.all([putInvoice(invoices.own, OWN), putInvoice(invoices.victims, VICTIM)]);
  for (const scope of ["ingest", "read", "admin"] as const) {
    keys.scoped[scope] = (await makeKey(scope)).key;
  }
  const [revoked, expired] = [await makeKey("admin"), await makeKey("admin")];
  [keys.revoked, keys.expired] = [revoked.key, expired.key];
  expect((await call("DELETE", `/v1/api-keys/${revoked.id}`, ADMIN)).status).toBe(204);
  await deps.database.query("update api_keys set expires_at = created_at where key_id = $1", [expired.id]);
  tokens.own = (await mintToken(SECRET, OWN, 3600, Date.now())).token;
  tokens.expired = (await mintToken(SECRET, OWN, 60, Date.now() - 60_000)).token;
  await trigger("* * * * *", Date.now());
});

// Whoever was put under a hostile id is nobody whom other files are to bill.
afterAll(async () => {
  const made = "select customer_id from customers where created_at >= to_timestamp($1::bigint / 1000.0)";
  for (const change of [
    `update billing_periods set closed_at = coalesce(closed_at, period_end) where customer_id in (${made})`,
    `update customers set deleted_at = coalesce(deleted_at, now()) where customer_id in (${made})`,
  ]) {
    await deps.database.query(change, [began]);
  }
});

interface Sent {
  status: number;
  text: string;
}

/** Sends a request and holds what is answered against what is documented: never a 5xx, and each refusal a problem. */
async function send(
  method: string,
  address: string,
  key: string | undefined,
  body?: string | Uint8Array<ArrayBuffer>,
  type = "application/json",
): Promise<Sent> {
  const headers = new Headers();
  if (key !== undefined) {
    headers.set("authorization", `Bearer ${key}`);
  }
  if (body !== undefined && type !== "") {
    headers.set("content-type", type);
  }
  const response = await exports.default.fetch(`http://edgemeter.test${address}`, {
    method,
    headers,
    ...(body !== undefined && { body: typeof body === "string" ? new TextEncoder().encode(body) : body }),
  });
  const text = await response.text();
  const told = `${method} ${address.slice(0, 120)} → ${response.status} ${text.slice(0, 300)}`;
  expect(response.status, told).toBeLessThan(500);
  expect(response.headers.get("x-request-id"), told).toMatch(/^[\w=-]{1,128}$/);
  if (response.status >= 400) {
    expect(response.headers.get("content-type"), told).toBe("application/problem+json");
    const problem = JSON.parse(text);
    expect(PROBLEMS[problem.code as ProblemCode][0], told).toBe(response.status);
    expect(problem, told).toMatchObject({
      type: `/docs/problems/${problem.code}`,
      title: PROBLEMS[problem.code as ProblemCode][1],
      status: response.status,
      requestId: response.headers.get("x-request-id"),
      detail: expect.stringMatching(/\S/),
    });
  }
  return { status: response.status, text };
}

/** An address of a route with one text in place of every parameter. */
function addressOf(path: string, id: string): string {
  return path.replaceAll(/:\w+/g, () => id);
}

function ownAddress(path: string, customerId: string, invoiceId: string): string {
  const address = addressOf(path, path.startsWith("/v1/invoices/") ? invoiceId : customerId);
  return path === "/v1/usage" ? `${address}?metric=api_calls&groupBy=customer` : address;
}

function scopesOf({ admitted }: RouteAccess): string[] {
  return admitted === "everybody" ? [] : [...admitted.split(" and "), "admin"];
}

test("the table of scopes: has every route of the app and no other", () => {
  expect(inApp.toSorted()).toEqual(Object.keys(ROUTES).toSorted());
});

describe.each(guarded)("$name", { timeout: TIMEOUT_MS }, ({ method, path, access }) => {
  const body = method === "GET" || method === "DELETE" ? undefined : "{}";

  test.each([
    ["no key", (): undefined => undefined],
    ["an empty key", (): string => ""],
    ["garbage", (): string => "garbage"],
    ["a key that nobody made", (): string => `em_admin_${"A".repeat(43)}`],
    ["the beginning of a key", (): string => ADMIN.slice(0, -1)],
    ["a key and more", (): string => `${keys.scoped.admin}A`],
    ["a long key", (): string => "k".repeat(10_000)],
    ["two keys", (): string => `${ADMIN} ${READ}`],
    ["a revoked key", (): string => keys.revoked],
    ["an expired key", (): string => keys.expired],
    ["an expired token", (): string => tokens.expired],
    ["a token that nobody signed", (): string => `${tokens.own.slice(0, -6)}AAAAAA`],
  ])("%s: 401", async (_, key) => {
    expect((await send(method, addressOf(path, VICTIM), key(), body)).status).toBe(401);
  });

  test.each(["ingest", "read"] as const)("a key of scope %s: is let in, or 403", async (scope) => {
    const isAdmitted = scopesOf(access).includes(scope);
    const { status } = await send(method, addressOf(path, "%00"), keys.scoped[scope], body);
    expect(status === 401 || status === 403).toBe(!isAdmitted);
  });

  test("a key of scope admin: is let in", async () => {
    const { status } = await send(method, addressOf(path, "%00"), keys.scoped.admin, body);
    expect([401, 403]).not.toContain(status);
  });

  test("the token of a customer: opens what is that customer's, if anything, and never another's", async () => {
    const own = await send(method, ownAddress(path, OWN, invoices.own), tokens.own, body);
    expect(own.status).toBe(access.customer === undefined ? 403 : 200);
    const others = await send(method, ownAddress(path, VICTIM, invoices.victims), tokens.own, body);
    const refused = access.customer === "invoice" ? 404 : access.customer === "query" ? 200 : 403;
    expect(others.status).toBe(refused);
    expect(own.text + others.text).not.toContain(MARK);
    expect(own.text).not.toContain(VICTIM);
    expect(others.text.replaceAll(addressOf(path, VICTIM), "")).not.toContain(VICTIM);
  });
});

describe.each(routes)("$name", { timeout: TIMEOUT_MS }, ({ method, path, access }) => {
  const body = method === "GET" || method === "DELETE" ? undefined : "{}";

  test("hostile parameters: are documented answers, and nobody else's data", async () => {
    for (const query of HOSTILE_QUERIES) {
      // Without a body, what changes something on being asked does not.
      const address = addressOf(path, OWN);
      await send(method, `${address}?${query}`, method === "DELETE" ? READ : ADMIN, body);
      const { text } = await send(method, `${address}?${query}`, tokens.own, body);
      expect(text).not.toContain(MARK);
      expect(text.replaceAll(/"instance":"[^"]*"/g, "")).not.toContain(VICTIM);
    }
  });

  test("parameters given twice: are never taken for another customer's", async () => {
    for (const [first, second] of [
      [OWN, VICTIM],
      [VICTIM, OWN],
    ]) {
      const address = `${addressOf(path, OWN)}?customerId=${first}&customerId=${second}`;
      const { status, text } = await send(method, address, tokens.own, body);
      expect(text).not.toContain(MARK);
      if (access.customer === "query") {
        expect(status).toBe(403);
      }
    }
  });
});

describe.each(routes.filter(({ path }) => path.includes(":")))(
  "$name",
  { timeout: TIMEOUT_MS },
  ({ method, path }) => {
    const body = method === "GET" || method === "DELETE" ? undefined : "{}";

    test("hostile ids: are documented answers, and nobody else's data", async () => {
      for (const id of HOSTILE_IDS) {
        await send(method, addressOf(path, id), ADMIN, body);
        const { text } = await send(method, addressOf(path, id), tokens.own, body);
        expect(text).not.toContain(MARK);
      }
    });
  },
);

describe.each(taking)("$name", { timeout: TIMEOUT_MS }, ({ method, path, access }) => {
  const key = access.admitted === "everybody" ? undefined : ADMIN;

  test.each(HOSTILE_BODIES)("a body of $name: is a documented answer", async ({ body, type }) => {
    await send(method, addressOf(path, OWN), key, body, type);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("a body that is too large: 413 where one is read", async () => {
    const large = JSON.stringify({ name: "n".repeat(MAX_BODY) });
    const { status } = await send(method, addressOf(path, OWN), key, large);
    const isRead = access.takesBody === true && !path.endsWith("/redeliver");
    expect(isRead ? [413, 404] : [status]).toContain(status);
  });
});

describe.each(taking.filter(({ access }) => access.takesBody === true && access.admitted !== "everybody"))(
  "$name",
  { timeout: TIMEOUT_MS },
  ({ method, path }) => {
    test("a type that is not JSON: 415, and unknown members are refused", async () => {
      const typed = await send(method, addressOf(path, OWN), ADMIN, "{}", "text/plain");
      expect([415, 404]).toContain(typed.status);
      const unknown = await send(method, addressOf(path, OWN), ADMIN, '{"unknown":1}');
      expect([400, 404, 422]).toContain(unknown.status);
    });
  },
);

test("after all that: the victim is there, with all that was counted and nothing else", async () => {
  const { status, body } = await call("GET", `/v1/customers/${VICTIM}`, READ);
  expect([status, body.name, body.budget]).toEqual([200, MARK, "7.77"]);
  const usage = await call("GET", `/v1/customers/${VICTIM}/usage`, READ);
  expect(usage.body.metrics.find(({ metric }: { metric: string }) => metric === "api_calls").current).toBe(
    "4242",
  );
  expect((await call("GET", `/v1/invoices/${invoices.victims}`, READ)).status).toBe(200);
  expect((await call("GET", "/v1/customers", keys.scoped.read)).status).toBe(200);
});
