import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { demoCatalog } from "../../../local/demo-catalog.ts";
import { alertRulesSchema } from "../../../src/domain/alert-rule.ts";
import type { CustomerSettings } from "../../../src/domain/customer.ts";
import { periodContaining } from "../../../src/domain/period.ts";
import { alertKey, readForAlerts } from "../../../src/ledger/alert-reading.ts";
import { insertAlerts, putAlertRules } from "../../../src/ledger/alerts.ts";
import { insertCatalog } from "../../../src/ledger/catalog-versions.ts";
import { deleteCustomer, putCustomer } from "../../../src/ledger/customers.ts";
import { catalogSchema } from "../../../src/rating/catalog.ts";
import { callsBucket } from "../../support/bucket.ts";
import { type LedgerFixture, startLedgerFixture, withMonthBefore } from "../../support/ledger-fixture.ts";
import { newAlert } from "../../support/new-alert.ts";
import { writeBuckets } from "../../support/write-buckets.ts";

const utc = (text: string): number => Date.parse(`${text}Z`);
const OCTOBER = { startMs: utc("2026-10-01T00:00"), endMs: utc("2026-11-01T00:00") };
const NOVEMBER = { startMs: OCTOBER.endMs, endMs: utc("2026-12-01T00:00") };
const NOW_MS = utc("2026-11-23T12:34");

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

function put(settings: CustomerSettings = {}, time = "2026-11-05T00:00", customerId = "cus_acme") {
  const current = periodContaining(utc(time));
  return putCustomer(fixture.database, customerId, settings, utc(time), withMonthBefore(current));
}

function read(...moments: (string | [customerId: string, time: string])[]) {
  const asked = moments.map((moment) => {
    const [customerId, time] = typeof moment === "string" ? ["cus_acme", moment] : moment;
    return { customerId: customerId ?? "", timeMs: utc(time ?? "") };
  });
  return readForAlerts(fixture.database, asked, NOW_MS);
}

/** What was read, as `customer start–end`. */
async function periods(...moments: Parameters<typeof read>): Promise<string[]> {
  const day = (timeMs: number) => new Date(timeMs).toISOString().slice(5, 10);
  return (await read(...moments))
    .map(({ customerId, period }) => `${customerId} ${day(period.startMs)} ${day(period.endMs)}`)
    .toSorted();
}

async function calls(...moments: Parameters<typeof read>): Promise<(string | undefined)[]> {
  const readings = await read(...moments);
  return readings
    .toSorted((left, right) => left.period.startMs - right.period.startMs)
    .flatMap(({ totals }) => totals.map((part) => part[0]?.value));
}

