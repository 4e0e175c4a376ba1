import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { announceDue, readDue } from "../../../src/counters/due.ts";
import { createRedis } from "../../../src/counters/redis.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../src/domain/window.ts";
import { enableEndpoint, getEndpoint } from "../../../src/ledger/webhook-endpoints.ts";
import { deliveryStores } from "../../../src/notifications/delivery-stores.ts";
import { type DeliveryFixture, startDeliveryFixture } from "../../support/delivery-fixture.ts";
import { tell } from "../../support/notified.ts";
import {
  acknowledge,
  answerWith,
  keepSilent,
  startReceiver,
  verified,
  type WebhookReceiver,
} from "../../support/webhook-receiver.ts";

/** Ahead of the real clock, by which leases are kept too. */
const NOW_MS = Date.parse("2126-11-23T12:00:00Z");

let fixture: DeliveryFixture;
let receiver: WebhookReceiver;

beforeAll(async () => {
  [fixture, receiver] = await Promise.all([startDeliveryFixture(), startReceiver()]);
}, 60_000);
beforeEach(async () => {
  await fixture.clear();
  receiver.answer = acknowledge;
  receiver.received.length = 0;
});
afterAll(() => Promise.all([fixture.stop(), receiver.stop()]));

function told(subject: string, changes: Parameters<typeof tell>[3] = {}, atMs = NOW_MS): Promise<void> {
  return tell(fixture.ledger.database, subject, atMs, changes);
}

test("a notification: is delivered by the next run, signed, with type, time and data", async () => {
  const secret = await fixture.endpoint("1", receiver.url);
  await told("told", { data: { customerId: "cus_acme", current: "9007199254740993" } });
  expect(await fixture.run(NOW_MS)).toEqual({
    addressed: 1,
    attempts: 1,
    delivered: 1,
    failed: 0,
    givenUp: 0,
    released: 0,
  });
  const [received] = receiver.received;
  expect(verified(secret, received!)).toEqual({
    type: "usage.threshold_reached",
    timestamp: "2126-11-23T12:00:00.000Z",
    data: { customerId: "cus_acme", current: "9007199254740993" },
  });
  const [{ notification_id: id } = {}] = await fixture.ledger.raw(
    "select notification_id from notifications",
  );
  expect(received?.id).toBe(id);
  expect(await fixture.run(NOW_MS + MINUTE_MS)).toMatchObject({ addressed: 0, attempts: 0 });
});

test("three days: each attempt at its time and not before, with one id and a time of its own, then it has failed", async () => {
  const secret = await fixture.endpoint("1", receiver.url);
  receiver.answer = answerWith(500, "no");
  await told("told");
  const delays = [
    5_000,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR_MS),
  ];
  let nowMs = NOW_MS;
  for (const [index, delayMs] of delays.entries()) {
    expect(await fixture.run(nowMs)).toMatchObject({ attempts: 1, failed: 1 });
    expect(await fixture.deliveries()).toMatchObject([
      { state: "pending", attempts: index + 1, failure: "status", dueMs: nowMs + delayMs },
    ]);
    expect(await fixture.run(nowMs + delayMs - 1)).toMatchObject({ attempts: 0 });
    expect((await readDue(fixture.counters.redis)).dueMs).toBe(nowMs + delayMs);
    nowMs += delayMs;
  }
  expect(await fixture.run(nowMs)).toMatchObject({ attempts: 1, givenUp: 1 });
  expect(await fixture.deliveries()).toMatchObject([
    { state: "failed", attempts: 10, failure: "status", dueMs: null },
  ]);
  expect((await readDue(fixture.counters.redis)).dueMs).toBe(Infinity);
  expect(await fixture.run(nowMs + 30 * DAY_MS)).toMatchObject({ attempts: 0 });

  expect(receiver.received).toHaveLength(10);
  expect(new Set(receiver.received.map(({ id, body }) => `${id} ${body}`)).size).toBe(1);
  for (const received of receiver.received) {
    expect(verified(secret, received)).toMatchObject({ type: "usage.threshold_reached" });
  }
  expect(
    await fixture.ledger.raw("select distinct status::text, failure, response from delivery_attempts"),
  ).toEqual([{ status: "500", failure: "status", response: "no" }]);
});

test("jitter: retries come later than their time, by a tenth at most", async () => {
  await fixture.endpoint("1", receiver.url);
  receiver.answer = answerWith(500);
  await told("told");
  await fixture.run(NOW_MS, { random: () => 0.5 });
  expect(await fixture.deliveries()).toMatchObject([{ dueMs: NOW_MS + 5_250 }]);
});

