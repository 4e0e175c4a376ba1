import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { announceDue, readDue } from "../../../src/counters/due.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../src/domain/window.ts";
import { enableEndpoint, getEndpoint, rotateSecret } from "../../../src/ledger/webhook-endpoints.ts";
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

async function putCustomer(customerId: string, settings: object): Promise<void> {
  await fixture.ledger.raw(
    "insert into customers (customer_id, settings, created_at, updated_at) values ($1, $2, now(), now())",
    [customerId, JSON.stringify(settings)],
  );
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
    await fixture.run(NOW_MS);
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

describe("one endpoint and the others", () => {
  test("one that is silent: two of its deliveries are tried, the rest let go, and all others delivered meanwhile", async () => {
    const silent = await startReceiver(keepSilent);
    await fixture.endpoint("a-silent", silent.url);
    await fixture.endpoint("z-well", receiver.url);
    for (let index = 0; index < 50; index += 1) {
      await told(`n${String(index).padStart(2, "0")}`);
    }
    // Long enough for the one that is well.
    const report = await fixture.run(NOW_MS, { timeoutMs: 2_000 });
    expect(report).toEqual({
      addressed: 50,
      attempts: 52,
      delivered: 50,
      failed: 2,
      givenUp: 0,
      released: 48,
    });
    expect(silent.received).toHaveLength(2);
    const silentOnes = (await fixture.deliveries()).filter(({ target }) => target === "whe_a-silent");
    expect(silentOnes.filter(({ attempts }) => attempts === 1)).toHaveLength(2);
    expect(silentOnes.filter(({ attempts }) => attempts === 0)).toHaveLength(48);
    expect(new Set(silentOnes.map(({ dueMs }) => dueMs))).toEqual(new Set([NOW_MS + 5_000]));
    expect(await getEndpoint(fixture.ledger.database, "whe_a-silent")).toMatchObject({ slowSinceMs: NOW_MS });

    silent.answer = acknowledge;
    expect(await fixture.run(NOW_MS + MINUTE_MS)).toMatchObject({ attempts: 50, delivered: 50, released: 0 });
    expect(await getEndpoint(fixture.ledger.database, "whe_a-silent")).toMatchObject({ slowSinceMs: null });
    expect(new Set(silent.received.map(({ id }) => id)).size).toBe(50);
    await silent.stop();
  });

  test("many that are known to be silent: a healthy one waits for none of them", async () => {
    const silent = await startReceiver(keepSilent);
    for (let index = 0; index < 12; index += 1) {
      await fixture.endpoint(`a${index}`, `${silent.url}/${index}`);
    }
    await fixture.endpoint("z", receiver.url);
    await fixture.ledger.raw("update webhook_endpoints set slow_since = now() where endpoint_id <> 'whe_z'");
    await told("told");
    const running = fixture.run(NOW_MS, { timeoutMs: 20_000, fetch: untilAborted(silent.url) });
    await receiver.whenReceived(1);
    expect(silent.received.length).toBeLessThanOrEqual(2);
    abortAll();
    expect(await running).toMatchObject({ delivered: 1, failed: 12 });
    await silent.stop();
  });

  test("one that asks for a pause: is asked for nothing more in this run", async () => {
    receiver.answer = answerWith(429, "", { "retry-after": "600" });
    await fixture.endpoint("1", receiver.url);
    for (let index = 0; index < 20; index += 1) {
      await told(`n${index}`);
    }
    expect(await fixture.run(NOW_MS)).toMatchObject({ failed: 2, released: 18 });
    expect(receiver.received).toHaveLength(2);
    expect(new Set((await fixture.deliveries()).map(({ dueMs }) => dueMs))).toEqual(
      new Set([NOW_MS + 600_000]),
    );
  });

  test("no more than two at once of one endpoint, and six in all", async () => {
    const open = new Map<string, number>();
    const most = { one: 0, all: 0 };
    receiver.answer = (outgoing, _received, incoming) => {
      const path = incoming.url ?? "";
      open.set(path, (open.get(path) ?? 0) + 1);
      most.one = Math.max(most.one, open.get(path) ?? 0);
      most.all = Math.max(
        most.all,
        [...open.values()].reduce((sum, count) => sum + count, 0),
      );
      setImmediate(() => {
        open.set(path, (open.get(path) ?? 0) - 1);
        outgoing.writeHead(200).end();
      });
    };
    for (let index = 0; index < 8; index += 1) {
      await fixture.endpoint(String(index), `${receiver.url}/${index}`);
    }
    await fixture.ledger.raw("update webhook_endpoints set slow_since = now() where endpoint_id > 'whe_4'");
    for (let index = 0; index < 10; index += 1) {
      await told(`n${index}`);
    }
    expect(await fixture.run(NOW_MS)).toMatchObject({ delivered: 80 });
    expect(most.one).toBeLessThanOrEqual(2);
    expect(most.all).toBeLessThanOrEqual(6);
  });

  let aborted: (() => void)[] = [];
  /** Requests to one receiver end when the test says so. */
  function untilAborted(prefix: string) {
    aborted = [];
    return (url: string, init: RequestInit): Promise<Response> => {
      if (!url.startsWith(prefix)) {
        return fetch(url, init);
      }
      const controller = new AbortController();
      aborted.push(() => controller.abort());
      if (isEnded) {
        controller.abort();
      }
      return fetch(url, { ...init, signal: controller.signal });
    };
  }
  let isEnded = false;
  function abortAll(): void {
    isEnded = true;
    for (const abort of aborted) {
      abort();
    }
  }
});

test("work of a run: bounded by count, of one endpoint and in all; the next run goes on", async () => {
  await fixture.endpoint("1", receiver.url);
  await fixture.ledger.raw(
    `insert into notifications (notification_id, type, subject, data, created_at)
     select 'ntf_' || n, 'limit.reached', 'n' || n, '{}', now() from generate_series(1, 350) as n`,
  );
  expect(await fixture.run(NOW_MS)).toMatchObject({ addressed: 350, delivered: 300 });
  expect((await readDue(fixture.counters.redis)).dueMs).toBe(NOW_MS);
  expect(await fixture.run(NOW_MS + MINUTE_MS)).toMatchObject({ addressed: 0, delivered: 50 });
  expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(350);
});

test("a run that takes too long: begins nothing that might outlast its lease, and lets the rest go", async () => {
  await fixture.endpoint("1", receiver.url);
  for (let index = 0; index < 9; index += 1) {
    await told(`n${index}`);
  }
  let clockMs = NOW_MS;
  const now = (): number => clockMs;
  receiver.answer = (outgoing) => {
    clockMs += 100_000;
    outgoing.writeHead(200).end();
  };
  const report = await fixture.run(NOW_MS, { now });
  expect(report.delivered).toBeLessThanOrEqual(4);
  expect(report.delivered + report.released).toBe(9);
  receiver.answer = acknowledge;
  await fixture.run(NOW_MS + MINUTE_MS);
  expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(9);
  expect(receiver.received).toHaveLength(9);
});

describe("secrets", () => {
  test("while two are valid, both sign; then the new one alone", async () => {
    const before = await fixture.endpoint("1", receiver.url);
    const sealed = await fixture.box.seal("whe_1", "whsec_bmV3IHNlY3JldCBvZiB0aGUgZW5kcG9pbnQ=");
    const realMs = Date.now();
    await rotateSecret(fixture.ledger.database, "whe_1", sealed, realMs + HOUR_MS);
    await told("n1");
    await fixture.run(NOW_MS);
    await told("n2", {}, NOW_MS + 1);
    await fixture.run(NOW_MS + MINUTE_MS, { now: () => realMs + HOUR_MS });
    const [first, second] = receiver.received.map(
      ({ headers }) => headers["webhook-signature"]?.split(" ").length,
    );
    expect([first, second]).toEqual([2, 1]);
    for (const secret of [before, "whsec_bmV3IHNlY3JldCBvZiB0aGUgZW5kcG9pbnQ="]) {
      expect(verified(secret, receiver.received[0]!)).toBeDefined();
    }
    expect(() => verified(before, receiver.received[1]!)).toThrow();
  });

  test.each([
    ["no key to read it with", { secretBox: undefined }, "not_configured"],
    ["one sealed under another key", {}, "secret_unreadable"],
  ])("%s: nothing is sent, and it is tried again", async (_name, changes, failure) => {
    await fixture.endpoint("1", receiver.url, { secret: "v1.AAAA.BBBB" });
    await told("told");
    expect(await fixture.run(NOW_MS, changes)).toMatchObject({ attempts: 1, failed: 1 });
    expect(await fixture.deliveries()).toMatchObject([{ state: "pending", failure, dueMs: NOW_MS + 5_000 }]);
    expect(receiver.received).toEqual([]);
  });

  test("an address that is not allowed any more: nothing is sent, and it is tried again", async () => {
    await fixture.endpoint("1", receiver.url);
    await told("told");
    await fixture.run(NOW_MS, { allowPrivate: false });
    expect(await fixture.deliveries()).toMatchObject([{ state: "pending", failure: "address_refused" }]);
    expect(receiver.received).toEqual([]);
  });
});

describe("e-mail", () => {
  beforeEach(() => putCustomer("cus_acme", { email: "billing@acme.example", name: "Acme <Ltd>" }));
  const data = { metric: "api_calls", current: "9000", included: "10000" };

  test("goes to the customer's address, in text and HTML", async () => {
    await told("told", { data });
    expect(await fixture.run(NOW_MS)).toMatchObject({ attempts: 1, delivered: 1 });
    const [{ notification_id: id } = {}] = await fixture.ledger.raw(
      "select notification_id from notifications",
    );
    expect(fixture.mails).toEqual([
      {
        to: "billing@acme.example",
        from: "meter@example.com",
        subject: "api_calls: 90 % of what is included is used",
        text: expect.stringContaining("Hello Acme <Ltd>,"),
        html: expect.stringContaining("Hello Acme &lt;Ltd&gt;,"),
        headers: { "X-Notification-Id": id },
      },
    ]);
  });

  test("goes to nobody for what is the operator's", async () => {
    await told("told", { type: "invoice.created" });
    await told("drift", { type: "integrity.drift_detected" });
    expect(await fixture.run(NOW_MS)).toMatchObject({ addressed: 2, attempts: 0 });
  });

  test("is not made where none is sent, and waits where none is sent any more", async () => {
    await told("n1");
    expect(await fixture.run(NOW_MS, { email: undefined })).toMatchObject({ addressed: 1, attempts: 0 });
    expect(await fixture.deliveries()).toEqual([]);
    await told("n2", {}, NOW_MS + 1);
    const send = (): Promise<never> => Promise.reject(new Error("it is away"));
    await fixture.run(NOW_MS, { email: { from: "meter@example.com", send } });
    await fixture.run(NOW_MS + MINUTE_MS, { email: undefined });
    expect(await fixture.deliveries()).toMatchObject([{ state: "pending", failure: "email_not_configured" }]);
  });

  test.each([
    [
      "it is refused",
      Object.assign(new Error("a@b is bad"), { code: "E_RECIPIENT_SUPPRESSED" }),
      "email_refused",
      "E_RECIPIENT_SUPPRESSED",
    ],
    ["the service is away", new Error("socket of billing@acme.example"), "unreachable", null],
    [
      "it fails with another code",
      Object.assign(new Error("x"), { code: "billing@acme.example" }),
      "unreachable",
      null,
    ],
  ])("is tried again when %s, and no address is written down", async (_name, error, failure, response) => {
    await told("told");
    const email = { from: "meter@example.com", send: () => Promise.reject(error) };
    expect(await fixture.run(NOW_MS, { email })).toMatchObject({ failed: 1 });
    expect(await fixture.deliveries()).toMatchObject([
      { target: "email", state: "pending", failure, dueMs: NOW_MS + 5_000 },
    ]);
    expect(await fixture.ledger.raw("select failure, response from delivery_attempts")).toEqual([
      { failure, response },
    ]);
    expect(await fixture.run(NOW_MS + MINUTE_MS)).toMatchObject({ delivered: 1 });
  });

  test("is tried again when the service does not answer in time", async () => {
    await told("told");
    const email = { from: "meter@example.com", send: () => new Promise<never>(() => undefined) };
    await fixture.run(NOW_MS, { email, timeoutMs: 20 });
    expect(await fixture.deliveries()).toMatchObject([{ state: "pending", failure: "timeout" }]);
  });

  test("goes to the address that the customer has by then; to none when it has none", async () => {
    await told("told");
    const email = { from: "meter@example.com", send: () => Promise.reject(new Error("away")) };
    await fixture.run(NOW_MS, { email });
    await fixture.ledger.raw(`update customers set settings = '{"email":"new@acme.example"}'`);
    await fixture.run(NOW_MS + MINUTE_MS);
    expect(fixture.mails.map(({ to }) => to)).toEqual(["new@acme.example"]);
    await told("n2", {}, NOW_MS + 1);
    await fixture.run(NOW_MS + 2 * MINUTE_MS, { email });
    await fixture.ledger.raw("update customers set settings = '{}'");
    await fixture.run(NOW_MS + 3 * MINUTE_MS);
    expect((await fixture.deliveries())[1]).toMatchObject({ state: "pending", failure: "no_address" });
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
});
