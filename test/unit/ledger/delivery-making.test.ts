import {
  array,
  assert,
  asyncProperty,
  boolean,
  constantFrom,
  option,
  record,
  subarray,
  tuple,
} from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CUSTOMER_TYPES, NOTIFICATION_TYPES } from "../../../src/domain/notification-type.ts";
import { addressNotifications, redeliver } from "../../../src/ledger/delivery-making.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";
import { endpoint, tell } from "../../support/notified.ts";

const TERMS = { nowMs: 2000, giveUpMs: 9000, hasEmail: true };
const CUSTOMERS = ["cus_a", "cus_b", "cus_c"];

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

async function putCustomer(customerId: string, email: string | undefined, isDeleted = false): Promise<void> {
  await fixture.raw(
    "insert into customers (customer_id, settings, created_at, updated_at, deleted_at) values ($1, $2, now(), now(), $3)",
    [customerId, JSON.stringify({ email }), isDeleted ? new Date() : null],
  );
}

async function made(): Promise<string[]> {
  const rows = await fixture.raw(
    "select subject, target from deliveries join notifications using (notification_id) order by subject, target",
  );
  return rows.map(({ subject, target }) => `${subject} to ${target}`);
}

async function idOf(subject: string): Promise<string> {
  const [row] = await fixture.raw("select notification_id from notifications where subject = $1", [subject]);
  return row?.["notification_id"] ?? "";
}

test("whoever is told of what: by property, never one customer's to another", async () => {
  const customer = option(constantFrom(...CUSTOMERS), { nil: null });
  const types = option(subarray([...NOTIFICATION_TYPES], { minLength: 1 }), { nil: null });
  const endpoints = array(
    record({ customerId: customer, types, state: constantFrom("live", "deleted", "disabled") }),
    { maxLength: 9 },
  );
  const told = array(
    record({ type: constantFrom(...NOTIFICATION_TYPES, "of.tomorrow"), customerId: customer }),
    { minLength: 1, maxLength: 12 },
  );
  const addresses = tuple(...CUSTOMERS.map(() => constantFrom("address", "none", "deleted", "unknown")));
  await assert(
    asyncProperty(endpoints, told, addresses, boolean(), async (given, notifications, emails, hasEmail) => {
      await fixture.clear();
      for (const [index, { customerId, types: chosen, state }] of given.entries()) {
        await endpoint(fixture.database, String(index), { customerId, types: chosen });
        if (state === "deleted") {
          await fixture.raw(
            "update webhook_endpoints set deleted_at = now(), secret = null where endpoint_id = $1",
            [`whe_${index}`],
          );
        } else if (state === "disabled") {
          await fixture.raw(
            "update webhook_endpoints set disabled_at = now(), disabled_reason = 'gone' where endpoint_id = $1",
            [`whe_${index}`],
          );
        }
      }
      for (const [index, kind] of emails.entries()) {
        if (kind !== "unknown") {
          await putCustomer(
            CUSTOMERS[index] ?? "",
            kind === "none" ? undefined : "a@example.com",
            kind === "deleted",
          );
        }
      }
      for (const [index, { type, customerId }] of notifications.entries()) {
        await tell(fixture.database, `n${index}`, 1000, { type, customerId });
      }
      expect(await addressNotifications(fixture.database, { ...TERMS, hasEmail }, 100)).toBe(
        notifications.length,
      );

      const expected = notifications.flatMap(({ type, customerId }, index) => {
        const isForCustomer = customerId !== null && (CUSTOMER_TYPES as readonly string[]).includes(type);
        const targets = given.flatMap((one, at) => {
          const isChosen = one.types === null || (one.types as string[]).includes(type);
          const isItsOwn = one.customerId === null || (isForCustomer && one.customerId === customerId);
          return one.state === "live" && isChosen && isItsOwn ? [`whe_${at}`] : [];
        });
        const isWritten =
          hasEmail && isForCustomer && emails[CUSTOMERS.indexOf(customerId ?? "")] === "address";
        return [...targets, ...(isWritten ? ["email"] : [])].map((target) => `n${index} to ${target}`);
      });
      expect((await made()).toSorted()).toEqual(expected.toSorted());
    }),
    { numRuns: 60 },
  );
}, 120_000);

