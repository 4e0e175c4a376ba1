import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { demoCatalog } from "../../../local/demo-catalog.ts";
import { checkForecasts } from "../../../src/alerts/check-forecasts.ts";
import type { AlertRule } from "../../../src/domain/alert-rule.ts";
import { putAlertRules } from "../../../src/ledger/alerts.ts";
import { insertCatalog } from "../../../src/ledger/catalog-versions.ts";
import { putCustomer } from "../../../src/ledger/customers.ts";
import type { Database } from "../../../src/ledger/database.ts";
import { getForecast } from "../../../src/ledger/forecasts.ts";
import { catalogSchema } from "../../../src/rating/catalog.ts";
import { type LedgerFixture, startLedgerFixture, withMonthBefore } from "../../support/ledger-fixture.ts";

const utc = (text: string): number => Date.parse(`${text}Z`);
const NOVEMBER = { startMs: utc("2026-11-01T00:00"), endMs: utc("2026-12-01T00:00") };
const AUGUST = { startMs: utc("2026-08-01T00:00"), endMs: utc("2026-09-01T00:00") };
const NOW_MS = utc("2026-11-16T00:17");
const DAY_MS = 86_400_000;

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(async () => {
  await fixture.clear();
  await insertCatalog(fixture.database, 0, catalogSchema.parse(demoCatalog), utc("2026-01-01T00:00"), "test");
});
afterAll(() => fixture.stop());

/** A customer since August who has called so often on each day until yesterday. */
async function customer(customerId: string, budget: string | undefined, callsADay: number): Promise<void> {
  const settings = budget === undefined ? {} : { budget };
  await putCustomer(fixture.database, customerId, settings, AUGUST.startMs, withMonthBefore(AUGUST));
  await fixture.raw(
    `insert into billing_periods (customer_id, period_start, period_end)
     values ($1, '2026-11-01T00:00Z', '2026-12-01T00:00Z')`,
    [customerId],
  );
  await fixture.raw(
    `insert into usage_daily (customer_id, day, series, metric_name, dimensions, aggregation, value)
     select $1, day::date, '\\x01', 'api_calls', '{}', 'sum', $2
     from generate_series('2026-08-01'::date, '2026-11-15'::date, '1 day') as day`,
    [customerId, callsADay],
  );
}

function check(nowMs = NOW_MS, database: Database = fixture.database) {
  const catalogMemory = { held: undefined, others: [], readAtMs: 0, reading: undefined };
  const failures: unknown[] = [];
  const log = (entry: { error?: unknown }): void => void failures.push(entry.error);
  return checkForecasts({ database, catalogMemory, randomId: () => crypto.randomUUID(), log }, nowMs);
}

function told() {
  return fixture.raw("select type, customer_id, data::text from notifications order by customer_id");
}

test("forecast: steady use that will pass the budget is told once, with what is expected", async () => {
  // 30 × 10,000 calls: 90 of the first 100,000 and 100 of 200,000 more; so far 150,000: 115.
  await customer("cus_over", "150.00", 10_000);
  await customer("cus_under", "250.00", 10_000);
  await customer("cus_past", "100.00", 10_000);
  await customer("cus_none", undefined, 10_000);

  expect(await check()).toEqual({ checked: 3, fired: 1, told: 1, failed: 0 });
  const [only, ...others] = await told();
  expect(others).toEqual([]);
  expect([only?.["type"], only?.["customer_id"]]).toEqual(["budget.forecast_exceeded", "cus_over"]);
  expect(JSON.parse(only?.["data"] ?? "")).toMatchObject({
    customerId: "cus_over",
    rule: "default_forecast",
    currency: "usd",
    current: "115.00",
    // 17 minutes of the day have gone by without a call.
    projected: "189.94",
    budget: "150.00",
    passesOn: "2026-11-23",
    period: { start: "2026-11-01T00:00:00.000Z", end: "2026-12-01T00:00:00.000Z" },
  });
  expect(await getForecast(fixture.database, "cus_under")).toMatchObject({
    periodStartMs: NOVEMBER.startMs,
    currency: "usd",
    projectedMinor: 18_994n,
    checkedAtMs: NOW_MS,
  });
  expect(await check(NOW_MS + DAY_MS)).toMatchObject({ checked: 3, fired: 0, told: 0 });
});

test("forecast: each customer is looked at once a day, from midnight on", async () => {
  await customer("cus_over", "250.00", 10_000);

  expect((await check()).checked).toBe(1);
  expect((await check(utc("2026-11-16T23:59"))).checked).toBe(0);
  expect((await check(utc("2026-11-17T00:00"))).checked).toBe(1);
});

test("forecast: another budget is another forecast; a rule that is off tells nothing", async () => {
  await customer("cus_over", "150.00", 10_000);
  const off: AlertRule = { id: "default_forecast", kind: "forecast", enabled: false };
  await putAlertRules(fixture.database, "cus_over", [off], NOW_MS);
  expect((await check()).fired).toBe(0);

  await putAlertRules(fixture.database, "cus_over", [], NOW_MS);
  expect((await check(NOW_MS + DAY_MS)).fired).toBe(1);
  await putCustomer(fixture.database, "cus_over", { budget: "160" }, NOW_MS, withMonthBefore(NOVEMBER));
  expect((await check(NOW_MS + 2 * DAY_MS)).fired).toBe(1);
  await putCustomer(fixture.database, "cus_over", { budget: "150" }, NOW_MS, withMonthBefore(NOVEMBER));
  expect((await check(NOW_MS + 3 * DAY_MS)).fired).toBe(0);
});

test("forecast: a run that dies before its last statement is done again, and tells nothing twice", async () => {
  await customer("cus_over", "150.00", 10_000);
  const dying: Database = {
    ...fixture.database,
    query: (text, params) =>
      text.includes("insert into budget_forecasts")
        ? Promise.reject(new Error("died"))
        : fixture.database.query(text, params),
  };
  await expect(check(NOW_MS, dying)).rejects.toThrow("died");
  expect(await told()).toHaveLength(1);

  expect(await check(NOW_MS + 3_600_000)).toEqual({ checked: 1, fired: 0, told: 0, failed: 0 });
  expect(await told()).toHaveLength(1);
});

test("forecast: runs at once tell once", async () => {
  await Promise.all(Array.from({ length: 30 }, (_, index) => customer(`cus_${index}`, "150.00", 10_000)));
  const reports = await Promise.all(Array.from({ length: 4 }, () => check()));

  expect(reports.reduce((sum, { fired }) => sum + fired, 0)).toBe(30);
  expect(await told()).toHaveLength(30);
});

test("forecast: 250 customers cost a few statements a hundred", async () => {
  await Promise.all(Array.from({ length: 250 }, (_, index) => customer(`cus_${index}`, "150.00", 10_000)));
  const statements: string[] = [];
  const counting: Database = {
    ...fixture.database,
    query: (text, params) => {
      statements.push(text);
      return fixture.database.query(text, params);
    },
  };
  expect((await check(NOW_MS, counting)).checked).toBe(250);
  // Three pages of who, days, periods, alerts and forecasts; the catalog once; and who is left.
  expect(statements).toHaveLength(3 * 5 + 1 + 1);
});
