import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { flushAll, playAt } from "./played-time.ts";
import { answerAt, deleteEndpoints, makeEndpoint, receivedAt, receiverUrl } from "./received-webhooks.ts";
import { ADMIN, call } from "./worker-api.ts";

const DAY_MS = 86_400_000;
let nowMs: number;

beforeAll(async () => {
  await flushAll();
  nowMs = playAt(2, 5);
});
afterAll(async () => {
  await deleteEndpoints();
  vi.useRealTimers();
});

describe("a test event", () => {
  test("is sent at once, signed, to an endpoint of any types", async () => {
    const { id, secret } = await makeEndpoint("/test-event", { types: ["invoice.paid"] });
    const { status, body } = await call("POST", `/v1/webhook-endpoints/${id}/test`, ADMIN);
    expect([status, body]).toEqual([
      200,
      {
        delivered: true,
        id: expect.stringMatching(/^ntf_test_/),
        status: 200,
        failure: null,
        durationMs: expect.any(Number),
        response: "thanks",
      },
    ]);
    const [received] = await receivedAt("/test-event");
    expect(received?.headers["webhook-id"]).toBe(body.id);
    expect(new Webhook(secret).verify(received?.body ?? "", received?.headers ?? {})).toEqual({
      type: "webhook.test",
      timestamp: new Date(nowMs).toISOString(),
      data: { endpointId: id },
    });
  });

  test("that is refused: tells what came back", async () => {
    const { id } = await makeEndpoint("/test-refused");
    await answerAt("/test-refused", 418, 1);
    const { status, body } = await call("POST", `/v1/webhook-endpoints/${id}/test`, ADMIN);
    expect([status, body.delivered, body.status, body.failure, body.response]).toEqual([
      200,
      false,
      418,
      "status",
      "no",
    ]);
  });

  test("a redirect: is not followed by the runtime", async () => {
    const { id } = await makeEndpoint("/test-redirect");
    await answerAt("/test-redirect", 307, 1, { location: receiverUrl("/elsewhere") });
    const { body } = await call("POST", `/v1/webhook-endpoints/${id}/test`, ADMIN);
    expect([body.status, body.failure]).toEqual([307, "redirect"]);
    expect(await receivedAt("/elsewhere")).toEqual([]);
  });

  test("to nobody: tells that", async () => {
    const made = await call("POST", "/v1/webhook-endpoints", ADMIN, { url: "http://127.0.0.1:1/" });
    const { body } = await call("POST", `/v1/webhook-endpoints/${made.body.id}/test`, ADMIN);
    expect([body.delivered, body.status, body.failure]).toEqual([false, null, "unreachable"]);
  });
});

describe("rotation", () => {
  async function sentTo(id: string, path: string) {
    await call("POST", `/v1/webhook-endpoints/${id}/test`, ADMIN);
    const received = (await receivedAt(path)).at(-1);
    const accepts = (secret: string): boolean => {
      try {
        new Webhook(secret).verify(received?.body ?? "", received?.headers ?? {});
        return true;
      } catch {
        return false;
      }
    };
    return accepts;
  }

  test("the one before signs too for a day, the one before that no more", async () => {
    const first = await makeEndpoint("/rotation");
    const address = `/v1/webhook-endpoints/${first.id}/rotate-secret`;
    const second = await call("POST", address, ADMIN);
    expect(second.body).toMatchObject({
      id: first.id,
      previousSecretValidUntil: new Date(nowMs + DAY_MS).toISOString(),
    });
    const secrets = [first.secret, second.body.secret];
    let accepts = await sentTo(first.id, "/rotation");
    expect(secrets.map(accepts)).toEqual([true, true]);

    vi.setSystemTime(nowMs + DAY_MS);
    accepts = await sentTo(first.id, "/rotation");
    expect(secrets.map(accepts)).toEqual([false, true]);
    vi.setSystemTime(nowMs);

    secrets.push((await call("POST", address, ADMIN, {})).body.secret);
    accepts = await sentTo(first.id, "/rotation");
    expect(secrets.map(accepts)).toEqual([false, true, true]);
  });

  test("the one before ends at once when that is asked for", async () => {
    const first = await makeEndpoint("/rotation-now");
    const second = await call("POST", `/v1/webhook-endpoints/${first.id}/rotate-secret`, ADMIN, {
      previousValidSeconds: 0,
    });
    const accepts = await sentTo(first.id, "/rotation-now");
    expect([accepts(first.secret), accepts(second.body.secret)]).toEqual([false, true]);
  });
});
