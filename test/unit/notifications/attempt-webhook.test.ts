import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { attemptWebhook, type WebhookSender } from "../../../src/notifications/attempt-webhook.ts";
import { newSecret } from "../../../src/notifications/sign-webhook.ts";
import {
  acknowledge,
  answerWith,
  keepSilent,
  startReceiver,
  verified,
  type WebhookReceiver,
} from "../../support/webhook-receiver.ts";

const SECRET = newSecret(randomBytes);
const ID = "ntf_1";
const BODY = '{"type":"limit.reached","timestamp":"2026-11-23T12:00:00.000Z","data":{"a":9007199254740993}}';

let receiver: WebhookReceiver;

beforeAll(async () => {
  receiver = await startReceiver();
});
beforeEach(() => {
  receiver.answer = acknowledge;
  receiver.received.length = 0;
});
afterAll(() => receiver.stop());

function send(changes: Partial<WebhookSender> & { url?: string } = {}) {
  const { url = receiver.url, ...sender } = changes;
  return attemptWebhook(
    {
      fetch: (address, init) => fetch(address, init),
      now: () => Date.now(),
      allowPrivate: true,
      timeoutMs: 10_000,
      bodyTimeoutMs: 10_000,
      ...sender,
    },
    { url, id: ID, body: BODY, secrets: [SECRET] },
  );
}

test("an attempt: gives the receiver what its verifier accepts, byte for byte", async () => {
  const outcome = await send();
  expect(outcome).toMatchObject({
    status: 200,
    failure: undefined,
    response: "thanks",
    retryAfterMs: undefined,
  });
  const [received] = receiver.received;
  expect(received?.body).toBe(BODY);
  expect(received?.headers).toMatchObject({
    "content-type": "application/json",
    "user-agent": "edgemeter-webhooks/1.0",
    "webhook-id": ID,
  });
  expect(verified(SECRET, received!)).toMatchObject({ type: "limit.reached" });
});

test.each([200, 201, 202, 204, 299])("an answer of %i: it is taken", async (status) => {
  receiver.answer = answerWith(status);
  expect(await send()).toMatchObject({ status, failure: undefined, response: "" });
});

test.each([
  [400, "status"],
  [404, "status"],
  [410, "status"],
  [500, "status"],
  [503, "status"],
])("an answer of %i: it is not taken, and what was said is kept", async (status, failure) => {
  receiver.answer = answerWith(status, "no");
  expect(await send()).toMatchObject({ status, failure, response: "no" });
});

test.each([301, 302, 303, 307, 308])("a redirect of %i: is not followed", async (status) => {
  const elsewhere = await startReceiver();
  receiver.answer = answerWith(status, "", { location: elsewhere.url });
  expect(await send()).toMatchObject({ status, failure: "redirect" });
  expect(elsewhere.received).toEqual([]);
  expect(receiver.received).toHaveLength(1);
  await elsewhere.stop();
});

test.each([429, 503])("Retry-After with a %i: is told", async (status) => {
  receiver.answer = answerWith(status, "", { "retry-after": "120" });
  expect(await send()).toMatchObject({ status, failure: "status", retryAfterMs: 120_000 });
});

describe("no answer", () => {
  test("nobody listens", async () => {
    const away = await startReceiver();
    await away.stop();
    expect(await send({ url: away.url })).toMatchObject({
      status: null,
      failure: "unreachable",
      response: null,
    });
  });

  test("the receiver takes it and says nothing", async () => {
    receiver.answer = keepSilent;
    expect(await send({ timeoutMs: 50 })).toMatchObject({ status: null, failure: "timeout", response: null });
    expect(receiver.received).toHaveLength(1);
  });

  test("the receiver acknowledges after our timeout", async () => {
    let answerLate = (): void => undefined;
    receiver.answer = (outgoing) => {
      answerLate = () => outgoing.writeHead(200).end();
    };
    expect(await send({ timeoutMs: 50 })).toMatchObject({ status: null, failure: "timeout" });
    answerLate();
  });

  test("the receiver hangs up before it answers", async () => {
    receiver.answer = (_outgoing, _received, incoming) => incoming.socket.destroy();
    expect(await send()).toMatchObject({ status: null, failure: "unreachable" });
  });

  test("the receiver dies within its headers", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-le"));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect(await send({ url })).toMatchObject({ status: null, failure: "unreachable" });
    server.close();
  });

  test("what answers is no HTTP", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => socket.end("220 mail.example.com ESMTP\r\n"));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect(await send({ url })).toMatchObject({ status: null, failure: "unreachable" });
    server.close();
  });
});

