import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkAlerts } from "../../src/alerts/check-alerts.ts";
import { HOUR_MS, MINUTE_MS } from "../../src/domain/window.ts";
import { type FlushStores, flushStores } from "../../src/flush/flush-stores.ts";
import { putAlertRules } from "../../src/ledger/alerts.ts";
import { putCustomer } from "../../src/ledger/customers.ts";
import type { Database } from "../../src/ledger/database.ts";
import { alertIsolate, checking, firedAndTold, startAlertFixture } from "../support/alert-fixture.ts";
import { AlertSchedule } from "../support/alert-schedule.ts";
import { alertUsage, BEGIN_MS, expectedAlerts, KNOWN_RULES, KNOWN_SETTINGS } from "../support/alert-usage.ts";
import type { FlushFixture } from "../support/flush-fixture.ts";
import { withMonthBefore } from "../support/ledger-fixture.ts";
import { seeded } from "../support/product-load.ts";
import { firedAlerts, wronglyTold } from "../support/told-alerts.ts";

const SCHEDULES = Number(process.env["ALERT_SCHEDULES"] ?? 24);
const FIRST_SEED = Number(process.env["SEED"] ?? 1);
/** Schedules of the same usage. */
const ORDERS = 4;
const MARCH = { startMs: Date.parse("2100-03-01T00:00Z"), endMs: Date.parse("2100-04-01T00:00Z") };

let fixture: FlushFixture;

beforeAll(async () => {
  fixture = await startAlertFixture();
}, 60_000);
afterAll(() => fixture.stop());
beforeEach(clear);

async function clear(): Promise<void> {
  await fixture.clear();
  await fixture.sql.query(
    "delete from adjustments; delete from billing_periods; delete from customer_plans; delete from customers",
  );
}

test.each([2, 8])(
  "alerts, with up to %i runs at once: whatever the order, repeats, deaths and lost answers, each threshold fires once",
  { timeout: 7_200_000 },
  async (mostRuns) => {
    let [faults, fired] = [0, 0];
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SCHEDULES / 2; seed += 1) {
      await clear();
      const usage = alertUsage(seeded(Math.floor(seed / ORDERS)));
      const schedule = new AlertSchedule(fixture, seeded(1000 * mostRuns + seed), mostRuns);
      await schedule.begin();

      await schedule.play(usage.phases[0]);
      expect(await firedAlerts(fixture.sql), `seed ${seed}`).toEqual(expectedAlerts(usage, 1));
      await schedule.correct(usage);
      await schedule.play(usage.phases[1]);
      const expected = expectedAlerts(usage, 2);
      expect(await firedAlerts(fixture.sql), `seed ${seed}`).toEqual(expected);
      expect(await wronglyTold(fixture.sql), `seed ${seed}`).toEqual([]);
      faults += schedule.faults;
      fired += expected.length;
    }
    // It would hold where nothing happens, too.
    expect(Math.min(faults, fired)).toBeGreaterThan(5 * (SCHEDULES / 2));
  },
);

/** A fault of one call: it is never sent, or applied and not answered. */
type Mode = "before" | "after";

/** Fails one call of a run, the `index`th to the stores or to the ledger by the check; counts how many there were. */
class FailOnce {
  calls = 0;
  readonly #index: number;
  readonly #mode: Mode;

  constructor(index: number, mode: Mode) {
    this.#index = index;
    this.#mode = mode;
  }

  get hasFailed(): boolean {
    return this.calls > this.#index;
  }

  stores(): FlushStores {
    const stores = flushStores(fixture.counters.redis, fixture.database) as unknown as Calls;
    return Object.fromEntries(
      Object.entries(stores).map(([name, call]) => [
        name,
        (...args: never[]) => this.#run(() => call(...args)),
      ]),
    ) as unknown as FlushStores;
  }

  database(): Database {
    const { query, transaction } = fixture.database;
    return {
      query: (...args) => this.#run(() => query(...args)),
      transaction: (...args) => this.#run(() => transaction(...args)),
    };
  }

  async #run<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    const isChosen = this.calls === this.#index;
    this.calls += 1;
    if (isChosen && this.#mode === "before") {
      throw new Error("never sent");
    }
    const answer = await call();
    if (isChosen) {
      throw new Error("its answer is lost");
    }
    return answer;
  }
}

type Calls = Record<string, (...args: never[]) => Promise<unknown>>;

const calls = (customerId: string, value: bigint, timeMs = BEGIN_MS) => ({ customerId, value, timeMs });
const ALL = { fired: ["a 80", "a 90", "a 100", "b 80", "b 90"], told: ["a 100", "b 90"] };

test.each(["before", "after"] as const)(
  "a run that dies at any of its calls, %s it was applied: the run that takes over fires what it did not",
  async (mode) => {
    let index = 0;
    for (let isCut = true; isCut; index += 1) {
      await clear();
      await fixture.count([calls("a", 10_000n), calls("b", 9_000n)], BEGIN_MS);
      const fault = new FailOnce(index, mode);
      const { onWritten } = checking(alertIsolate(fault.database(), fixture.counters.redis));
      const died = await fixture
        .flush(BEGIN_MS + MINUTE_MS, { stores: fault.stores(), onWritten })
        .catch((error: unknown) => error);
      isCut = fault.hasFailed;
      expect(died instanceof Error, `call ${index}`).toBe(isCut);

      await fixture.flush(
        BEGIN_MS + 2 * MINUTE_MS,
        checking(alertIsolate(fixture.database, fixture.counters.redis)),
      );
      await fixture.flush(
        BEGIN_MS + 4 * MINUTE_MS,
        checking(alertIsolate(fixture.database, fixture.counters.redis)),
      );
      expect(await firedAndTold(fixture), `call ${index}`).toEqual(ALL);
      expect(await wronglyTold(fixture.sql)).toEqual([]);
    }
    // At least: shards, 16 claims, two writes, reading, catalog, insertion, two acknowledgements.
    expect(index).toBeGreaterThanOrEqual(24);
  },
  60_000,
);

