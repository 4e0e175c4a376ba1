import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { createAccess } from "../../src/access/access.ts";
import { emptyKeyMemory } from "../../src/access/key-memory.ts";
import { createApp } from "../../src/app.ts";
import { depsOf, type Deps } from "../../src/deps.ts";
import { parseEnv, type RateLimitBinding } from "../../src/env.ts";
import worker from "../../src/index.ts";
import { ADMIN, call, INGEST, READ } from "./worker-api.ts";

beforeAll(async () => {
  expect([200, 201]).toContain((await call("PUT", "/v1/catalog", ADMIN, demoCatalog)).status);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** The Worker as other settings make it. */
async function ask(
  changes: Partial<Deps>,
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<Response> {
  const app = createApp({ ...depsOf(env), ...changes });
  const context = createExecutionContext();
  const response = await app.fetch(
    new Request(`http://edgemeter.test${path}`, { method, headers }),
    env,
    context,
  );
  await waitOnExecutionContext(context);
  return response;
}

const bearer = { authorization: `Bearer ${READ}` };

describe("the id of a request", () => {
  test.each(["abc-DEF_012=", "a", "a".repeat(128)])("%s: is taken over", async (id) => {
    for (const path of ["/healthz", "/v1/customers", "/nowhere"]) {
      const { headers } = await call("GET", path, READ, undefined, { "x-request-id": id });
      expect(headers.get("x-request-id")).toBe(id);
    }
    const { body } = await call("GET", "/v1/customers", "no key", undefined, { "x-request-id": id });
    expect(body.requestId).toBe(id);
  });

  test.each(['"}{"', "a b", "a".repeat(129), "ä", "../x", "a;b"])("%s: is not taken over", async (id) => {
    const { headers, body } = await call("GET", "/nowhere", undefined, undefined, {
      "x-request-id": encodeURI(id) === id ? id : encodeURI(id),
    });
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(body.requestId).toBe(headers.get("x-request-id"));
  });

  test("is in each line of the log: one line of JSON, without the key", async () => {
    const lines: string[] = [];
    vi.spyOn(console, "error").mockImplementation((line: string) => void lines.push(line));
    const noAnswer = (): Promise<never> => Promise.reject(new Error("it failed"));
    const database = { query: noAnswer, transaction: noAnswer };
    const headers = { ...bearer, "x-request-id": "line-1" };
    const response = await ask({ database }, "GET", "/v1/customers", headers);
    expect(response.status).toBe(500);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      requestId: "line-1",
      level: "error",
      event: "internal_error",
      error: { message: "it failed" },
    });
    expect(lines[0]).not.toContain(READ);
    expect(lines[0]).not.toContain("\n");
  });

  test("is on a Worker with wrong settings, too", async () => {
    const lines: string[] = [];
    vi.spyOn(console, "error").mockImplementation((line: string) => void lines.push(line));
    const wrong = { ...env, DATABASE_URL: "mysql://hidden" };
    const response = await worker.fetch(
      new Request("http://edgemeter.test/v1/customers?x=1") as never,
      wrong,
      createExecutionContext(),
    );
    const problem: Record<string, unknown> = await response.json();
    expect([problem["code"], problem["instance"]]).toEqual(["misconfigured", "/v1/customers"]);
    expect(JSON.parse(lines[0] ?? "")["requestId"]).toBe(problem["requestId"]);
    expect(lines.join("")).not.toContain("hidden");
  });
});

describe("what browsers and caches keep to", () => {
  test.each(["/healthz", "/v1/customers", "/v1/catalog", "/nowhere", "/docs/problems", "/"])(
    "%s: cannot be framed, guessed at or run",
    async (path) => {
      const { headers } = await call("GET", path, READ);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("x-frame-options")).toBe("DENY");
      // The dashboard's forms say where they come from: to itself alone.
      expect(headers.get("referrer-policy")).toBe(path === "/" ? "same-origin" : "no-referrer");
      expect(headers.get("strict-transport-security")).toBe("max-age=15552000");
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("access-control-allow-origin")).toBeNull();
    },
  );

  test.each([
    ["/v1/customers", "no-store"],
    ["/v1/invoices", "no-store"],
    ["/v1/alerts", "no-store"],
    ["/v1/usage?metric=api_calls", "no-store"],
    ["/v1/customers/none", "no-store"],
    ["/readyz", "no-store"],
    ["/v1/catalog", "private, no-cache"],
    ["/docs/problems", "public, max-age=3600"],
  ])("%s: %s", async (path, caching) => {
    expect((await call("GET", path, READ)).headers.get("cache-control")).toBe(caching);
  });

  test("a list that has not changed is not sent again; one that has is", async () => {
    // Of a customer of its own: other files go on in all others.
    const list = "/v1/webhook-endpoints?customerId=tagged";
    const make = async (path: string): Promise<void> => {
      const url = `http://127.0.0.1:1/${path}`;
      const made = await call("POST", "/v1/webhook-endpoints", ADMIN, { url, customerId: "tagged" });
      expect(made.status).toBe(201);
    };
    await make("first");
    const first = await call("GET", list, READ);
    const tag = first.headers.get("etag") ?? "";
    expect(tag).toMatch(/^W\/"[0-9a-f]+"$/);
    const again = await call("GET", list, READ, undefined, { "if-none-match": tag });
    expect([again.status, again.body, again.headers.get("etag")]).toEqual([304, "", tag]);
    await make("second");
    const changed = await call("GET", list, READ, undefined, { "if-none-match": tag });
    expect([changed.status, changed.body.data.length]).toEqual([200, 2]);
    expect((await call("GET", list, "none", undefined, { "if-none-match": tag })).status).toBe(401);
  });
});