describe("an answer that is taken, whatever its body does", () => {
  test("dies in the middle", async () => {
    receiver.answer = (outgoing, _received, incoming) => {
      outgoing.writeHead(200, { "content-length": "1000" });
      outgoing.write("some", () => incoming.socket.destroy());
    };
    const outcome = await send();
    expect(outcome).toMatchObject({ status: 200, failure: undefined });
    expect("some").toContain(outcome.response);
  });

  test("claims to be longer than it is, and stays open", async () => {
    receiver.answer = (outgoing) => {
      outgoing.writeHead(200, { "content-length": "1000" });
      outgoing.write("some");
    };
    expect(await send({ bodyTimeoutMs: 50 })).toMatchObject({
      status: 200,
      failure: undefined,
      response: "some",
    });
  });

  test("never ends", async () => {
    let isClosed = (): void => undefined;
    const closed = new Promise<void>((resolve) => {
      isClosed = resolve;
    });
    receiver.answer = (outgoing, _received, incoming) => {
      outgoing.writeHead(200);
      const more = (): void => void outgoing.write("x".repeat(10_000), () => setImmediate(more));
      incoming.socket.on("close", isClosed);
      outgoing.on("error", () => undefined);
      more();
    };
    expect(await send()).toMatchObject({ status: 200, failure: undefined, response: "x".repeat(1024) });
    // It is not read to its end: the connection is let go.
    await closed;
  });

  test.each([
    ["1,024 bytes", "x".repeat(1024), "x".repeat(1024)],
    ["1,025 bytes", "x".repeat(1025), "x".repeat(1024)],
    ["two-byte characters that do not fit evenly", `x${"é".repeat(600)}`, `x${"é".repeat(511)}`],
    ["U+0000", "a\u0000b", "a\uFFFDb"],
    ["an emoji at the edge", `${"x".repeat(1022)}\u{1F600}`, "x".repeat(1022)],
  ])("is of %s: at most 1 KB is kept, as text that can be stored", async (_name, body, kept) => {
    receiver.answer = answerWith(200, body);
    const { response } = await send();
    expect(response?.replace(/\uFFFD$/, "")).toBe(kept);
    expect(Buffer.byteLength(response ?? "")).toBeLessThanOrEqual(1024);
    expect(response).not.toContain("\u0000");
  });

  test("is no UTF-8", async () => {
    receiver.answer = (outgoing) => outgoing.writeHead(200).end(Buffer.alloc(2000, 0xff));
    const { response } = await send();
    expect(response).toBe("\uFFFD".repeat(341));
  });
});

describe("an address that is not allowed", () => {
  test("is not called, though it was when the endpoint was made", async () => {
    let calls = 0;
    const outcome = await send({
      allowPrivate: false,
      fetch: () => {
        calls += 1;
        return Promise.reject(new Error("called"));
      },
    });
    expect(outcome).toMatchObject({ status: null, failure: "address_refused", response: null });
    expect([calls, receiver.received.length]).toEqual([0, 0]);
  });
});

test("an attempt: tells how long it took until the answer, by the clock it is given", async () => {
  const times = [1000, 1250, 1300];
  expect(await send({ now: () => times.shift() ?? 9999 })).toMatchObject({
    attemptedMs: 1000,
    durationMs: 250,
  });
});
