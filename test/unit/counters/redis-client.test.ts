import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { createRedis, RedisError, type RedisClient } from "../../../src/counters/redis.ts";
import { Script } from "../../../src/counters/script.ts";
import { type RedisFixture, startRedisFixture } from "../../support/redis-fixture.ts";

const TOKEN = "token-that-nobody-may-see";
const INCREMENT = new Script("return redis.call('INCR', KEYS[1])");

/** What a bare server was asked, and how it answers. */
interface BareServer {
  redis: RedisClient;
  asked: { path: string | undefined; command: string[] }[];
  answer: (outgoing: ServerResponse, command: string[], incoming: IncomingMessage) => void;
  stop: () => Promise<void>;
}

async function startBareServer(): Promise<BareServer> {
  const asked: BareServer["asked"] = [];
  const server: Server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const command = JSON.parse(Buffer.concat(chunks).toString()) as string[];
      asked.push({ path: incoming.url, command });
      bare.answer(outgoing, command, incoming);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const bare: BareServer = {
    redis: createRedis(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, TOKEN),
    asked,
    answer: (outgoing) => outgoing.end(JSON.stringify({ result: null })),
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return bare;
}

const refuseWith =
  (status: number, body: string): BareServer["answer"] =>
  (outgoing) => {
    outgoing.writeHead(status, { "content-type": "application/json" }).end(body);
  };

const dropReply: BareServer["answer"] = (_outgoing, _command, incoming) => {
  incoming.socket.destroy();
};

let bare: BareServer;
let fixture: RedisFixture;

beforeAll(async () => {
  [bare, fixture] = await Promise.all([startBareServer(), startRedisFixture()]);
});
afterAll(() => Promise.all([bare.stop(), fixture.stop()]));
afterEach(async () => {
  vi.restoreAllMocks();
  bare.asked.length = 0;
  await fixture.clear();
});

async function failureOf(call: Promise<unknown>): Promise<RedisError> {
  const error: unknown = await call.then(
    (value) => `answered ${inspect(value)}`,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RedisError);
  return error as RedisError;
}

/** Every call of the client, with what it sends. */
const CALLS: [string, (redis: RedisClient) => Promise<unknown>, string[]][] = [
  ["run", (redis) => redis.run(INCREMENT, ["k"], ["a"]), ["evalsha", INCREMENT.sha1, "1", "k", "a"]],
  ["get", (redis) => redis.get("k"), ["get", "k"]],
  ["set", (redis) => redis.set("k", "v"), ["set", "k", "v"]],
  ["hmget", (redis) => redis.hmget("h", ["a", "b"]), ["hmget", "h", "a", "b"]],
  ["areMembers", (redis) => redis.areMembers("s", ["a"]), ["smismember", "s", "a"]],
  ["addMembers", (redis) => redis.addMembers("s", ["a", "b"]), ["sadd", "s", "a", "b"]],
  ["removeMember", (redis) => redis.removeMember("s", "a"), ["srem", "s", "a"]],
];

describe("sent once", () => {
  test.each(CALLS)("%s: a lost reply is not sent again, and is an error", async (_name, call, command) => {
    bare.answer = dropReply;
    expect((await failureOf(call(bare.redis))).code).toBe("UNREACHABLE");
    expect(bare.asked.map((asked) => ({ ...asked, command: asked.command.map(String) }))).toEqual([
      { path: "/", command },
    ]);
  });

  test.each([
    ["500", 500, '{"error":"ERR it went wrong"}', "ERR"],
    ["503 without JSON", 503, "<html>away</html>", "UNREACHABLE"],
    ["429", 429, '{"error":"ERR max requests limit exceeded"}', "ERR"],
    ["401", 401, '{"error":"Unauthorized"}', "ERR"],
  ])("an answer of %s: is an error, and not asked for again", async (_name, status, body, code) => {
    bare.answer = refuseWith(status, body);
    expect((await failureOf(bare.redis.get("k"))).code).toBe(code);
    expect(bare.asked).toHaveLength(1);
  });

  test("nobody listens: is an error", async () => {
    const away = await startBareServer();
    await away.stop();
    expect((await failureOf(away.redis.get("k"))).code).toBe("UNREACHABLE");
  });
});

describe("time", () => {
  const halves: [string, BareServer["answer"]][] = [
    ["no answer", () => undefined],
    ["half an answer", (outgoing) => outgoing.writeHead(200).write('{"result":')],
  ];

  test.each(halves)(
    "%s in time: is an error, and the next call has a time of its own",
    async (_name, answer) => {
      const timeout = AbortSignal.timeout.bind(AbortSignal);
      const asked = vi.spyOn(AbortSignal, "timeout").mockImplementation(() => timeout(50));
      bare.answer = answer;
      const failure = await failureOf(bare.redis.run(INCREMENT, ["k"], []));
      expect([failure.code, failure.isUnanswered]).toEqual(["TIMEOUT", true]);
      expect(bare.asked).toHaveLength(1);
      expect(asked.mock.calls).toEqual([[2000]]);

      asked.mockRestore();
      bare.answer = (outgoing) => outgoing.end('{"result":1}');
      expect(await bare.redis.run(INCREMENT, ["k"], [])).toBe(1);
    },
  );
});

describe("as it was written", () => {
  const TEXTS = [
    "9007199254740993",
    "-9223372036854775808",
    "0123",
    "1e3",
    "1.50",
    "true",
    "null",
    '{"a":1}',
    "[1]",
    '"quoted"',
    "T0s=",
    "日本 \u{1F600}\u2028",
    "",
  ];

  test("hmget: every text stays the text it is, and what is absent is null", async () => {
    await fixture.raw.hset("h", Object.fromEntries(TEXTS.map((text, index) => [`f${index}`, text])));
    const fields = TEXTS.map((_, index) => `f${index}`);
    expect(await fixture.redis.hmget("h", [...fields, "absent"])).toEqual([...TEXTS, null]);
    expect(await fixture.redis.hmget("no hash", ["a", "b"])).toEqual([null, null]);
  });

  test("countAndGet: what exists is counted, and a text is the text it is, in one request", async () => {
    const asked = vi.spyOn(globalThis, "fetch");
    for (const text of TEXTS) {
      await fixture.raw.set("t", text);
      expect(await fixture.redis.countAndGet(["t", "absent", "t2"], "t")).toEqual({
        existing: 1,
        value: text,
      });
      expect([await fixture.redis.get("t"), await fixture.redis.get("absent")]).toEqual([text, null]);
      await fixture.redis.set("t2", text);
      expect(await fixture.raw.get("t2")).toBe(text);
      await fixture.raw.del("t2");
    }
    expect(await fixture.redis.countAndGet(["absent"], "absent")).toEqual({ existing: 0, value: null });
    expect(asked).toHaveBeenCalledTimes(4 * TEXTS.length + 1);
  });

  test("countAndGet: a lost reply is not sent again, and is an error", async () => {
    bare.answer = dropReply;
    expect((await failureOf(bare.redis.countAndGet(["a", "b"], "k"))).code).toBe("UNREACHABLE");
    expect(bare.asked).toEqual([
      {
        path: "/pipeline",
        command: [
          ["exists", "a", "b"],
          ["get", "k"],
        ],
      },
    ]);
  });

  test("countAndGet: an error within the answer is an error, with nothing of its arguments", async () => {
    await fixture.raw.hset("cus_secret", "a", "b");
    const error = await failureOf(fixture.redis.countAndGet(["a"], "cus_secret"));
    expect([error.code, error.message]).toEqual(["ERR", "Redis: ERR"]);
  });

  test("run: arguments arrive, and answers come back, as the texts they are", async () => {
    const echo = new Script("return { ARGV, #ARGV, string.format('%.0f', 2^53 - 1) }");
    expect(await fixture.redis.run(echo, [], TEXTS)).toEqual([TEXTS, TEXTS.length, "9007199254740991"]);
  });
});

describe("one by one", () => {
  test("calls that nobody waits for: each is a request of its own, in the order of the calls", async () => {
    bare.answer = (outgoing, [name]) =>
      outgoing.end(name === "smismember" ? '{"result":[1]}' : '{"result":1}');
    const sent = vi.spyOn(globalThis, "fetch");
    await Promise.all(CALLS.map(([, call]) => call(bare.redis)));
    const bodies = sent.mock.calls.map(([, init]) =>
      (JSON.parse(init?.body as string) as unknown[]).map(String),
    );
    expect(bodies).toEqual(CALLS.map(([, , command]) => command));
    expect(bare.asked.map(({ path }) => path)).toEqual(CALLS.map(() => "/"));
  });
});

describe("what an error tells", () => {
  const SECRET = "cus_secret";
  const TELLING: [string, BareServer["answer"], string][] = [
    ["its arguments", refuseWith(400, `{"error":"ERR wrong kind of value: '${SECRET}'"}`), "ERR"],
    ["a code of its own", refuseWith(400, `{"error":"OOM command not allowed: ${SECRET}"}`), "OOM"],
    ["no code at all", refuseWith(400, `{"error":"${SECRET} is refused"}`), "ERR"],
    ["no reply", dropReply, "UNREACHABLE"],
    ["no JSON", refuseWith(502, `<html>${SECRET}</html>`), "UNREACHABLE"],
  ];

  test.each(TELLING)(
    "an error with %s: keeps its leading word and nothing else",
    async (_name, answer, code) => {
      bare.answer = answer;
      const error = await failureOf(bare.redis.run(INCREMENT, [SECRET], [SECRET]));
      expect([error.code, error.message, error.cause]).toEqual([code, `Redis: ${code}`, undefined]);
      const shown = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true });
      expect([shown.includes(SECRET), shown.includes(TOKEN)]).toEqual([false, false]);
    },
  );
});