describe("other pages' scripts", () => {
  const corsOrigins = ["https://portal.example.com"];
  const from = (origin: string): Record<string, string> => ({ ...bearer, origin });
  const asking = {
    "access-control-request-method": "GET",
    "access-control-request-headers": "authorization",
  };

  test("may read from an origin that is named, and from no other", async () => {
    const named = await ask({ corsOrigins }, "GET", "/v1/customers", from("https://portal.example.com"));
    expect([named.status, named.headers.get("access-control-allow-origin")]).toEqual([200, corsOrigins[0]]);
    expect(named.headers.get("access-control-allow-credentials")).toBeNull();
    expect(named.headers.get("vary")).toContain("Origin");
    for (const origin of ["https://portal.example.com.evil.example", "http://portal.example.com", "null"]) {
      const other = await ask({ corsOrigins }, "GET", "/v1/customers", from(origin));
      expect(other.headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  test("read problems, and that nothing has changed", async () => {
    const headers = from("https://portal.example.com");
    const refused = await ask({ corsOrigins }, "GET", "/v1/customers", {
      ...headers,
      authorization: "Bearer none",
    });
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([
      401,
      corsOrigins[0],
    ]);
    const first = await ask({ corsOrigins }, "GET", "/v1/customers", headers);
    const again = await ask({ corsOrigins }, "GET", "/v1/customers", {
      ...headers,
      "if-none-match": first.headers.get("etag") ?? "",
      "x-request-id": "again-1",
    });
    expect([again.status, again.headers.get("access-control-allow-origin")]).toEqual([304, corsOrigins[0]]);
    expect(again.headers.get("x-request-id")).toBe("again-1");
    expect(again.headers.get("x-content-type-options")).toBe("nosniff");
    expect(again.headers.get("cache-control")).toBe("no-store");
  });

  test("ask first, and are let read only", async () => {
    const headers = { origin: "https://portal.example.com", ...asking };
    const answer = await ask({ corsOrigins }, "OPTIONS", "/v1/customers/x/usage", headers);
    expect([answer.status, answer.headers.get("access-control-allow-methods")]).toEqual([204, "GET,HEAD"]);
    const off = await ask({}, "OPTIONS", "/v1/customers/x/usage", headers);
    expect([off.status, off.headers.get("access-control-allow-origin")]).toEqual([405, null]);
  });

  test.each(["*", "portal.example.com", "https://a.example/path", "null", "https://A.example"])(
    "CORS_ORIGINS=%s: is refused",
    (origins) => {
      expect(() => parseEnv({ ...env, CORS_ORIGINS: origins })).toThrow("CORS_ORIGINS");
    },
  );

  test("CORS_ORIGINS: takes several", () => {
    const { CORS_ORIGINS } = parseEnv({
      ...env,
      CORS_ORIGINS: "https://a.example, http://b:8080",
    });
    expect(CORS_ORIGINS).toEqual(["https://a.example", "http://b:8080"]);
  });
});

describe("a limit per key", () => {
  const limiter = (binding: RateLimitBinding): Deps["keys"] => {
    const { RATE_LIMITER: _, ...settings } = parseEnv(env);
    const { now, redis, database } = depsOf(env);
    return createAccess({
      now,
      redis,
      database,
      memory: emptyKeyMemory(),
      secretKeys: [
        { name: "READ_KEY", scope: "read", key: settings.READ_KEY ?? "" },
        { name: "INGEST_KEY", scope: "ingest", key: settings.INGEST_KEY ?? "" },
      ],
      tokenSecrets: [],
      limiter: {
        limit: 2,
        seconds: 60,
        mayPass: async (key) => (await binding.limit({ key })).success,
      },
    });
  };

  test("refuses that key beyond it, and no other", async () => {
    const keys = limiter((env as unknown as { LIMIT_OF_TWO: RateLimitBinding }).LIMIT_OF_TWO);
    const statuses: number[] = [];
    for (let n = 0; n < 2; n += 1) {
      const answer = await ask({ keys }, "GET", "/v1/customers?limit=1", bearer);
      expect(answer.headers.get("ratelimit-policy")).toBe('"key";q=2;w=60');
      statuses.push(answer.status);
    }
    const over = await ask({ keys }, "GET", "/v1/customers?limit=1", bearer);
    expect([...statuses, over.status]).toEqual([200, 200, 429]);
    expect(over.headers.get("content-type")).toBe("application/problem+json");
    expect(over.headers.get("ratelimit")).toBe('"key";r=0;t=60');
    expect(over.headers.get("retry-after")).toBe("60");
    expect(await over.json()).toMatchObject({ code: "rate_limited", type: "/docs/problems/rate_limited" });
    const other = await ask({ keys }, "GET", "/v1/customers", { authorization: `Bearer ${INGEST}` });
    expect(other.status).toBe(403);
  });

  test("is absent without the binding", async () => {
    const { headers } = await call("GET", "/v1/customers", READ);
    expect(headers.get("ratelimit-policy")).toBeNull();
  });
});

describe("an address that is there, by a method that it does not take", () => {
  test.each([
    ["PATCH", "/v1/customers/x", "GET, PUT, DELETE"],
    ["DELETE", "/v1/events", "POST"],
    ["POST", "/v1/catalog", "GET, PUT"],
    ["PUT", "/docs/problems/not_found", "GET"],
  ])("%s %s: 405, and takes %s", async (method, path, allowed) => {
    const { status, headers, body } = await call(method, path, ADMIN);
    expect([status, body.code, headers.get("allow")]).toEqual([405, "method_not_allowed", allowed]);
  });

  test("one that is not there: 404", async () => {
    const { status, headers } = await call("PATCH", "/v1/nothing", ADMIN);
    expect([status, headers.get("allow")]).toEqual([404, null]);
  });
});