describe("what receivers answer", () => {
  test.each([
    ["429 with Retry-After", answerWith(429, "", { "retry-after": "3600" }), "status", HOUR_MS],
    ["503 with a shorter one", answerWith(503, "", { "retry-after": "1" }), "status", 5_000],
    ["429 with one of a month", answerWith(429, "", { "retry-after": "2592000" }), "status", DAY_MS],
    ["a redirect", answerWith(302, "", { location: "/elsewhere" }), "redirect", 5_000],
    ["nothing", keepSilent, "timeout", 5_000],
  ])("%s: it comes again at its time", async (_name, answer, failure, waitedMs) => {
    await fixture.endpoint("1", receiver.url);
    receiver.answer = answer;
    await told("told");
    await fixture.run(NOW_MS, answer === keepSilent ? { timeoutMs: 50 } : {});
    expect(await fixture.deliveries()).toMatchObject([
      { state: "pending", failure, dueMs: NOW_MS + waitedMs },
    ]);
    expect(receiver.received).toHaveLength(1);
  });

  test("410: the endpoint is disabled, and everything else for it given up", async () => {
    await fixture.endpoint("1", receiver.url);
    receiver.answer = answerWith(410);
    for (let index = 0; index < 5; index += 1) {
      await told(`n${index}`);
    }
    expect(await fixture.run(NOW_MS)).toMatchObject({ delivered: 0, failed: 0 });
    expect((await fixture.deliveries()).map(({ state }) => state)).toEqual(
      Array.from({ length: 5 }, () => "failed"),
    );
    // Two are tried at once.
    expect(receiver.received.length).toBeLessThanOrEqual(2);
    expect(await getEndpoint(fixture.ledger.database, "whe_1")).toMatchObject({ disabledReason: "gone" });
    await told("after", {}, NOW_MS + 1);
    expect(await fixture.run(NOW_MS + MINUTE_MS)).toMatchObject({ addressed: 1, attempts: 0 });
    await enableEndpoint(fixture.ledger.database, "whe_1");
    receiver.answer = acknowledge;
    await told("enabled", {}, NOW_MS + 2);
    expect(await fixture.run(NOW_MS + 2 * MINUTE_MS)).toMatchObject({ attempts: 1, delivered: 1 });
  });

  test("acknowledged after our timeout: it comes again under the same id", async () => {
    await fixture.endpoint("1", receiver.url);
    const late: (() => void)[] = [];
    receiver.answer = (outgoing) => late.push(() => outgoing.writeHead(200).end());
    await told("told");
    await fixture.run(NOW_MS, { timeoutMs: 50 });
    late[0]?.();
    receiver.answer = acknowledge;
    expect(await fixture.run(NOW_MS + MINUTE_MS)).toMatchObject({ delivered: 1 });
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(1);
    expect(receiver.received).toHaveLength(2);
  });
});

describe("a run with nothing due", () => {
  test("asks Postgres once, and has Redis know when something is", async () => {
    const { redis } = fixture.counters;
    expect((await readDue(redis)).dueMs).toBe(0);
    expect(await fixture.run(NOW_MS)).toMatchObject({ addressed: 0, attempts: 0 });
    expect((await readDue(redis)).dueMs).toBe(Infinity);
    await announceDue(redis, "token");
    await fixture.run(NOW_MS);
    expect((await readDue(redis)).dueMs).toBe(Infinity);
  });

  test("finds what a Redis that was emptied does not know, and what one that was set back has wrong", async () => {
    await fixture.endpoint("1", receiver.url);
    receiver.answer = answerWith(500);
    await told("told");
    await fixture.run(NOW_MS);
    await fixture.counters.clear();
    await fixture.run(NOW_MS + 1);
    expect((await readDue(fixture.counters.redis)).dueMs).toBe(NOW_MS + 5_000);
    await fixture.counters.raw.set("due", "never:old");
    await fixture.run(NOW_MS + 2);
    expect((await readDue(fixture.counters.redis)).dueMs).toBe(NOW_MS + 5_000);
  });

  test("asks no Redis that is away, and delivers without it", async () => {
    await fixture.endpoint("1", receiver.url);
    const stores = deliveryStores(createRedis("http://127.0.0.1:1", "token"), fixture.ledger.database);
    expect(await fixture.run(NOW_MS, { stores })).toMatchObject({ attempts: 0 });
    await told("told");
    expect(await fixture.run(NOW_MS, { stores })).toMatchObject({ delivered: 1 });
  });
});
