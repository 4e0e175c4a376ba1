import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  claimDeliveries,
  nextDue,
  releaseDeliveries,
  settleDelivery,
  type ClaimTerms,
  type SettledDelivery,
} from "../../../src/ledger/deliveries.ts";
import { addressNotifications } from "../../../src/ledger/delivery-making.ts";
import { deleteEndpoint, enableEndpoint, getEndpoint } from "../../../src/ledger/webhook-endpoints.ts";
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

async function rows(): Promise<unknown[]> {
  const found = await fixture.raw(
    `select target, state, attempts::text, claim_id, (extract(epoch from due_at) * 1000)::bigint::text as due_ms, status::text, failure
     from deliveries order by notified_at, target`,
  );
  return found.map((row) => [
    row["target"],
    row["state"],
    row["attempts"],
    row["claim_id"],
    row["due_ms"],
    row["status"],
    row["failure"],
  ]);
}

async function settleFirst(claimId: string, changes: Partial<SettledDelivery>): Promise<void> {
  const [row] = await fixture.raw(
    "select notification_id, target from deliveries order by notified_at, target limit 1",
  );
  await settleDelivery(
    fixture.database,
    {
      notificationId: row?.["notification_id"] ?? "",
      target: row?.["target"] ?? "",
      claimId,
      attempt: { attemptedMs: NOW_MS, durationMs: 12, status: 500, failure: "status", response: "no" },
      failure: "status",
      settlement: { state: "pending", dueMs: 200_000 },
      isSlow: undefined,
      ...changes,
    },
    NOW_MS,
  );
}

describe("settling", () => {
  beforeEach(async () => {
    await endpoint(fixture.database, "1");
    await told(1);
  });

  test("delivered: is done, and its attempt is kept", async () => {
    await claim("run");
    const attempt = { attemptedMs: NOW_MS + 5, durationMs: 12, status: 204, failure: null, response: "" };
    await settleFirst("run", { attempt, failure: null, settlement: { state: "delivered" } });
    expect(await rows()).toEqual([["whe_1", "delivered", "1", null, null, "204", null]]);
    expect(
      await fixture.raw(
        "select (extract(epoch from attempted_at) * 1000)::bigint::text as at, duration_ms::text, status::text, failure, response from delivery_attempts",
      ),
    ).toEqual([{ at: "100005", duration_ms: "12", status: "204", failure: null, response: "" }]);
    expect(await nextDue(fixture.database)).toBe(Infinity);
  });

  test("not delivered: is due at its time", async () => {
    await claim("run");
    await settleFirst("run", {});
    expect(await rows()).toEqual([["whe_1", "pending", "1", null, "200000", "500", "status"]]);
    expect(await nextDue(fixture.database)).toBe(200_000);
  });

  test("failed: is not due any more", async () => {
    await claim("run");
    await settleFirst("run", { settlement: { state: "failed", disables: false } });
    expect(await rows()).toEqual([["whe_1", "failed", "1", null, null, "500", "status"]]);
  });

  test("by a run whose lease is over: what failed is the other run's to say, what was delivered is delivered", async () => {
    await claim("first");
    await claim("second", { nowMs: LEASE_END_MS, leaseEndMs: 700_000 });
    await settleFirst("first", {});
    await settleFirst("first", { settlement: { state: "failed", disables: false } });
    expect(await rows()).toEqual([["whe_1", "pending", "2", "second", "700000", null, null]]);
    await settleFirst("first", { failure: null, settlement: { state: "delivered" } });
    await settleFirst("second", {});
    expect(await rows()).toEqual([["whe_1", "delivered", "2", null, null, "500", null]]);
  });

  test("gone: the endpoint takes nothing any more, until it is enabled", async () => {
    await tell(fixture.database, "more", 50);
    await addressNotifications(
      fixture.database,
      { nowMs: 200_000, giveUpMs: GIVE_UP_MS, hasEmail: true },
      10,
    );
    await claim("run");
    await fixture.raw(
      "update deliveries set notified_at = notified_at - interval '1 day' where claim_id = 'run'",
    );
    await settleFirst("run", { settlement: { state: "failed", disables: true } });
    expect(await rows()).toEqual([
      ["whe_1", "failed", "1", null, null, "500", "status"],
      ["whe_1", "failed", "0", null, null, null, "endpoint_disabled"],
    ]);
    expect(await getEndpoint(fixture.database, "whe_1")).toMatchObject({
      disabledMs: NOW_MS,
      disabledReason: "gone",
    });
    await told(1, 300_000);
    expect(await rows()).toHaveLength(2);
    expect(await enableEndpoint(fixture.database, "whe_1")).toMatchObject({ disabledMs: null });
    await told(1, 350_000);
    expect(await rows()).toHaveLength(3);
  });

  test("slow: is written down when it begins, and when it ends", async () => {
    await claim("run");
    await settleFirst("run", { isSlow: true });
    expect(await getEndpoint(fixture.database, "whe_1")).toMatchObject({ slowSinceMs: NOW_MS });
    expect((await claim("next", { nowMs: 200_000 }))[0]?.endpoint).toMatchObject({ isSlow: true });
    await settleFirst("next", { isSlow: false });
    expect(await getEndpoint(fixture.database, "whe_1")).toMatchObject({ slowSinceMs: null });
  });

  test("a deleted or disabled endpoint: is told to the run that has claimed for it", async () => {
    await fixture.raw("update webhook_endpoints set disabled_at = now(), disabled_reason = 'gone'");
    expect((await claim("run"))[0]?.endpoint).toMatchObject({ isDisabled: true, secret: "sealed" });
    await fixture.raw("update webhook_endpoints set deleted_at = now(), secret = null");
    expect((await claim("next", { nowMs: LEASE_END_MS }))[0]?.endpoint).toMatchObject({ secret: undefined });
  });

  test("many at once of one endpoint, some of them gone, and its deletion: nobody waits for another in a ring", async () => {
    await told(60, NOW_MS - 1);
    const taken = await claim("run");
    await Promise.all([
      ...taken.map(({ notificationId, target }, index) =>
        settleDelivery(
          fixture.database,
          {
            notificationId,
            target,
            claimId: "run",
            attempt: { attemptedMs: NOW_MS, durationMs: 1, status: 410, failure: "status", response: null },
            failure: "status",
            settlement:
              index % 3 === 0 ? { state: "failed", disables: true } : { state: "pending", dueMs: 200_000 },
            isSlow: index % 2 === 0,
          },
          NOW_MS,
        ),
      ),
      deleteEndpoint(fixture.database, "whe_1", NOW_MS),
    ]);
    expect((await rows()).filter((row) => (row as string[])[1] !== "failed")).toEqual([]);
  });
});