test("a delivery: is due at once, and given up at its time", async () => {
  await endpoint(fixture.database, "1");
  await tell(fixture.database, "told", 1500);
  await addressNotifications(fixture.database, TERMS, 10);
  const ms = (name: string): string => `(extract(epoch from ${name}) * 1000)::bigint::text as ${name}`;
  expect(
    await fixture.raw(
      `select state, attempts::text, claim_id, ${ms("due_at")}, ${ms("give_up_at")}, ${ms("notified_at")} from deliveries`,
    ),
  ).toEqual([
    {
      state: "pending",
      attempts: "0",
      claim_id: null,
      due_at: "2000",
      give_up_at: "9000",
      notified_at: "1500",
    },
  ]);
  expect(await fixture.raw(`select ${ms("addressed_at")} from notifications`)).toEqual([
    { addressed_at: "2000" },
  ]);
});

test("addressing: so many at a time, the oldest first, each once", async () => {
  await endpoint(fixture.database, "1");
  for (const [index, atMs] of [5000, 3000, 4000].entries()) {
    await tell(fixture.database, `n${index}`, atMs);
  }
  expect(await addressNotifications(fixture.database, TERMS, 2)).toBe(2);
  expect(await made()).toEqual(["n1 to whe_1", "n2 to whe_1"]);
  expect(await addressNotifications(fixture.database, TERMS, 2)).toBe(1);
  expect(await addressNotifications(fixture.database, TERMS, 2)).toBe(0);
  expect(await made()).toHaveLength(3);
});

test("addressing by eight runs at once: each notification has its deliveries once", async () => {
  await endpoint(fixture.database, "1");
  await endpoint(fixture.database, "2");
  for (let count = 0; count < 100; count += 1) {
    await tell(fixture.database, `n${count}`, 1000 + count);
  }
  const addressed = await Promise.all(
    Array.from({ length: 8 }, () => addressNotifications(fixture.database, TERMS, 30)),
  );
  while ((await addressNotifications(fixture.database, TERMS, 30)) > 0) {
    // Until nothing is left.
  }
  expect(addressed.every((count) => count <= 30)).toBe(true);
  expect(new Set(await made()).size).toBe(200);
  expect(await made()).toHaveLength(200);
});

test("an endpoint made after a notification was addressed: is not told of it", async () => {
  await tell(fixture.database, "told", 1000);
  await addressNotifications(fixture.database, TERMS, 10);
  await endpoint(fixture.database, "late");
  await addressNotifications(fixture.database, TERMS, 10);
  expect(await made()).toEqual([]);
});

describe("again by hand", () => {
  beforeEach(async () => {
    await endpoint(fixture.database, "own", { customerId: "cus_acme" });
    await endpoint(fixture.database, "other", { customerId: "cus_other" });
    await putCustomer("cus_acme", "a@example.com");
    await tell(fixture.database, "told", 1000);
    await addressNotifications(fixture.database, TERMS, 10);
  });
  const LATER = { nowMs: 50_000, giveUpMs: 90_000, hasEmail: true };

  test("to all who would be told now, also to one that was made since, begun anew", async () => {
    await fixture.raw(
      "update deliveries set state = 'failed', due_at = null, settled_at = now(), attempts = 10, failure = 'timeout'",
    );
    await endpoint(fixture.database, "new");
    const targets = await redeliver(fixture.database, await idOf("told"), LATER, {});
    expect(targets.toSorted()).toEqual(["email", "whe_new", "whe_own"]);
    const rows = await fixture.raw(
      "select distinct state, attempts::text, (extract(epoch from due_at) * 1000)::bigint::text as due_ms, settled_at from deliveries",
    );
    expect(rows).toEqual([{ state: "pending", attempts: "0", due_ms: "50000", settled_at: null }]);
  });

  test.each([
    [{ endpointId: "whe_own" }, ["whe_own"]],
    [{ endpointId: "whe_other" }, []],
    [{ endpointId: "whe_nobody" }, []],
    [{ kind: "email" as const }, ["email"]],
    [{ kind: "webhook" as const }, ["whe_own"]],
    [{ kind: "webhook" as const, endpointId: "email" }, []],
  ])("to %o: %o", async (choice, expected) => {
    expect(await redeliver(fixture.database, await idOf("told"), LATER, choice)).toEqual(expected);
  });

  test("what a run is at is left to it", async () => {
    await fixture.raw("update deliveries set claim_id = 'run' where target = 'whe_own'");
    expect(await redeliver(fixture.database, await idOf("told"), LATER, {})).toEqual(["email"]);
  });

  test("what nobody knows is nobody's", async () => {
    expect(await redeliver(fixture.database, "ntf_unknown", LATER, {})).toEqual([]);
  });
});
