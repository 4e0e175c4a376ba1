import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { alertRulesSchema } from "../../../src/domain/alert-rule.ts";
import {
  getAlertRules,
  insertAlerts,
  listAlerts,
  putAlertRules,
  type Alert,
  type NewAlert,
} from "../../../src/ledger/alerts.ts";
import { deleteCustomer, putCustomer } from "../../../src/ledger/customers.ts";
import { type LedgerFixture, startLedgerFixture, withMonthBefore } from "../../support/ledger-fixture.ts";
import { newAlert } from "../../support/new-alert.ts";

const NOW_MS = Date.parse("2026-11-23T12:34:56.789Z");
const NOVEMBER = { startMs: Date.parse("2026-11-01"), endMs: Date.parse("2026-12-01") };
const DECEMBER = { startMs: NOVEMBER.endMs, endMs: Date.parse("2027-01-01") };

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

function insert(alerts: readonly NewAlert[], nowMs = NOW_MS): Promise<{ fired: number; told: number }> {
  return insertAlerts(fixture.database, alerts, nowMs);
}

function thresholds(...all: string[]): NewAlert[] {
  return all.map((threshold) => newAlert({ threshold }));
}

/** What was told, as `customer threshold`. */
async function told(): Promise<string[]> {
  const rows = await fixture.raw(
    "select data ->> 'customerId' || ' ' || (data ->> 'threshold') as words from notifications order by 1",
  );
  return rows.map(({ words }) => words ?? "");
}

