import { expect, test } from "vitest";
import { EVENT_PROBLEMS, PROBLEMS } from "../../src/http/problem-catalogue.ts";
import { call } from "./worker-api.ts";

const CODES = [...Object.keys(PROBLEMS), ...Object.keys(EVENT_PROBLEMS)];

test("the list of problems: links to a page of each", async () => {
  const { status, headers, body } = await call("GET", "/docs/problems", undefined);
  expect([status, headers.get("content-type")]).toEqual([200, "text/html; charset=UTF-8"]);
  const linked = [...String(body).matchAll(/href="\/docs\/problems\/(\w+)"/g)].map(([, code]) => code);
  expect(linked).toEqual(CODES);
});

test.each(CODES)("%s: has a page that says what it means and what to do", async (code) => {
  const { status, headers, body } = await call("GET", `/docs/problems/${code}`, undefined);
  expect([status, headers.get("content-type")]).toEqual([200, "text/html; charset=UTF-8"]);
  const text = String(body);
  expect(text).toContain(`<code>${code}</code>`);
  expect(text).toMatch(/<h2>What it means<\/h2>\s*<p>\S[^]{30,}<h2>What to do<\/h2>\s*<p>\S[^]{30,}<\/p>/);
  expect(text).not.toMatch(/(?:src|href)="http|`|undefined|\[object/);
});

test("a problem's type: is the address of its page", async () => {
  const { body } = await call("GET", "/nowhere", undefined);
  expect(body.type).toBe("/docs/problems/not_found");
  expect((await call("GET", body.type, undefined)).status).toBe(200);
});

test.each(["none", "__proto__", "constructor", "%3Cscript%3E", "%00"])("%s: has no page", async (code) => {
  const { status, body } = await call("GET", `/docs/problems/${code}`, undefined);
  expect([status, body.code]).toEqual([404, "not_found"]);
});
