import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { claimDeliveries, nextDue, type ClaimTerms } from "../../../src/ledger/deliveries.ts";
import { addressNotifications } from "../../../src/ledger/delivery-making.ts";
import { rotateSecret } from "../../../src/ledger/webhook-endpoints.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";
import { endpoint, tell } from "../../support/notified.ts";

const NOW_MS = 100_000;
const LEASE_END_MS = 400_000;
const GIVE_UP_MS = 900_000;

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

/** Tells so many things and addresses them. */
async function told(count: number, nowMs = NOW_MS): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await tell(fixture.database, `n${index}-${nowMs}`, nowMs - count + index, { data: { index } });
  }
  await addressNotifications(fixture.database, { nowMs, giveUpMs: GIVE_UP_MS, hasEmail: true }, 1000);
}

function claim(claimId: string, changes: Partial<ClaimTerms> = {}) {
  const terms = { nowMs: NOW_MS, leaseEndMs: LEASE_END_MS, limit: 100, perTarget: 100, beginAfter: "" };
  return claimDeliveries(fixture.database, { claimId, ...terms, ...changes });
}

test("a claim: brings all that an attempt needs", async () => {
  await endpoint(fixture.database, "1", { customerId: "cus_acme" });
  await rotateSecret(fixture.database, "whe_1", "sealed-2", 500_000);
  await fixture.raw(
    `insert into customers (customer_id, settings, created_at, updated_at) values ('cus_acme', '{"email":"a@example.com","name":"Acme"}', now(), now())`,
  );
  await tell(fixture.database, "told", 1000, {
    data: { current: "9007199254740993", n: 9007199254740993n.toString() },
  });
  await addressNotifications(fixture.database, { nowMs: NOW_MS, giveUpMs: GIVE_UP_MS, hasEmail: true }, 10);
  const shared = {
    notificationId: expect.stringMatching(/^ntf_[0-9a-f-]{36}$/),
    type: "usage.threshold_reached",
    customerId: "cus_acme",
    createdMs: 1000,
    data: '{"n": "9007199254740993", "current": "9007199254740993"}',
    attempts: 1,
    giveUpMs: GIVE_UP_MS,
  };
  expect(await claim("run")).toEqual([
    {
      ...shared,
      target: "email",
      endpoint: undefined,
      recipient: { address: "a@example.com", name: "Acme" },
    },
    {
      ...shared,
      target: "whe_1",
      endpoint: {
        url: "https://example.com/1",
        secret: "sealed-2",
        previous: { secret: "sealed", validUntilMs: 500_000 },
        isDisabled: false,
        isSlow: false,
      },
      recipient: null,
    },
  ]);
});

test("a claim: takes what is due, and leaves it to nobody else until its lease ends", async () => {
  await endpoint(fixture.database, "1");
  await told(2);
  expect(await claim("early", { nowMs: NOW_MS - 1 })).toEqual([]);
  expect(await claim("first")).toHaveLength(2);
  expect(await claim("second", { nowMs: LEASE_END_MS - 1 })).toEqual([]);
  const taken = await claim("second", { nowMs: LEASE_END_MS, leaseEndMs: 700_000 });
  expect(taken.map(({ attempts }) => attempts)).toEqual([2, 2]);
  expect(await nextDue(fixture.database)).toBe(700_000);
});

test("claims at once: each delivery is one run's", async () => {
  for (const name of ["1", "2", "3"]) {
    await endpoint(fixture.database, name);
  }
  await told(40);
  const claims = await Promise.all(
    Array.from({ length: 8 }, (_, run) => claim(`run-${run}`, { limit: 37, beginAfter: `whe_${run % 4}` })),
  );
  const rest: unknown[] = [];
  for (let page = await claim("rest"); page.length > 0; page = await claim("rest")) {
    rest.push(...page);
  }
  const names = claims.flat().map(({ notificationId, target }) => `${notificationId} ${target}`);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length + rest.length).toBe(120);
});

test("a claim: gives every target an equal part, the oldest of each first", async () => {
  for (const name of ["a", "b", "c"]) {
    await endpoint(fixture.database, name);
  }
  await told(5);
  await fixture.raw("update deliveries set due_at = due_at - interval '1 minute' where target = 'whe_a'");
  const taken = await claim("run", { perTarget: 2 });
  expect(taken.map(({ target, data }) => [target, data])).toEqual(
    ["whe_a", "whe_b", "whe_c"].flatMap((target) => [
      [target, '{"index": 0}'],
      [target, '{"index": 1}'],
    ]),
  );
});

test.each([
  ["", ["whe_a", "whe_b"]],
  ["whe_a", ["whe_b", "whe_c"]],
  ["whe_b", ["whe_a", "whe_c"]],
  ["whe_c", ["whe_a", "whe_b"]],
  ["whe_z", ["whe_a", "whe_b"]],
])("a claim that begins after '%s' with room for two targets: takes of %o", async (beginAfter, targets) => {
  for (const name of ["a", "b", "c"]) {
    await endpoint(fixture.database, name);
  }
  await told(3);
  const taken = await claim("run", { beginAfter, limit: 6 });
  expect([...new Set(taken.map(({ target }) => target))]).toEqual(targets);
});

describe("what is due next", () => {
  test("nothing, where nothing was ever told", async () => {
    expect(await nextDue(fixture.database)).toBe(Infinity);
  });

  test("what is not addressed, at once", async () => {
    await endpoint(fixture.database, "1");
    await told(1);
    await tell(fixture.database, "new", 5);
    expect(await nextDue(fixture.database)).toBe(0);
  });

  test("the earliest of what is pending", async () => {
    await endpoint(fixture.database, "1");
    await told(1, 70_000);
    await told(1, 60_000);
    expect(await nextDue(fixture.database)).toBe(60_000);
  });
});