describe("releasing", () => {
  beforeEach(async () => {
    await endpoint(fixture.database, "1");
    await told(1);
  });

  async function release(claimId: string, dueMs: number): Promise<void> {
    const [row] = await fixture.raw("select notification_id from deliveries");
    const released = {
      notificationId: row?.["notification_id"] ?? "",
      target: "whe_1",
      dueMs,
      failure: "timeout",
    };
    await releaseDeliveries(fixture.database, claimId, [released], NOW_MS);
  }

  test("what was taken and not tried: is due again, and its attempt does not count", async () => {
    await claim("run");
    await release("run", 250_000);
    expect(await rows()).toEqual([["whe_1", "pending", "0", null, "250000", null, null]]);
  });

  test("what was taken by another run meanwhile: stays its own", async () => {
    await claim("first");
    await claim("second", { nowMs: LEASE_END_MS, leaseEndMs: 700_000 });
    await release("first", 250_000);
    expect(await rows()).toEqual([["whe_1", "pending", "2", "second", "700000", null, null]]);
  });

  test("what was settled meanwhile: stays settled", async () => {
    await claim("run");
    await settleFirst("run", { failure: null, settlement: { state: "delivered" } });
    await release("run", 250_000);
    expect(await rows()).toEqual([["whe_1", "delivered", "1", null, null, "500", null]]);
  });

  test.each([
    [GIVE_UP_MS, "pending"],
    [GIVE_UP_MS + 1, "failed"],
  ])("what would be due at %i: is %s", async (dueMs, state) => {
    await claim("run");
    await release("run", dueMs);
    const [[, is, , , , , failure] = []] = (await rows()) as string[][];
    expect([is, failure]).toEqual([state, state === "failed" ? "timeout" : null]);
  });
});
