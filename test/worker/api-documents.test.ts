import { expect, test } from "vitest";
import { ADMIN, call, READ } from "./worker-api.ts";

test("the document: is for everybody, and says where it comes from", async () => {
  const { status, headers, body } = await call("GET", "/openapi.json", undefined);
  expect([status, headers.get("content-type"), body.openapi]).toEqual([200, "application/json", "3.1.0"]);
  expect(body.servers).toEqual([{ url: "/", description: "This deployment." }]);
});

test("the page: shows every call and asks for nothing from anywhere", async () => {
  const [{ body: document }, page] = await Promise.all([
    call("GET", "/openapi.json", undefined),
    call("GET", "/docs", undefined),
  ]);
  expect(page.status).toBe(200);
  expect(page.headers.get("content-type")).toContain("text/html");
  expect(page.headers.get("content-security-policy")).toBe("default-src 'none'; style-src 'unsafe-inline'");
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item as object));
  for (const { operationId } of operations as { operationId: string }[]) {
    expect(page.body).toContain(`<details id="${operationId}">`);
  }
  const links = [...(page.body as string).matchAll(/\b(?:href|src)="([^"]*)"/g)].map(
    ([, link]) => link ?? "",
  );
  expect(links.length).toBeGreaterThan(operations.length);
  expect(links.filter((link) => !link.startsWith("#") && link !== "/openapi.json")).toEqual([]);
  expect(page.body).not.toMatch(/<(script|link|img|iframe)\b|@import|url\(/);
});

test("the page: every link leads to a part of it", async () => {
  const { body } = await call("GET", "/docs", undefined);
  const targets = new Set([...(body as string).matchAll(/id="([^"]+)"/g)].map(([, id]) => id));
  const links = [...(body as string).matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
  expect(links.filter((id) => !targets.has(id))).toEqual([]);
});

test.each([
  "/v1/customers",
  "/v1/customers/cus_x/adjustments",
  "/v1/invoices",
  "/v1/job-runs",
  "/v1/alerts",
  "/v1/notifications",
  "/v1/webhook-endpoints",
  "/v1/catalog/versions",
])("%s: what is unknown or given twice is refused with its name", async (list) => {
  const unknown = await call("GET", `${list}?surplus=1`, READ);
  expect([unknown.status, unknown.body.code, unknown.body.detail]).toEqual([
    400,
    "invalid_request",
    'Unrecognized key: "surplus"',
  ]);
  const twice = await call("GET", `${list}?limit=1&limit=2`, READ);
  expect([twice.status, twice.body.errors]).toEqual([400, [{ path: "limit", message: "is given twice" }]]);
});

test("a redelivery to an endpoint that no text can name: is refused, not failed", async () => {
  const { status, body } = await call("POST", "/v1/notifications/ntf_x/redeliver", ADMIN, {
    endpointId: "\u0000",
  });
  expect([status, body.code, body.errors[0].path]).toEqual([422, "invalid_content", "endpointId"]);
});
