import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { addressNotifications } from "../../../src/ledger/delivery-making.ts";
import {
  getNotification,
  listAttempts,
  listNotifications,
  type NotificationFilter,
} from "../../../src/ledger/notification-list.ts";
import { pruneNotifications } from "../../../src/ledger/notification-retention.ts";
import { deleteEndpoint } from "../../../src/ledger/webhook-endpoints.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";
import { endpoint, tell } from "../../support/notified.ts";

const TERMS = { nowMs: 5000, giveUpMs: 9000, hasEmail: false };

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

async function idOf(subject: string): Promise<string> {
  const [row] = await fixture.raw("select notification_id from notifications where subject = $1", [subject]);
  return row?.["notification_id"] ?? "";
}

async function settle(subject: string, target: string, state: "delivered" | "failed"): Promise<void> {
  await fixture.raw(
    `update deliveries set state = $3, due_at = null, settled_at = '1970-01-01T00:00:07Z', status = 200, failure = $4
     where notification_id = $1 and target = $2`,
    [await idOf(subject), target, state, state === "failed" ? "status" : null],
  );
}

describe("a list", () => {
  beforeEach(async () => {
    await endpoint(fixture.database, "a");
    await endpoint(fixture.database, "b");
    await tell(fixture.database, "n1", 1000, { customerId: "cus_a" });
    await tell(fixture.database, "n2", 2000, { customerId: "cus_b" });
    await tell(fixture.database, "n3", 2000, { customerId: "cus_a", type: "limit.reached" });
    await tell(fixture.database, "n4", 3000, { customerId: null, type: "operations.redis_reset" });
    await addressNotifications(fixture.database, TERMS, 10);
    await settle("n1", "whe_a", "delivered");
    await settle("n1", "whe_b", "delivered");
    await settle("n2", "whe_a", "failed");
    await settle("n3", "whe_a", "failed");
    await settle("n3", "whe_b", "failed");
  });

  async function listed(filter: NotificationFilter, limit = 10, after?: { timeMs: number; id: string }) {
    const found = await listNotifications(fixture.database, filter, limit, after);
    const subjects = await fixture.raw("select notification_id, subject from notifications");
    const names = new Map(subjects.map((row) => [row["notification_id"], row["subject"]]));
    return found.map(({ notificationId }) => names.get(notificationId));
  }
  /** Of one moment the greater id comes first. */
  async function ofOneMoment(...subjects: string[]): Promise<string[]> {
    const ids = await Promise.all(subjects.map(async (subject) => [await idOf(subject), subject] as const));
    return ids.toSorted(([left], [right]) => (left < right ? 1 : -1)).map(([, subject]) => subject);
  }

  test("goes from newest to oldest, page by page", async () => {
    const all = ["n4", ...(await ofOneMoment("n2", "n3")), "n1"];
    expect(await listed({})).toEqual(all);
    const pages: unknown[] = [];
    let after: { timeMs: number; id: string } | undefined;
    for (;;) {
      const [one] = await listNotifications(fixture.database, {}, 1, after);
      if (one === undefined) {
        break;
      }
      pages.push(...(await listed({}, 1, after)));
      after = { timeMs: one.createdMs, id: one.notificationId };
    }
    expect(pages).toEqual(all);
  });

  test.each<[NotificationFilter, string[]]>([
    [{ customerId: "cus_a" }, ["n3", "n1"]],
    [{ type: "operations.redis_reset" }, ["n4"]],
    [{ customerId: "cus_a", type: "limit.reached" }, ["n3"]],
    [{ customerId: "cus_b", type: "limit.reached" }, []],
    [{ state: "delivered" }, ["n1"]],
    [{ state: "pending" }, ["n4", "n2"]],
    [{ state: "failed", customerId: "cus_b" }, ["n2"]],
    [{ state: "failed", type: "limit.reached" }, ["n3"]],
    [{ state: "delivered", customerId: "cus_b" }, []],
  ])("of %o: %o", async (filter, expected) => {
    expect(await listed(filter)).toEqual(expected);
  });

  test("of a state: page by page, each notification once", async () => {
    const both = await ofOneMoment("n2", "n3");
    expect(await listed({ state: "failed" })).toEqual(both);
    const first = { timeMs: 2000, id: await idOf(both[0] ?? "") };
    expect(await listed({ state: "failed" }, 10, first)).toEqual([both[1]]);
  });

  test("shows each delivery's state", async () => {
    expect(await getNotification(fixture.database, await idOf("n2"))).toEqual({
      notificationId: await idOf("n2"),
      type: "usage.threshold_reached",
      customerId: "cus_b",
      createdMs: 2000,
      data: {},
      addressedMs: 5000,
      deliveries: [
        {
          target: "whe_a",
          state: "failed",
          attempts: 0,
          nextAttemptAt: null,
          status: 200,
          failure: "status",
          settledAt: "1970-01-01T00:00:07.000Z",
        },
        {
          target: "whe_b",
          state: "pending",
          attempts: 0,
          nextAttemptAt: "1970-01-01T00:00:05.000Z",
          status: null,
          failure: null,
          settledAt: null,
        },
      ],
    });
    expect(await getNotification(fixture.database, "ntf_unknown")).toBeUndefined();
  });
});

