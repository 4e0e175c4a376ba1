import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { ADMIN, call } from "./worker-api.ts";

const KEYS = 101;

test("keys: one beyond the first page is on the next, and in the download", async () => {
  for (let n = 0; n < KEYS; n += 1) {
    expect((await call("POST", "/v1/api-keys", ADMIN, { name: `many-${n}`, scope: "read" })).status).toBe(
      201,
    );
  }
  const signIn = await exports.default.fetch("http://edgemeter.test/sign-in", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" },
    body: `key=${ADMIN}`,
    redirect: "manual",
  });
  expect(signIn.status).toBe(303);
  const cookie = (signIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const shown = async (path: string) =>
    String((await call("GET", path, undefined, undefined, { cookie })).body);

  const names = (text: string) => Array.from(text.matchAll(/many-\d+/g), ([name]) => name);
  const first = await shown("/keys");
  const next = /href="(\/keys\?cursor=[^"]+)"/.exec(first)?.[1] ?? "";
  const second = await shown(next);
  expect([new Set(names(first)).size, new Set(names(second)).size]).toEqual([100, 1]);
  expect(new Set([...names(first), ...names(second)]).size).toBe(KEYS);
  expect((await shown("/keys/csv")).trimEnd().split("\r\n")).toHaveLength(KEYS + 1);
});