describe("the period that is read", () => {
  test.each([
    { at: "2026-11-01T00:00", expected: ["cus_acme 11-01 12-01"] },
    { at: "2026-11-30T23:59:59.999", expected: ["cus_acme 11-01 12-01"] },
    { at: "2026-10-31T23:59:59.999", expected: ["cus_acme 10-01 11-01"] },
    { at: "2026-12-01T00:00", expected: ["cus_acme 12-01 01-01"] },
  ])("of an unknown customer at $at is the calendar month", async ({ at, expected }) => {
    expect(await periods(at)).toEqual(expected);
    expect(await read(at)).toMatchObject([
      { changes: [], totals: [[]], rules: [], budget: null, lifetime: { startedMs: null, endedMs: null } },
    ]);
  });

  test("is the customer's own where it has one", async () => {
    await put();
    await fixture.raw("update billing_periods set period_start = '2026-11-10', period_end = '2026-11-20'");
    expect(await periods("2026-11-10T00:00")).toEqual(["cus_acme 11-10 11-20"]);
    expect(await periods("2026-11-19T23:59")).toEqual(["cus_acme 11-10 11-20"]);
    // Without a row: up to its neighbours, as the row will be.
    expect(await periods("2026-11-20T00:00")).toEqual(["cus_acme 11-20 12-01"]);
    expect(await periods("2026-11-09T23:59")).toEqual(["cus_acme 11-01 11-10"]);
  });

  test("that is closed is not read, the others are", async () => {
    await put({}, "2026-10-05T00:00");
    await fixture.raw(`insert into billing_periods values ('cus_acme', '2026-11-01', '2026-12-01')`);
    await fixture.raw("update billing_periods set closed_at = now() where period_start = '2026-10-01'");
    expect(await periods("2026-10-31T23:00")).toEqual([]);
    expect(await periods("2026-10-31T23:00", "2026-11-01T00:00")).toEqual(["cus_acme 11-01 12-01"]);
  });

  test("several moments of several customers: each period once", async () => {
    await put();
    const asked: Parameters<typeof read> = [
      "2026-11-23T12:00",
      "2026-11-23T12:00",
      "2026-11-02T00:00",
      "2026-10-31T23:00",
      ["cus_x", "2026-11-23T00:00"],
      ["cus_x", "2026-12-01T00:00"],
    ];
    expect(await periods(...asked)).toEqual([
      "cus_acme 10-01 11-01",
      "cus_acme 11-01 12-01",
      "cus_x 11-01 12-01",
      "cus_x 12-01 01-01",
    ]);
    expect(await periods()).toEqual([]);
  });

  test("has its own usage alone", async () => {
    await put({}, "2026-10-05T00:00");
    const buckets = [
      callsBucket("2026-10-31T23:00", 1),
      callsBucket("2026-11-01T00:00", 10),
      callsBucket("2026-11-30T23:00", 100),
      callsBucket("2026-12-01T00:00", 1000),
      callsBucket("2026-11-23T00:00", 10_000, { customerId: "cus_other" }),
    ];
    await writeBuckets(fixture.database, 0, buckets, NOW_MS);
    expect(await calls("2026-10-31T23:00", "2026-11-01T00:00", "2026-12-01T00:00")).toEqual([
      "1",
      "110",
      "1000",
    ]);
  });
});

describe("what is read of a customer", () => {
  test("its plans, budget and rules", async () => {
    const { rules } = alertRulesSchema.parse({
      rules: [{ id: "own", kind: "spend", thresholds: ["120.50"] }],
    });
    await put({ plan: "payg", budget: "500.00" }, "2026-10-05T12:10");
    await put({ plan: "flat99", budget: "500.00" }, "2026-11-10T12:10");
    await putAlertRules(fixture.database, "cus_acme", rules, NOW_MS);
    expect(await read("2026-11-23T00:00")).toMatchObject([
      {
        budget: "500.00",
        rules,
        changes: [{ planName: "payg" }, { planName: "flat99", fromMs: utc("2026-11-10T12:00") }],
        lifetime: { startedMs: utc("2026-10-05T12:00"), endedMs: null },
        totals: [[], []],
      },
    ]);
  });

  test("deleted, in its last period: its plan until it ended, without budget and rules", async () => {
    await put({ plan: "flat99", budget: "500.00" });
    await putAlertRules(fixture.database, "cus_acme", [], NOW_MS);
    await fixture.raw("update alert_rules set rules = '[1]'");
    await deleteCustomer(fixture.database, "cus_acme", utc("2026-11-20T08:00"));
    await fixture.raw(`insert into alert_rules values ('cus_acme', '[1]', now())`);
    expect(await read("2026-11-23T00:00")).toMatchObject([
      {
        period: NOVEMBER,
        budget: null,
        rules: [],
        changes: [{ planName: "flat99" }],
        lifetime: { startedMs: utc("2026-11-05T00:00"), endedMs: utc("2026-11-20T08:00") },
      },
    ]);
  });

  test("deleted, after its last period: as of one that is unknown", async () => {
    await put({ plan: "flat99", budget: "500.00" });
    await deleteCustomer(fixture.database, "cus_acme", utc("2026-11-20T08:00"));
    await writeBuckets(fixture.database, 0, [callsBucket("2026-12-02T00:00", 7)], NOW_MS);
    expect(await read("2026-12-02T00:00")).toMatchObject([
      {
        period: { startMs: NOVEMBER.endMs, endMs: utc("2027-01-01T00:00") },
        budget: null,
        changes: [],
        lifetime: { startedMs: null, endedMs: null },
        totals: [[{ metricName: "api_calls", value: "7" }]],
      },
    ]);
  });

  test.each([
    { put: "80", key: "80" },
    { put: "120.50", key: "120.5" },
    { put: 1e3, key: "1000" },
    { put: 1e21, key: "1000000000000000000000" },
    { put: 1e-7, key: "0.0000001" },
    { put: "0.100000001", key: "0.100000001" },
    { put: "9".repeat(64), key: "9".repeat(64) },
    { put: "007", key: "7" },
  ])("that a threshold of $put has fired, by the key that the rule gives", async ({ put: given, key }) => {
    const { rules } = alertRulesSchema.parse({
      rules: [{ id: "own.1", kind: "spend", thresholds: [given] }],
    });
    const [rule] = rules;
    const [threshold = ""] = rule?.kind === "spend" ? rule.thresholds : [];
    const alert = newAlert({ ruleId: "own.1", kind: "spend", metricName: "", measure: "amount", threshold });
    await insertAlerts(fixture.database, [alert], NOW_MS);

    const [reading] = await read("2026-11-23T00:00");
    expect([...(reading?.fired ?? [])]).toEqual([alertKey("own.1", "", "amount", threshold)]);
    expect(threshold).toBe(key);
  });

  test("that alerts have fired: of this customer and period alone", async () => {
    await insertAlerts(
      fixture.database,
      [
        newAlert({ threshold: "90" }),
        newAlert({ threshold: "80", metricName: "seats" }),
        newAlert({ threshold: "50", period: OCTOBER }),
        newAlert({ threshold: "60", customerId: "cus_other" }),
      ],
      NOW_MS,
    );
    const [reading] = await read("2026-11-23T00:00");
    expect([...(reading?.fired ?? [])].toSorted()).toEqual([
      alertKey("default_usage", "calls", "percent", "90"),
      alertKey("default_usage", "seats", "percent", "80"),
    ]);
    expect((await read("2026-12-01T00:00"))[0]?.fired).toEqual(new Set());
  });
});

