import { env } from "cloudflare:workers";
import { sign } from "hono/jwt";
import { beforeAll, describe, expect, test } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { mintToken, readToken } from "../../src/access/customer-token.ts";
import { ADMIN, call, INGEST, READ } from "./worker-api.ts";

const SECRET = String((env as unknown as Record<string, unknown>)["TOKEN_SECRET"]);
const OWN = "token-own";
const OTHER = "token-other";

let token = "";

beforeAll(async () => {
  expect([200, 201]).toContain((await call("PUT", "/v1/catalog", ADMIN, demoCatalog)).status);
  for (const customerId of [OWN, OTHER]) {
    expect([200, 201]).toContain((await call("PUT", `/v1/customers/${customerId}`, ADMIN, {})).status);
    const event = { id: "1", customerId, metricName: "api_calls", value: customerId === OWN ? 7 : 11 };
    expect((await call("POST", "/v1/events", INGEST, event)).status).toBe(200);
  }
  const made = await call("POST", `/v1/customers/${OWN}/tokens`, ADMIN, { expiresInSeconds: 600 });
  expect(made.status).toBe(201);
  ({ token } = made.body);
});

describe("a token", () => {
  test("is a JWT that ends when it was asked to, and is not to be stored", async () => {
    const before = Math.floor(Date.now() / 1000);
    const made = await call("POST", `/v1/customers/${OWN}/tokens`, ADMIN, { expiresInSeconds: 86_400 });
    expect(made.headers.get("cache-control")).toBe("no-store");
    const [header, claims] = String(made.body.token)
      .split(".")
      .map((part) => atob(part.replaceAll("-", "+").replaceAll("_", "/")));
    expect(JSON.parse(header ?? "")).toEqual({ alg: "HS256", typ: "JWT" });
    const { iat, exp, sub } = JSON.parse(claims ?? "");
    expect([sub, exp - iat]).toEqual([OWN, 86_400]);
    expect(iat).toBeGreaterThanOrEqual(before);
    expect(made.body.expiresAt).toBe(new Date(exp * 1000).toISOString());
  });

  test.each([
    [{ expiresInSeconds: 86_401 }, 422],
    [{ expiresInSeconds: 0 }, 422],
    [{ expiresInSeconds: 1.5 }, 422],
    [{ expiresInSeconds: "60" }, 422],
    [{ expiresInSeconds: 60, scope: "admin" }, 422],
    [{}, 201],
    [undefined, 201],
  ])("asked for with %j: %i", async (body, status) => {
    expect((await call("POST", `/v1/customers/${OWN}/tokens`, ADMIN, body)).status).toBe(status);
  });

  test("is made by admin keys only, and of a customer that is there", async () => {
    for (const key of [READ, INGEST, token]) {
      expect((await call("POST", `/v1/customers/${OWN}/tokens`, key, {})).status).toBe(403);
    }
    expect((await call("POST", "/v1/customers/token-nobody/tokens", ADMIN, {})).status).toBe(404);
  });
});

describe("with its token", () => {
  test("a customer reads its own usage, invoices, rules and alerts, as a key does", async () => {
    for (const path of [
      `/v1/customers/${OWN}/invoices/upcoming`,
      `/v1/customers/${OWN}/alert-rules`,
      `/v1/invoices?customerId=${OWN}`,
      `/v1/alerts?customerId=${OWN}`,
    ]) {
      const [own, read] = [await call("GET", path, token), await call("GET", path, READ)];
      expect([path, own.status]).toEqual([path, 200]);
      expect(Object.keys(own.body)).toEqual(Object.keys(read.body));
    }
    const usage = await call("GET", `/v1/customers/${OWN}/usage`, token);
    expect(usage.body.metrics.find(({ metric }: { metric: string }) => metric === "api_calls").current).toBe(
      "7",
    );
  });

  test.each(["", `&customerId=${OWN}`, `&customerId=${OWN}&customerId=${OWN}`])(
    "a list is of that customer alone: %s",
    async (asked) => {
      const path = `/v1/usage?metric=api_calls&groupBy=customer${asked}`;
      const { status, body } = await call("GET", path, token);
      expect(status).toBe(200);
      expect(body.data.map(({ customerId }: { customerId: string }) => customerId)).toEqual([OWN]);
    },
  );

  test.each([
    `customerId=${OTHER}`,
    `customerId=${OWN}&customerId=${OTHER}`,
    `customerId=${OTHER}&customerId=${OWN}`,
    `customer%49d=${OTHER}`,
    `customerId=${OTHER}%00`,
    "customerId=",
  ])("a list of another is refused: %s", async (asked) => {
    for (const list of ["usage?metric=api_calls&groupBy=customer&", "alerts?", "invoices?"]) {
      const { status, body } = await call("GET", `/v1/${list}${asked}`, token);
      expect([status, body.code]).toEqual([403, "forbidden"]);
    }
  });

  test.each(["usage", "invoices/upcoming", "alert-rules"])("%s of another is refused", async (what) => {
    for (const id of [OTHER, `${OWN}%20`, OWN.toUpperCase(), "%00"]) {
      const { status, body } = await call("GET", `/v1/customers/${id}/${what}`, token);
      expect([status, body.code]).toEqual([403, "forbidden"]);
    }
  });

  test.each([
    ["GET", `/v1/customers/${OWN}`],
    ["GET", "/v1/customers"],
    ["PUT", `/v1/customers/${OWN}/alert-rules`],
    ["GET", `/v1/customers/${OWN}/adjustments`],
    ["GET", "/v1/catalog"],
    ["GET", "/v1/api-keys"],
    ["POST", "/v1/events"],
  ])("%s %s is closed", async (method, path) => {
    const { status } = await call(method, path, token, method === "GET" ? undefined : {});
    expect(status).toBe(403);
  });

  test("an invoice that is not there, or of another, is not found", async () => {
    for (const id of ["inv_none", "%00", "'or''='"]) {
      expect((await call("GET", `/v1/invoices/${id}`, token)).status).toBe(404);
    }
  });
});