test("a run that dies between the upsert and the check: taken over after three minutes, fired though no row changes", async () => {
  await fixture.count([calls("a", 10_000n)], BEGIN_MS);
  const onWritten = () => Promise.reject(new Error("died"));
  await expect(fixture.flush(BEGIN_MS + MINUTE_MS, { onWritten })).rejects.toThrow("died");
  const { onWritten: check, report } = checking(alertIsolate(fixture.database, fixture.counters.redis));

  expect(await fixture.flush(BEGIN_MS + 3 * MINUTE_MS, { onWritten: check })).toMatchObject({ buckets: 0 });
  expect(report.fired).toBe(0);
  const taken = await fixture.flush(BEGIN_MS + 4 * MINUTE_MS, { onWritten: check });
  expect(taken).toMatchObject({ buckets: 1, rowsChanged: 0 });
  expect(report).toEqual({ checked: 1, fired: 3, told: 1, failed: 0 });
});

test.each([2, 8])("%i runs truly at once, round after round: each threshold once", async (runs) => {
  const customers = Array.from({ length: 60 }, (_, index) => `c${index}`);
  for (let round = 0; round < 6; round += 1) {
    const nowMs = BEGIN_MS + round * MINUTE_MS;
    await fixture.count(
      customers.map((customerId) => calls(customerId, 2_000n, BEGIN_MS - (round % 3) * HOUR_MS)),
      nowMs,
    );
    await Promise.all(
      Array.from({ length: runs }, () =>
        fixture.flush(nowMs + MINUTE_MS, checking(alertIsolate(fixture.database, fixture.counters.redis))),
      ),
    );
  }
  const { fired } = await firedAndTold(fixture);
  expect(fired.toSorted()).toEqual(
    customers
      .flatMap((customerId) => ["80", "90", "100"].map((percent) => `${customerId} ${percent}`))
      .toSorted(),
  );
  expect(await wronglyTold(fixture.sql)).toEqual([]);
});

describe("what was passed before it was a threshold", () => {
  const check = (customerId: string) =>
    checkAlerts(
      alertIsolate(fixture.database, fixture.counters.redis),
      [{ customerId, timeMs: BEGIN_MS }],
      BEGIN_MS,
    );

  beforeEach(async () => {
    await putCustomer(fixture.database, "a", {}, MARCH.startMs, withMonthBefore(MARCH));
    await fixture.count([calls("a", 12_000n)], BEGIN_MS);
    await fixture.flush(
      BEGIN_MS + MINUTE_MS,
      checking(alertIsolate(fixture.database, fixture.counters.redis)),
    );
  });

  test("a rule that is added fires at once, and once", async () => {
    await putAlertRules(fixture.database, "a", KNOWN_RULES, BEGIN_MS);
    // 5,000 and 9,500 calls; 2.00 are spent.
    expect(await check("a")).toMatchObject({ checked: 1, fired: 2, told: 1 });
    expect(await check("a")).toMatchObject({ checked: 1, fired: 0, told: 0 });
  });

  test("a budget that is put, then lowered, fires at once, and once", async () => {
    const put = (budget: string) =>
      putCustomer(fixture.database, "a", { ...KNOWN_SETTINGS, budget }, BEGIN_MS, withMonthBefore(MARCH));
    await put("2.51");
    expect(await check("a")).toMatchObject({ fired: 0 });
    await put("2.50");
    expect(await check("a")).toMatchObject({ fired: 1, told: 1 });
    await put("1");
    expect(await check("a")).toMatchObject({ fired: 2, told: 1 });
    await put("100");
    await put("0");
    expect(await check("a")).toMatchObject({ fired: 0, told: 0 });
  });
});

test("ten seconds before a period's end: told of that period, whenever the event comes, and the new one starts anew", async () => {
  const endMs = MARCH.endMs;
  const { onWritten, report } = checking(alertIsolate(fixture.database, fixture.counters.redis));
  await fixture.count([calls("a", 10_000n, endMs - 10_000), calls("a", 7_990n, endMs)], endMs + HOUR_MS);
  await fixture.flush(endMs + HOUR_MS, { onWritten });
  expect(report).toEqual({ checked: 2, fired: 3, told: 1, failed: 0 });
  await fixture.count([calls("a", 10n, endMs + 1)], endMs + 2 * HOUR_MS);
  await fixture.flush(endMs + 2 * HOUR_MS, { onWritten });
  expect(await firedAlerts(fixture.sql)).toEqual([
    "a new default_usage 80",
    "a old default_usage 100",
    "a old default_usage 80",
    "a old default_usage 90",
  ]);
  const { rows } = await fixture.sql.query(
    "select data -> 'period' as period from notifications order by created_at",
  );
  expect(rows).toEqual([
    { period: { start: "2100-03-01T00:00:00.000Z", end: "2100-04-01T00:00:00.000Z" } },
    { period: { start: "2100-04-01T00:00:00.000Z", end: "2100-05-01T00:00:00.000Z" } },
  ]);
});
