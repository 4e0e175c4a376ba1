import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { addressNotifications } from "../../../src/ledger/delivery-making.ts";
import {
  deleteEndpoint,
  enableEndpoint,
  getEndpoint,
  insertEndpoint,
  listEndpoints,
  rotateSecret,
} from "../../../src/ledger/webhook-endpoints.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";
import { endpoint, tell } from "../../support/notified.ts";

const TERMS = { nowMs: 2000, giveUpMs: 9000, hasEmail: true };

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

const NEW = {
  endpointId: "whe_1",
  url: "https://example.com/",
  types: ["limit.reached"],
  customerId: "cus_acme",
  secret: "sealed-1",
};
const SHOWN = {
  endpointId: "whe_1",
  url: "https://example.com/",
  types: ["limit.reached"],
  customerId: "cus_acme",
  createdMs: 1000,
  previousValidUntilMs: null,
  disabledMs: null,
  disabledReason: null,
  slowSinceMs: null,
};

test("an endpoint: is kept as it was made", async () => {
  expect(await insertEndpoint(fixture.database, NEW, 1000)).toEqual(SHOWN);
  expect(await getEndpoint(fixture.database, "whe_1")).toEqual({
    ...SHOWN,
    secret: "sealed-1",
    previous: null,
  });
  expect(await getEndpoint(fixture.database, "whe_2")).toBeUndefined();
});

test("endpoints: are listed without secrets from newest to oldest, of one customer or of all, page by page", async () => {
  for (const [index, customerId] of [null, "cus_a", "cus_b", "cus_a"].entries()) {
    await endpoint(fixture.database, String(index), { customerId }, 1000 + Math.floor(index / 2));
  }
  const ids = async (...args: [string | undefined, number, { timeMs: number; id: string } | undefined]) =>
    (await listEndpoints(fixture.database, ...args)).map(({ endpointId }) => endpointId);
  expect(await ids(undefined, 10, undefined)).toEqual(["whe_3", "whe_2", "whe_1", "whe_0"]);
  expect(await ids(undefined, 2, { timeMs: 1001, id: "whe_2" })).toEqual(["whe_1", "whe_0"]);
  expect(await ids("cus_a", 10, undefined)).toEqual(["whe_3", "whe_1"]);
  expect(await ids("cus_c", 10, undefined)).toEqual([]);
  expect(Object.keys((await listEndpoints(fixture.database, undefined, 1, undefined))[0] ?? {})).toEqual(
    Object.keys(SHOWN),
  );
});

test("a new secret: signs beside the one before until a time, and the one before that no more", async () => {
  await insertEndpoint(fixture.database, NEW, 1000);
  expect(await rotateSecret(fixture.database, "whe_1", "sealed-2", 5000)).toEqual({
    ...SHOWN,
    previousValidUntilMs: 5000,
  });
  await rotateSecret(fixture.database, "whe_1", "sealed-3", 6000);
  expect(await getEndpoint(fixture.database, "whe_1")).toMatchObject({
    secret: "sealed-3",
    previous: { secret: "sealed-2", validUntilMs: 6000 },
  });
  expect(await rotateSecret(fixture.database, "whe_2", "sealed", 5000)).toBeUndefined();
});

test("a deleted endpoint: is gone with its secrets, and what waited for it is given up", async () => {
  await insertEndpoint(fixture.database, NEW, 1000);
  await endpoint(fixture.database, "other");
  await rotateSecret(fixture.database, "whe_1", "sealed-2", 5000);
  await tell(fixture.database, "told", 1500, { type: "limit.reached" });
  expect(await addressNotifications(fixture.database, TERMS, 10)).toBe(1);

  expect(await deleteEndpoint(fixture.database, "whe_1", 3000)).toBe(true);
  expect(await deleteEndpoint(fixture.database, "whe_1", 4000)).toBe(false);
  expect(await getEndpoint(fixture.database, "whe_1")).toBeUndefined();
  expect(await listEndpoints(fixture.database, "cus_acme", 10, undefined)).toEqual([]);
  expect(await rotateSecret(fixture.database, "whe_1", "sealed", 5000)).toBeUndefined();
  expect(await enableEndpoint(fixture.database, "whe_1")).toBeUndefined();
  expect(
    await fixture.raw("select secret, previous_secret from webhook_endpoints where endpoint_id = 'whe_1'"),
  ).toEqual([{ secret: null, previous_secret: null }]);
  expect(await fixture.raw("select target, state, failure from deliveries order by target")).toEqual([
    { target: "whe_1", state: "failed", failure: "endpoint_deleted" },
    { target: "whe_other", state: "pending", failure: null },
  ]);
});

test("an endpoint that nobody made: deleting it gives up nothing, e-mails least of all", async () => {
  await fixture.raw(
    `insert into customers (customer_id, settings, created_at, updated_at) values ('cus_acme', '{"email":"a@example.com"}', now(), now())`,
  );
  await tell(fixture.database, "told", 1500);
  await addressNotifications(fixture.database, TERMS, 10);
  expect(await deleteEndpoint(fixture.database, "email", 3000)).toBe(false);
  expect(await fixture.raw("select target, state from deliveries")).toEqual([
    { target: "email", state: "pending" },
  ]);
});

test("endpoints of a customer: ten, whoever else has how many, and one more when one is deleted", async () => {
  for (let count = 0; count < 10; count += 1) {
    await endpoint(fixture.database, `a${count}`, { customerId: "cus_a" });
  }
  const eleventh = { ...NEW, endpointId: "whe_a10", customerId: "cus_a" };
  expect(await insertEndpoint(fixture.database, eleventh, 1000)).toBeUndefined();
  await endpoint(fixture.database, "b0", { customerId: "cus_b" });
  await endpoint(fixture.database, "all");
  expect(await getEndpoint(fixture.database, "whe_b0")).toBeDefined();
  expect(await getEndpoint(fixture.database, "whe_all")).toBeDefined();
  await deleteEndpoint(fixture.database, "whe_a3", 2000);
  expect(await insertEndpoint(fixture.database, eleventh, 1000)).toBeDefined();
});

test("endpoints of a customer: ten, also when twenty are made at once", async () => {
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, count) =>
      insertEndpoint(fixture.database, { ...NEW, endpointId: `whe_${count}` }, 1000),
    ),
  );
  expect(made.filter((one) => one !== undefined)).toHaveLength(10);
});

test.each([
  ["without a customer, 50", "null", 50, null],
  ["in all, 10,000", "'cus_' || n", 10_000, "cus_new"],
])("endpoints %s", async (_name, customer, limit, customerId) => {
  await fixture.raw(
    `insert into webhook_endpoints (endpoint_id, url, customer_id, secret, created_at)
     select 'whe_f' || n, 'https://example.com/', ${customer}, 's', now() from generate_series(1, ${limit - 1}) as n`,
  );
  expect(
    await insertEndpoint(fixture.database, { ...NEW, endpointId: "whe_last", customerId }, 1000),
  ).toBeDefined();
  expect(
    await insertEndpoint(fixture.database, { ...NEW, endpointId: "whe_over", customerId }, 1000),
  ).toBeUndefined();
});