describe("a token that is not good", () => {
  const claims = { iss: "edgemeter", aud: "edgemeter:customer", sub: OWN };
  const now = Math.floor(Date.now() / 1000);

  async function readWith(other: string): Promise<[number, string]> {
    const { status, body } = await call("GET", `/v1/customers/${OWN}/usage`, other);
    return [status, body.detail];
  }

  test("has expired: 401", async () => {
    const { token: old } = await mintToken(SECRET, OWN, 60, Date.now() - 60_000);
    expect(await readWith(old)).toEqual([401, "it has expired: make a new one"]);
  });

  test.each([
    ["another secret", () => mintToken("another secret of 32 characters.", OWN, 60, Date.now())],
    ["a life longer than a day", () => mintToken(SECRET, OWN, 86_401, Date.now())],
    ["a beginning that lies ahead", () => mintToken(SECRET, OWN, 60, Date.now() + 120_000)],
  ])("%s: 401", async (_, mint) => {
    expect((await readWith((await mint()).token))[0]).toBe(401);
  });

  test("signed with the bare secret, or another algorithm, or none: 401", async () => {
    const body = { ...claims, iat: now, exp: now + 60 };
    expect((await readWith(await sign(body, SECRET, "HS256")))[0]).toBe(401);
    expect((await readWith(await sign(body, SECRET, "HS512")))[0]).toBe(401);
    const part = (value: object): string => btoa(JSON.stringify(value)).replace(/=+$/, "");
    expect((await readWith(`${part({ alg: "none", typ: "JWT" })}.${part(body)}.`))[0]).toBe(401);
    expect((await readWith(`${part({ alg: "none", typ: "JWT" })}.${part(body)}.AA`))[0]).toBe(401);
  });

  test("with other claims, or another signature: 401", async () => {
    const [header = "", , signature = ""] = token.split(".");
    const part = btoa(JSON.stringify({ ...claims, sub: OTHER, iat: now, exp: now + 60 })).replace(/=+$/, "");
    expect((await readWith(`${header}.${part}.${signature}`))[0]).toBe(401);
    expect((await readWith(`${token.slice(0, -4)}AAAA`))[0]).toBe(401);
    expect((await readWith(`${token}.e30`))[0]).toBe(401);
    expect((await readWith(`${header}.bnVsbA.${signature}`))[0]).toBe(401);
  });
});

test("rotation: what either secret has signed is good, what neither has is not", async () => {
  const [first, second] = ["the first secret of the two.", "the second secret of the two."];
  const nowMs = Date.parse("2026-11-24T12:00:00Z");
  const old = (await mintToken(first, OWN, 60, nowMs)).token;
  const fresh = (await mintToken(second, OWN, 60, nowMs)).token;
  expect(await readToken([second, first], old, nowMs)).toEqual({ customerId: OWN });
  expect(await readToken([second, first], fresh, nowMs)).toEqual({ customerId: OWN });
  expect(await readToken([second], old, nowMs)).toBe("unknown");
  expect(await readToken([second, first], old, nowMs + 59_999)).toEqual({ customerId: OWN });
  expect(await readToken([second, first], old, nowMs + 60_000)).toBe("expired");
});