describe("alerts that are inserted", () => {
  test("are there as they were given, with the time", async () => {
    const spend = newAlert({
      kind: "spend",
      ruleId: "dear",
      metricName: "",
      measure: "amount",
      threshold: "120.5",
      current: "9007199254740993.10",
      whole: null,
      currency: "usd",
    });
    const fine = newAlert({ threshold: "0.123456789", measure: "quantity", current: "1.000", whole: null });
    expect(await insert([spend])).toEqual({ fired: 1, told: 1 });
    expect(await insert([fine], NOW_MS + 1)).toEqual({ fired: 1, told: 1 });

    const listed = await listAlerts(fixture.database, {}, 10, undefined);
    expect(listed.map(({ firedAtMs }) => firedAtMs)).toEqual([NOW_MS + 1, NOW_MS]);
    const given = [fine, spend].map(({ type, data }, index) => ({ ...listed[index], type, data }));
    expect(given).toEqual([
      { ...fine, firedAtMs: NOW_MS + 1 },
      { ...spend, firedAtMs: NOW_MS },
    ]);
  });

  test("tell, in the same statement, what they were given", async () => {
    const alert = newAlert({ data: { customerId: "cus_acme", text: "Ünï\u{1F600} ' \\" } });
    await insert([alert]);
    expect(
      await fixture.raw("select type, subject, customer_id, data::text, created_at::text from notifications"),
    ).toMatchObject([
      { type: "usage.threshold_reached", subject: `alert:${alert.alertId}`, customer_id: "cus_acme" },
    ]);
    const [row] = await fixture.raw("select data::text as data from notifications");
    expect(JSON.parse(row?.["data"] ?? "")).toEqual(alert.data);
  });

  test("several at once: each is recorded, one notification tells the highest", async () => {
    // By number, not by text.
    expect(await insert(thresholds("80", "100", "1000", "90"))).toEqual({ fired: 4, told: 1 });
    expect(await told()).toEqual(["cus_acme 1000"]);
  });

  test("a higher one later tells itself; a lower one, too", async () => {
    await insert(thresholds("80", "90"));
    expect(await insert(thresholds("80", "90", "100"))).toEqual({ fired: 1, told: 1 });
    expect(await insert(thresholds("50", "80"))).toEqual({ fired: 1, told: 1 });
    expect(await told()).toEqual(["cus_acme 100", "cus_acme 50", "cus_acme 90"]);
  });

  test("again do nothing, however their threshold is written", async () => {
    await insert(thresholds("80"));
    expect(await insert([...thresholds("80"), ...thresholds("80.000")])).toEqual({ fired: 0, told: 0 });
    expect(await insert([...thresholds("90"), ...thresholds("90.0")])).toEqual({ fired: 1, told: 1 });
  });

  test("of another customer, rule, metric, measure or period are others", async () => {
    const others: Partial<NewAlert>[] = [
      {},
      { customerId: "cus_other" },
      { ruleId: "own" },
      { metricName: "seats" },
      { measure: "quantity" },
      { period: DECEMBER },
    ];
    const pair = (changes: Partial<NewAlert>) =>
      ["80", "90"].map((threshold) => newAlert({ ...changes, threshold }));
    expect(await insert(others.flatMap(pair))).toEqual({ fired: 12, told: 6 });
    expect(await told()).toEqual([...Array.from({ length: 5 }, () => "cus_acme 90"), "cus_other 90"]);
    expect(await insert(others.flatMap(pair))).toEqual({ fired: 0, told: 0 });
  });

  test("whose period's end has moved are the same", async () => {
    await insert([newAlert()]);
    const longer = { startMs: NOVEMBER.startMs, endMs: DECEMBER.endMs };
    expect(await insert([newAlert({ period: longer })])).toEqual({ fired: 0, told: 0 });
  });

  test("a page that is refused leaves nothing", async () => {
    const refused = newAlert({ threshold: "90", current: "many" });
    await expect(insert([newAlert(), refused])).rejects.toThrow("22P02");
    expect(await listAlerts(fixture.database, {}, 10, undefined)).toEqual([]);
    expect(await told()).toEqual([]);
  });

  test("by eight runs at once, each in its own order and with a part of them: each once, and no run is stopped", async () => {
    const anyRuns = fc.array(fc.shuffledSubarray(Array.from({ length: 60 }, (_, index) => index)), {
      minLength: 8,
      maxLength: 8,
    });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(anyRuns, async (runs) => {
        round += 1;
        const alertOf = (index: number) =>
          newAlert({
            customerId: `cus_${round}_${index % 6}`,
            threshold: String(50 + 10 * Math.floor(index / 6)),
          });
        const answers = await Promise.all(runs.map((indexes) => insert(indexes.map(alertOf))));

        const fired = answers.reduce((sum, answer) => sum + answer.fired, 0);
        expect(fired).toBe(new Set(runs.flat()).size);
        const [row] = await fixture.raw(
          `select count(*) as alerts, count(distinct (customer_id, threshold)) as different,
             (select count(*) from notifications where customer_id like $1) as told
           from alerts where customer_id like $1`,
          [`cus\\_${round}\\_%`],
        );
        expect(row).toEqual({
          alerts: String(fired),
          different: String(fired),
          told: String(answers.reduce((sum, answer) => sum + answer.told, 0)),
        });
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});

describe("a list of alerts", () => {
  const CUSTOMERS = ["cus_a", "cus_b", "cus_a", "cus_c", "cus_a"];

  beforeEach(async () => {
    for (const [index, customerId] of CUSTOMERS.entries()) {
      // Two of each moment: they are told apart by their ids.
      const alertId = `alt_list_${index}`;
      await insert(
        [newAlert({ alertId, customerId, threshold: String(index + 1) })],
        NOW_MS + Math.floor(index / 2),
      );
    }
  });

  const ids = (alerts: readonly Alert[]) => alerts.map(({ alertId }) => Number(alertId.split("_").at(-1)));

  test("is from newest to oldest, page by page", async () => {
    const pages: number[][] = [];
    let after: { timeMs: number; id: string } | undefined;
    do {
      const page = await listAlerts(fixture.database, {}, 2, after);
      const last = page.at(-1);
      after = last && { timeMs: last.firedAtMs, id: last.alertId };
      pages.push(ids(page));
    } while (after !== undefined);
    expect(pages).toEqual([[4, 3], [2, 1], [0], []]);
  });

  test.each([
    { name: "a customer's", filter: { customerId: "cus_a" }, expected: [4, 2, 0] },
    { name: "of a moment and after", filter: { fromMs: NOW_MS + 1 }, expected: [4, 3, 2] },
    {
      name: "a customer's since then",
      filter: { customerId: "cus_a", fromMs: NOW_MS + 1 },
      expected: [4, 2],
    },
    { name: "of a moment after all", filter: { fromMs: NOW_MS + 3 }, expected: [] },
    { name: "an unknown customer's", filter: { customerId: "cus_x" }, expected: [] },
  ])("$name", async ({ filter, expected }) => {
    expect(ids(await listAlerts(fixture.database, filter, 10, undefined))).toEqual(expected);
  });
});

describe("rules of alerts", () => {
  const { rules } = alertRulesSchema.parse({
    rules: [
      {
        id: "own",
        kind: "usage",
        metricName: "calls",
        measure: "quantity",
        thresholds: ["0.123456789", 1e21],
      },
      { id: "dear", kind: "spend", enabled: false, thresholds: ["120.50"] },
      { id: "default_forecast", kind: "forecast" },
    ],
  });

  function put(nowMs = NOW_MS): Promise<boolean> {
    return putCustomer(fixture.database, "cus_acme", {}, nowMs, withMonthBefore(NOVEMBER));
  }

  test("are none until some are put, and are replaced as a whole", async () => {
    await put();
    expect(await getAlertRules(fixture.database, "cus_acme")).toEqual([]);
    expect(await putAlertRules(fixture.database, "cus_acme", rules, NOW_MS)).toBe(true);
    expect(await getAlertRules(fixture.database, "cus_acme")).toEqual(rules);
    expect(await putAlertRules(fixture.database, "cus_acme", rules.slice(1), NOW_MS)).toBe(true);
    expect(await getAlertRules(fixture.database, "cus_acme")).toEqual(rules.slice(1));
    expect(await putAlertRules(fixture.database, "cus_acme", [], NOW_MS)).toBe(true);
    expect(await getAlertRules(fixture.database, "cus_acme")).toEqual([]);
  });

  test("of a customer that was never put are refused", async () => {
    expect(await putAlertRules(fixture.database, "cus_acme", rules, NOW_MS)).toBe(false);
    expect(await getAlertRules(fixture.database, "cus_acme")).toBeUndefined();
  });

  test("go with the customer, and do not come back with it", async () => {
    await put();
    await putAlertRules(fixture.database, "cus_acme", rules, NOW_MS);
    expect(await deleteCustomer(fixture.database, "cus_acme", NOW_MS)).toBe(true);
    expect(await getAlertRules(fixture.database, "cus_acme")).toBeUndefined();
    expect(await putAlertRules(fixture.database, "cus_acme", rules, NOW_MS)).toBe(false);
    await put(NOW_MS + 1);
    expect(await getAlertRules(fixture.database, "cus_acme")).toEqual([]);
  });

  test("of another customer stay when one is deleted", async () => {
    await put();
    await putAlertRules(fixture.database, "cus_acme", rules, NOW_MS);
    expect(await deleteCustomer(fixture.database, "cus_other", NOW_MS)).toBe(false);
    expect(await getAlertRules(fixture.database, "cus_acme")).toEqual(rules);
  });
});