describe("the catalog that prices what is read", () => {
  const catalog = catalogSchema.parse(demoCatalog);
  const publish = (version: number, time: string, terms: object = {}, plans = catalog.plans) =>
    insertCatalog(fixture.database, version - 1, { ...catalog, plans }, utc(time), "admin", terms);
  const version = async (...moments: Parameters<typeof read>) =>
    (await read(...moments)).map(({ catalogVersion }) => catalogVersion?.version);

  test("none before one is published", async () => {
    expect(await version("2026-11-23T00:00")).toEqual([undefined]);
  });

  test("the newest for the running period, the one in force at its end for another", async () => {
    await publish(1, "2026-09-01T00:00");
    await publish(2, "2026-11-02T00:00");
    await publish(3, "2026-11-03T00:00", { effective: "nextPeriod" });
    expect(await version("2026-11-23T00:00")).toEqual([2]);
    expect(await version("2026-10-31T00:00")).toEqual([1]);
    expect(await version("2026-12-01T00:00")).toEqual([3]);
    const [reading] = await read("2026-11-23T00:00");
    expect(reading?.catalogVersion).toEqual({ version: 2, publishedAtMs: utc("2026-11-02T00:00") });
  });

  test("one that has the customer's plans; each of a page by its own", async () => {
    await publish(1, "2026-09-01T00:00");
    const plus = { ...catalog.plans[0]!, name: "plus" };
    await put({}, "2026-10-05T00:00");
    await put({}, "2026-10-05T00:00", "cus_plus");
    await publish(2, "2026-11-01T01:00", {}, [...catalog.plans, plus]);
    await put({ plan: "plus" }, "2026-10-05T00:30", "cus_plus");
    const readings = await read(
      "2026-10-06T00:00",
      ["cus_plus", "2026-10-06T00:00"],
      ["cus_x", "2026-11-06T00:00"],
    );
    expect(
      Object.fromEntries(
        readings.map(({ customerId, catalogVersion }) => [customerId, catalogVersion?.version]),
      ),
    ).toEqual({ cus_acme: 1, cus_plus: 2, cus_x: 2 });
  });

  test("none when no version has a plan; a deleted customer's later usage is priced all the same", async () => {
    await publish(1, "2026-09-01T00:00");
    await put({ plan: "gone" });
    expect(await version("2026-11-23T00:00")).toEqual([undefined]);
    await deleteCustomer(fixture.database, "cus_acme", NOW_MS);
    expect(await version("2026-12-02T00:00")).toEqual([1]);
  });
});
