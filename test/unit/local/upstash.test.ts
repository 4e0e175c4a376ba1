import { createHash } from "node:crypto";
import type { Redis } from "@upstash/redis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { LocalUpstash } from "../../../local/upstash/server.ts";
import { startFixture, type UpstashFixture } from "./upstash-fixture.ts";

let fixture: UpstashFixture;
let upstash: LocalUpstash;
let redis: Redis;
let post: UpstashFixture["post"];

beforeAll(async () => {
  fixture = await startFixture();
  ({ upstash, redis, post } = fixture);
}, 60_000);

afterAll(() => fixture.stop());

beforeEach(() => fixture.clear());

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}

test("upstash: values of any bytes come back as sent", async () => {
  const value = 'né "q" \u{1f600} OK \n end';
  expect(await redis.set("k", value)).toBe("OK");
  expect(await redis.get("k")).toBe(value);
  expect(await redis.get("absent")).toBeNull();
  await redis.set("ok", "OK");
  expect(await redis.get("ok")).toBe("OK");
  await redis.hset("h", { a: "1", b: "9007199254740993" });
  expect(await redis.hget("h", "b")).toBe("9007199254740993");
});

test("upstash: without the encoding header strings are plain, with it base64, nested ones too", async () => {
  await post("/", ["RPUSH", "l", "a", "bc"]);
  expect(await post("/", ["LRANGE", "l", 0, -1])).toEqual({ status: 200, body: { result: ["a", "bc"] } });
  const encoded = await post("/", ["LRANGE", "l", "0", "-1"], { "upstash-encoding": "base64" });
  expect(encoded.body).toEqual({ result: ["YQ==", "YmM="] });
  expect(await post("/", ["PING"], { "upstash-encoding": "base64" })).toMatchObject({
    body: { result: "UE9ORw==" },
  });
});

test.each([
  ["beyond 2^53", '["SET","n",9007199254740993]', "9007199254740993"],
  [
    "with a fraction",
    '["SET","n",0.1000000000000000055511151231257827]',
    "0.1000000000000000055511151231257827",
  ],
  ["small", '["SET","n",12]', "12"],
])("upstash: a JSON number %s keeps its digits", async (_name, body, digits) => {
  await post("/", body);
  expect(await redis.get("n")).toBe(digits);
});

test("upstash: an integer reply beyond 2^53 keeps its digits", async () => {
  await redis.set("n", "9007199254740992");
  const response = await fetch(`${upstash.url}/incr/n`, {
    headers: { authorization: `Bearer ${fixture.token}` },
  });
  expect(await response.text()).toBe('{"result":9007199254740993}');
});

test.each(["/", "/pipeline", "/multi-exec", "/get/k"])("upstash: %s wants the token", async (path) => {
  for (const authorization of ["", "Bearer wrong", fixture.token]) {
    // eslint-disable-next-line no-await-in-loop -- one after the other
    const answer = await post(path, [["SET", "k", "v"]], { authorization });
    expect(answer).toEqual({ status: 401, body: { error: "Unauthorized" } });
  }
  expect(upstash.commands.read().billed).toBe(0);
});

test("upstash: a path is a command, its body the last word", async () => {
  expect(await post("/set/a%2Fb", "text")).toEqual({ status: 200, body: { result: "OK" } });
  expect(await redis.get("a/b")).toBe("text");
});

test("upstash: errors are status 400 with Redis's words", async () => {
  await redis.set("k", "v");
  expect(await post("/", ["INCR", "k"])).toEqual({
    status: 400,
    body: { error: "ERR value is not an integer or out of range" },
  });
  expect((await post("/", "{")).status).toBe(400);
  expect((await post("/", [])).status).toBe(400);
  expect(await post("/", ["SUBSCRIBE", "c"])).toEqual({
    status: 400,
    body: { error: "ERR Command is not available: 'SUBSCRIBE'" },
  });
});

test("upstash: a pipeline answers each member by itself", async () => {
  const answer = await post("/pipeline", [["SET", "k", "v"], ["INCR", "k"], ["MULTI"], ["GET", "k"]]);
  expect(answer).toEqual({
    status: 200,
    body: [
      { result: "OK" },
      { error: "ERR value is not an integer or out of range" },
      { error: "ERR Command is not available: 'MULTI'" },
      { result: "v" },
    ],
  });
  expect(upstash.commands.read()).toEqual({ billed: 3, byCommand: { SET: 1, INCR: 1, GET: 1 } });
});

test("upstash: a transaction is all or nothing", async () => {
  expect(await redis.multi().set("a", "1").incr("a").exec()).toEqual(["OK", 2]);
  const answer = await post("/multi-exec", [["SET", "a", "9"], ["NOSUCH"]]);
  expect(answer).toMatchObject({ status: 400, body: { error: expect.stringContaining("EXECABORT") } });
  expect(await redis.get("a")).toBe("2");
});

test("upstash: a failed EVALSHA is billed once, a variadic command too", async () => {
  await post("/", ["EVALSHA", sha1("return 1"), 0]);
  await post("/", ["MSET", "a", "1", "b", "2"]);
  const control = await fetch(`${upstash.url}/_control/commands`);
  expect(await control.json()).toEqual({ billed: 2, byCommand: { EVALSHA: 1, MSET: 1 } });
  await fetch(`${upstash.url}/_control/commands/reset`, { method: "POST" });
  expect(upstash.commands.read().billed).toBe(0);
});

test("upstash: a lost reply was applied, and a fault meets the command it names", async () => {
  upstash.faults.add({ mode: "after", match: "POST / INCR" });
  await redis.set("n", "1");
  await expect(redis.incr("n")).rejects.toThrow("fetch failed");
  expect(await redis.get("n")).toBe("2");
  expect(upstash.faults.subjects).toEqual(["POST / SET", "POST / INCR", "POST / GET"]);
});

test("upstash: with Redis gone it answers 5xx, and by itself again once it is back, without its scripts", async () => {
  const script = "return 1";
  await redis.set("kept", "yes");
  await redis.scriptLoad(script);
  await fixture.server.stop();
  expect((await post("/", ["GET", "kept"])).status).toBe(503);
  await fixture.server.restart();
  expect(await redis.get("kept")).toBe("yes");
  await expect(redis.evalsha(sha1(script), [], [])).rejects.toThrow("NOSCRIPT");
});

test("upstash: many requests at once get each their own reply", async () => {
  const values = await Promise.all(
    Array.from({ length: 300 }, async (_, index) => {
      const value = "x".repeat(index * 37);
      await redis.set(`k${index}`, value);
      return (await redis.get<string>(`k${index}`)) === value;
    }),
  );
  expect(values.every(Boolean)).toBe(true);
});
