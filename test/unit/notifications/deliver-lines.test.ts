import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readDue } from "../../../src/counters/due.ts";
import { MINUTE_MS } from "../../../src/domain/window.ts";
import { getEndpoint } from "../../../src/ledger/webhook-endpoints.ts";
import { LEASE_MS } from "../../../src/notifications/deliver.ts";
import { type DeliveryFixture, startDeliveryFixture } from "../../support/delivery-fixture.ts";
import { tell } from "../../support/notified.ts";
import {
  acknowledge,
  answerWith,
  keepSilent,
  startReceiver,
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

describe("a ledger that refuses to keep what came of an attempt", () => {
  beforeEach(async () => {
    await fixture.endpoint("a-refused", receiver.url);
    await fixture.endpoint("b-well", receiver.url);
    await fixture.ledger.raw(
      "alter table delivery_attempts add constraint poison check (target <> 'whe_a-refused' or response is null)",
    );
  });
  afterEach(() => fixture.ledger.raw("alter table delivery_attempts drop constraint poison"));

  test("holds up no other endpoint, is told, and sends no more than two for nothing", async () => {
    for (let index = 0; index < 9; index += 1) {
      await told(`n${index}`);
    }
    await expect(fixture.run(NOW_MS)).rejects.toThrow("the ledger did not keep what came of some attempts");
    const states = Map.groupBy(await fixture.deliveries(), ({ target, state }) => `${target} ${state}`);
    expect(new Map([...states].map(([name, { length }]) => [name, length]))).toEqual(
      new Map([
        ["whe_a-refused pending", 9],
        ["whe_b-well delivered", 9],
      ]),
    );
    expect(receiver.received.length).toBeLessThanOrEqual(11);
  });

  test("is not asked for ever: after ten attempts it is given up", async () => {
    await told("told");
    let nowMs = NOW_MS;
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      await expect(fixture.run(nowMs)).rejects.toThrow("the ledger did not keep");
      nowMs += LEASE_MS;
    }
    expect(await fixture.run(nowMs)).toMatchObject({ attempts: 0, givenUp: 1 });
    expect((await fixture.deliveries())[0]).toMatchObject({ state: "failed", failure: "abandoned" });
    expect(receiver.received).toHaveLength(11);
  });
});
