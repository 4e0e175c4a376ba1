import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { checkAlerts } from "../../../src/alerts/check-alerts.ts";
import { checkForecasts } from "../../../src/alerts/check-forecasts.ts";
import { MINUTE_MS } from "../../../src/domain/window.ts";
import { putCustomer } from "../../../src/ledger/customers.ts";
import {
  alertIsolate,
  checking,
  firedAndTold,
  INCLUDED_CALLS,
  startAlertFixture,
} from "../../support/alert-fixture.ts";
import type { FlushFixture } from "../../support/flush-fixture.ts";
import { withMonthBefore } from "../../support/ledger-fixture.ts";
import { NOW_MS } from "../../support/measurement.ts";

let fixture: FlushFixture;

beforeAll(async () => {
  fixture = await startAlertFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

/** Usage that the ledger holds and cannot add up: Postgres answers 22003. */
async function spoil(customerId: string): Promise<void> {
  await fixture.sql.query(
    `insert into usage_daily (customer_id, day, series, metric_name, dimensions, aggregation, value)
     select $1, (to_timestamp($2::bigint / 1000.0) at time zone 'UTC')::date, series, 'api_calls', '{}', 'sum', 9e131071
     from unnest(array['\\x0a'::bytea, '\\x0b'::bytea]) as series`,
    [customerId, NOW_MS],
  );
}

const names = ["cus_0", "cus_1", "cus_2", "cus_3", "cus_4"];

test("a customer whose usage the ledger cannot add up: the others are warned, and the flush lets go of all", async () => {
  await spoil("cus_2");
  await fixture.count(
    names.map((customerId) => ({ customerId, value: INCLUDED_CALLS, timeMs: NOW_MS })),
    NOW_MS,
  );
  const isolate = alertIsolate(fixture.database, fixture.counters.redis);
  const { onWritten, report } = checking(isolate);
  const flushed = await fixture.flush(NOW_MS + MINUTE_MS, { onWritten });
  expect(flushed.buckets).toBe(5);
  expect(report).toEqual({ checked: 4, fired: 12, told: 4, failed: 1 });
  expect(isolate.logged).toMatchObject([
    { event: "alerts_not_checked", customerId: "cus_2", error: { code: "22003" } },
  ]);
  expect((await firedAndTold(fixture)).told).toEqual(
    ["cus_0", "cus_1", "cus_3", "cus_4"].map((customerId) => `${customerId} 100`),
  );
  // Nothing comes back when the claim is over.
  expect((await fixture.flush(NOW_MS + 30 * MINUTE_MS, { onWritten })).buckets).toBe(0);
});

test("customers whose usage the ledger cannot add up: the others are forecast", async () => {
  const monthMs = Date.UTC(new Date(NOW_MS).getUTCFullYear(), new Date(NOW_MS).getUTCMonth());
  const endMs = Date.UTC(new Date(NOW_MS).getUTCFullYear(), new Date(NOW_MS).getUTCMonth() + 1);
  for (const customerId of names) {
    await putCustomer(
      fixture.database,
      customerId,
      { budget: "50.00" },
      monthMs,
      withMonthBefore({ startMs: monthMs, endMs }),
    );
  }
  await spoil("cus_0");
  await spoil("cus_3");
  const isolate = alertIsolate(fixture.database, fixture.counters.redis);
  expect(await checkForecasts(isolate, NOW_MS)).toMatchObject({ checked: 3, failed: 2 });
  expect(isolate.logged).toMatchObject([{ customerId: "cus_0" }, { customerId: "cus_3" }]);
});

test("more refusals than customers can be at fault for: the check fails as a whole", async () => {
  const many = Array.from({ length: 52 }, (_, index) => `cus_${index}`);
  for (const customerId of many) {
    await spoil(customerId);
  }
  const isolate = alertIsolate(fixture.database, fixture.counters.redis);
  const moments = many.map((customerId) => ({ customerId, timeMs: NOW_MS }));
  await expect(checkAlerts(isolate, moments, NOW_MS)).rejects.toMatchObject({ code: "22003" });
});