describe("scripts that Redis does not know", () => {
  test("the word in an argument or in the middle of an error: is no reason to send the script", async () => {
    for (const message of ["ERR unknown: NOSCRIPT", "WRONGTYPE 'NOSCRIPT No matching script'", " NOSCRIPT"]) {
      bare.asked.length = 0;
      bare.answer = refuseWith(400, JSON.stringify({ error: message }));
      await failureOf(bare.redis.run(INCREMENT, ["NOSCRIPT"], ["NOSCRIPT"]));
      expect(bare.asked.map(({ command }) => command[0])).toEqual(["evalsha"]);
    }
  });

  test("a script that fails with an argument NOSCRIPT: has run once", async () => {
    const failing = new Script(
      "redis.call('INCR', KEYS[1]) return redis.error_reply('ERR refused ' .. ARGV[1])",
    );
    await failureOf(fixture.redis.run(failing, ["n"], ["warm"]));
    await failureOf(fixture.redis.run(failing, ["n"], ["NOSCRIPT"]));
    expect(await fixture.raw.get("n")).toBe("2");
  });

  test("after SCRIPT FLUSH: the script is sent whole once, and that is one command more", async () => {
    const count = () => fixture.redis.run(INCREMENT, ["n"], []);
    await count();
    expect(await fixture.billed(count)).toBe(2);
    await fixture.forgetScripts();
    expect(await fixture.billed(count)).toBe(3);
    expect(await fixture.billed(count)).toBe(2);
    expect(await fixture.raw.get("n")).toBe("4");
  });

  test("a lost reply of the whole script: is not sent again", async () => {
    bare.answer = (outgoing, command, incoming) => {
      if (command[0] === "evalsha") {
        refuseWith(400, '{"error":"NOSCRIPT No matching script. Please use EVAL."}')(
          outgoing,
          command,
          incoming,
        );
      } else {
        dropReply(outgoing, command, incoming);
      }
    };
    expect((await failureOf(bare.redis.run(INCREMENT, ["k"], []))).code).toBe("UNREACHABLE");
    expect(bare.asked.map(({ command }) => command[0])).toEqual(["evalsha", "eval"]);
  });
});
