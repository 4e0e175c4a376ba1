import { createHash } from "node:crypto";
import type { Redis } from "@upstash/redis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { LocalUpstash } from "../../../local/upstash/server.ts";
import { startFixture, type UpstashFixture } from "./upstash-fixture.ts";

const FLAG = "#!lua flags=allow-key-locking";

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

test("upstash: a script is found under the digest of the client's text", async () => {
  const script = `${FLAG}\nreturn redis.call("INCR", KEYS[1])`;
  await expect(redis.evalsha(sha1(script), ["k"], [])).rejects.toThrow(
    "NOSCRIPT No matching script. Please use EVAL.",
  );
  expect(await redis.eval(script, ["k"], [])).toBe(1);
  expect(await redis.evalsha(sha1(script), ["k"], [])).toBe(2);
  expect(await redis.scriptExists(sha1(script), "0".repeat(40))).toEqual([1, 0]);
  await redis.scriptFlush();
  expect(await redis.scriptExists(sha1(script))).toEqual([0]);
  await expect(redis.evalsha(sha1(script), ["k"], [])).rejects.toThrow("NOSCRIPT");
  expect(await redis.scriptLoad(script)).toBe(sha1(script));
  expect(await redis.evalsha(sha1(script), ["k"], [])).toBe(3);
});

test.each([
  ["a script", "return 7", 1],
  [
    "a script with calls",
    'redis.call("SET", "a", "1") redis.pcall("INCR", "a") return redis.call("GET", "a")',
    4,
  ],
  ["a loop", 'for i = 1, 10 do redis.call("INCR", KEYS[1]) end', 11],
  ["a call that fails", 'redis.call("SET", KEYS[1], "x") return redis.call("INCR", KEYS[1])', 3],
  ["a script that raises", 'redis.call("SET", KEYS[1], "x") error("boom")', 2],
  [
    "a flagged script",
    `${FLAG}\nredis.call("HSET", KEYS[1], "f", "1", "g", "2") return redis.call("HLEN", KEYS[1])`,
    3,
  ],
])("upstash: %s is billed with each of its calls", async (_name, script, billed) => {
  await post("/", ["EVAL", script, 1, "k"]);
  expect(upstash.commands.read().billed).toBe(billed);
  upstash.commands.reset();
  await post("/", ["EVALSHA", sha1(script), 1, "k"]);
  expect(upstash.commands.read().billed).toBe(billed);
});

test.each([
  ["a single key", 'return redis.call("SET", "other", "1")'],
  ["a lower-case command", "return redis.call('set', 'other', '1')"],
  ["a later key", 'return redis.call("MGET", KEYS[1], "other")'],
  ["every second word", 'return redis.call("MSET", KEYS[1], "v", "other", "v")'],
  ["a computed command", 'local name = "S" .. "ET" return redis.call(name, "other", "1")'],
  ["movable keys", 'return redis.call("ZUNIONSTORE", KEYS[1], 1, "other")'],
  ["a subcommand's key", 'return redis.call("OBJECT", "ENCODING", "other")'],
  ["a protected call", 'local reply = redis.pcall("SET", "other", "1") return reply'],
])("upstash: key locking refuses %s that is not in KEYS", async (_name, body) => {
  const answer = await post("/", ["EVAL", `${FLAG}\n${body}`, 1, "mine"]);
  expect(answer.status).toBe(400);
  expect(answer.body).toMatchObject({ error: expect.stringMatching(/^ERR Dynamic keys are not allowed/) });
  expect(await redis.exists("other")).toBe(0);
});

test.each([
  ["keys in KEYS", 'return redis.call("MSET", KEYS[1], "1", KEYS[2], "2")', "OK"],
  ["a number as key", 'return redis.call("SET", 7, "x")', "OK"],
  ["no key", 'return redis.call("PING")', "PONG"],
  ["movable keys in KEYS", 'return redis.call("ZUNIONSTORE", KEYS[1], 2, KEYS[2], "7")', 0],
  ["a global function", "return cjson.encode({1, 2})", "[1,2]"],
  ["redis.sha1hex", 'return redis.sha1hex("")', "da39a3ee5e6b4b0d3255bfef95601890afd80709"],
])("upstash: key locking allows %s", async (_name, body, result) => {
  const answer = await post("/", ["EVAL", `${FLAG}\n${body}`, 3, "a", "b", "7"]);
  expect(answer).toEqual({ status: 200, body: { result } });
});

test("upstash: key locking refuses what needs the whole database", async () => {
  const answer = await post("/", ["EVAL", `${FLAG}\nreturn redis.call("DBSIZE")`, 0]);
  expect(answer.status).toBe(400);
  expect(await post("/", ["EVAL", 'return redis.call("DBSIZE")', 0])).toEqual({
    status: 200,
    body: { result: 0 },
  });
});

test.each([
  ["without flags", "local x = 1\nx = nil\nreturn x.y", "user_script:3:"],
  ["with key locking", `${FLAG}\nlocal x = nil\nreturn x.y`, "user_script:3:"],
  [
    "with another flag too",
    "#!lua flags=no-writes,allow-key-locking\nlocal x = nil\nreturn x.y",
    "user_script:3:",
  ],
])("upstash: a script's error %s names the client's line", async (_name, script, place) => {
  const answer = await post("/", ["EVAL", script, 0]);
  expect(answer.body).toMatchObject({ error: expect.stringContaining(place) });
});

test("upstash: other flags of a script stay in force", async () => {
  const script = '#!lua flags=no-writes,allow-key-locking\nreturn redis.call("SET", KEYS[1], "1")';
  const answer = await post("/", ["EVAL", script, 1, "k"]);
  expect(answer.body).toMatchObject({ error: expect.stringContaining("Write commands are not allowed") });
});

test.each([
  ["nil", "return nil", null],
  ["false", "return false", null],
  ["true", "return true", 1],
  ["a fraction", "return 3.9", 3],
  ["a status", "return redis.status_reply('FINE')", "FINE"],
  ["a nested array", "return {1, {'a', false, {}}}", [1, ["a", null, []]]],
  ["arguments", "return {#KEYS, ARGV[1], false}", [1, "arg", null]],
  ["after a comment", "return 5 -- five", 5],
])("upstash: a script's result is that of plain Redis: %s", async (_name, script, result) => {
  expect(await post("/", ["EVAL", script, 1, "k", "arg"])).toEqual({ status: 200, body: { result } });
});

test("upstash: an error that a script returns is the command's error", async () => {
  const answer = await post("/", ["EVAL", "return redis.error_reply('OVERFLOW too much')", 0]);
  expect(answer).toEqual({ status: 400, body: { error: "OVERFLOW too much" } });
});

test("upstash: scripts work within pipelines and transactions", async () => {
  const script = 'return redis.call("INCRBY", KEYS[1], ARGV[1])';
  const commands = [
    ["EVAL", script, "1", "k", "5"],
    ["EVALSHA", sha1(script), "1", "k", "5"],
    ["GET", "k"],
  ];
  await post("/", ["SCRIPT", "LOAD", script]);
  expect((await post("/pipeline", commands)).body).toEqual([{ result: 5 }, { result: 10 }, { result: "10" }]);
  expect((await post("/multi-exec", commands)).body).toEqual([
    { result: 15 },
    { result: 20 },
    { result: "20" },
  ]);
});