test("a notification that is not addressed yet: says so", async () => {
  await tell(fixture.database, "n1", 1000);
  expect(await getNotification(fixture.database, await idOf("n1"))).toMatchObject({
    addressedMs: null,
    deliveries: [],
  });
});

test("attempts: are listed from newest to oldest, at most so many", async () => {
  await endpoint(fixture.database, "a");
  await tell(fixture.database, "n1", 1000);
  await addressNotifications(fixture.database, TERMS, 10);
  const id = await idOf("n1");
  for (const [index, failure] of ["timeout", "status", null].entries()) {
    await fixture.raw(
      `insert into delivery_attempts (notification_id, target, attempted_at, duration_ms, status, failure, response)
       values ($1, 'whe_a', to_timestamp($2::int), $2::int, $3, $4, $5)`,
      [id, String(index), failure === "timeout" ? null : 200, failure, failure === "timeout" ? null : "said"],
    );
  }
  const attempts = await listAttempts(fixture.database, id, 10);
  expect(attempts).toEqual([
    {
      target: "whe_a",
      at: "1970-01-01T00:00:02.000Z",
      durationMs: 2,
      status: 200,
      failure: null,
      response: "said",
    },
    {
      target: "whe_a",
      at: "1970-01-01T00:00:01.000Z",
      durationMs: 1,
      status: 200,
      failure: "status",
      response: "said",
    },
    {
      target: "whe_a",
      at: "1970-01-01T00:00:00.000Z",
      durationMs: 0,
      status: null,
      failure: "timeout",
      response: null,
    },
  ]);
  expect(await listAttempts(fixture.database, id, 1)).toEqual(attempts.slice(0, 1));
});

describe("retention", () => {
  const BEFORE_MS = 3000;

  beforeEach(async () => {
    await endpoint(fixture.database, "a");
    for (const [index, atMs] of [1000, 2000, 2999, 3000].entries()) {
      await tell(fixture.database, `n${index}`, atMs);
    }
    await addressNotifications(fixture.database, TERMS, 10);
    await fixture.raw(
      `insert into delivery_attempts (notification_id, target, attempted_at, duration_ms)
       select notification_id, target, notified_at, 1 from deliveries`,
    );
  });

  async function left(): Promise<unknown> {
    const notifications = await fixture.raw("select subject from notifications order by subject");
    const counted = await fixture.raw(
      "select (select count(*) from deliveries)::text as deliveries, (select count(*) from delivery_attempts)::text as attempts",
    );
    return [notifications.map(({ subject }) => subject), counted[0]];
  }

  test("what was told before a moment, and is settled, goes with how it was delivered", async () => {
    await settle("n0", "whe_a", "delivered");
    await settle("n1", "whe_a", "failed");
    await settle("n3", "whe_a", "delivered");
    expect(await pruneNotifications(fixture.database, BEFORE_MS, 100)).toEqual({
      attempts: 3,
      deliveries: 2,
      notifications: 2,
      endpoints: 0,
    });
    expect(await left()).toEqual([["n2", "n3"], { deliveries: "2", attempts: "1" }]);
  });

  test("so many of each at a time, the oldest first", async () => {
    await fixture.raw("update deliveries set state = 'delivered', due_at = null, settled_at = now()");
    expect(await pruneNotifications(fixture.database, BEFORE_MS, 2)).toEqual({
      attempts: 2,
      deliveries: 2,
      notifications: 2,
      endpoints: 0,
    });
    expect(await left()).toEqual([["n2", "n3"], { deliveries: "2", attempts: "2" }]);
  });

  test("what is to be told still stays", async () => {
    await tell(fixture.database, "unaddressed", 500);
    expect((await pruneNotifications(fixture.database, BEFORE_MS, 100)).notifications).toBe(0);
    expect(((await left()) as [string[]])[0]).toContain("unaddressed");
  });

  test("endpoints that were deleted before a moment go", async () => {
    await endpoint(fixture.database, "b");
    await deleteEndpoint(fixture.database, "whe_a", 2999);
    await deleteEndpoint(fixture.database, "whe_b", 3000);
    expect((await pruneNotifications(fixture.database, BEFORE_MS, 100)).endpoints).toBe(1);
    expect(await fixture.raw("select endpoint_id from webhook_endpoints")).toEqual([
      { endpoint_id: "whe_b" },
    ]);
  });
});
