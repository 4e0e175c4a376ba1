import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { demoCatalog } from "../../../local/demo-catalog.ts";
import { catalogInForce, insertCatalog, versionInForce } from "../../../src/ledger/catalog-versions.ts";
import { catalogSchema } from "../../../src/rating/catalog.ts";
import type { Effective } from "../../../src/rating/catalog-version.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";

const catalog = catalogSchema.parse(demoCatalog);
const START_MS = Date.parse("2026-11-01T00:00:00.000Z");
const END_MS = Date.parse("2026-12-01T00:00:00.000Z");
const MIDDLE_MS = Date.parse("2026-11-15T12:00:00.000Z");
const LONG_AFTER_MS = END_MS + 10 ** 10;

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

type Published = readonly [effective: Effective, atMs: number];

async function publishAll(versions: readonly Published[]): Promise<void> {
  for (const [previous, [effective, atMs]] of versions.entries()) {
    await insertCatalog(fixture.database, previous, catalog, atMs, "test", { effective });
  }
}

async function inForce(startMs: number, endMs: number, nowMs: number): Promise<number | undefined> {
  return (await catalogInForce(fixture.database, { startMs, endMs }, nowMs, [undefined]))?.version;
}

const OLD: Published = ["now", START_MS - 10 ** 9];

const CASES: {
  name: string;
  versions: Published[];
  /** In force for the month: while it runs, when it has ended. Both are the same where `running` is absent. */
  running?: [nowMs: number, version: number];
  ended: number;
}[] = [
  { name: "at once, before the start", versions: [OLD, ["now", START_MS - 1]], ended: 2 },
  { name: "at once, at the start", versions: [OLD, ["now", START_MS]], ended: 2 },
  {
    name: "at once, between",
    versions: [OLD, ["now", MIDDLE_MS]],
    running: [MIDDLE_MS, 2],
    ended: 2,
  },
  {
    name: "at once, after now",
    versions: [OLD, ["now", MIDDLE_MS]],
    running: [MIDDLE_MS - 1, 1],
    ended: 2,
  },
  { name: "at once, at the end", versions: [OLD, ["now", END_MS]], ended: 2 },
  { name: "at once, after the end", versions: [OLD, ["now", END_MS + 1]], ended: 1 },
  { name: "for the next, before the start", versions: [OLD, ["nextPeriod", START_MS - 1]], ended: 2 },
  { name: "for the next, at the start", versions: [OLD, ["nextPeriod", START_MS]], ended: 2 },
  {
    name: "for the next, just after the start",
    versions: [OLD, ["nextPeriod", START_MS + 1]],
    running: [MIDDLE_MS, 1],
    ended: 1,
  },
  { name: "for the next, at the end", versions: [OLD, ["nextPeriod", END_MS]], ended: 1 },
  { name: "for the next, after the end", versions: [OLD, ["nextPeriod", END_MS + 1]], ended: 1 },
  {
    name: "for the next, several in a row, the last before the start",
    versions: [OLD, ["nextPeriod", START_MS - 2], ["nextPeriod", START_MS - 1], ["nextPeriod", MIDDLE_MS]],
    ended: 3,
  },
  {
    name: "for the next, several in a row within the period",
    versions: [OLD, ["nextPeriod", MIDDLE_MS], ["nextPeriod", MIDDLE_MS + 1], ["nextPeriod", END_MS]],
    running: [MIDDLE_MS + 2, 1],
    ended: 1,
  },
  {
    name: "for the next, then at once: the later one holds at once",
    versions: [OLD, ["nextPeriod", MIDDLE_MS], ["now", MIDDLE_MS + 1]],
    running: [MIDDLE_MS + 1, 3],
    ended: 3,
  },
  {
    name: "at once, then for the next: the earlier one holds",
    versions: [OLD, ["now", MIDDLE_MS], ["nextPeriod", MIDDLE_MS + 1]],
    running: [MIDDLE_MS + 1, 2],
    ended: 2,
  },
  { name: "only after the end, at once: the first ever", versions: [["now", END_MS + 1]], ended: 1 },
  {
    name: "only for the next, within the period: the first ever",
    versions: [
      ["nextPeriod", MIDDLE_MS],
      ["nextPeriod", MIDDLE_MS + 1],
    ],
    running: [MIDDLE_MS + 1, 1],
    ended: 1,
  },
];

test.each(CASES)("in force for a period, published $name", async ({ versions, running, ended }) => {
  await publishAll(versions);
  const [nowMs, whileRunning] = running ?? [END_MS, ended];

  expect(await inForce(START_MS, END_MS, nowMs)).toBe(whileRunning);
  expect(await inForce(START_MS, END_MS, END_MS)).toBe(ended);
  expect(await inForce(START_MS, END_MS, LONG_AFTER_MS)).toBe(ended);
});

test("in force for the period after: a version for the next that was published at its start, or before", async () => {
  await publishAll([OLD, ["nextPeriod", MIDDLE_MS], ["nextPeriod", END_MS], ["nextPeriod", END_MS + 1]]);

  expect(await inForce(START_MS, END_MS, LONG_AFTER_MS)).toBe(1);
  expect(await inForce(END_MS, END_MS + 10, END_MS)).toBe(3);
  expect(await inForce(END_MS, END_MS + 10, LONG_AFTER_MS)).toBe(3);
  expect(await inForce(END_MS + 10, END_MS + 20, LONG_AFTER_MS)).toBe(4);
});

/** The rule once more, over a list. */
function expected(versions: readonly Published[], startMs: number, endMs: number, nowMs: number) {
  const holds = versions.map(
    ([effective, atMs]) => atMs <= endMs && atMs <= nowMs && (effective === "now" || atMs <= startMs),
  );
  return holds.includes(true) ? holds.lastIndexOf(true) + 1 : 1;
}

describe("any versions", () => {
  const anyMoment = fc.nat(6).map((step) => START_MS + step);
  const anyVersions = fc.array(fc.tuple(fc.constantFrom<Effective>("now", "nextPeriod"), anyMoment), {
    minLength: 1,
    maxLength: 6,
  });

  test("in force is what the rule says, also for many periods in one statement", async () => {
    const periods = [0, 1, 2, 3, 4, 5, 6].flatMap((start) =>
      [1, 2, 3, 4].flatMap((length) =>
        [0, 2, 4, 8].map((now) => [START_MS + start, START_MS + start + length, START_MS + now] as const),
      ),
    );
    const at = (name: string) => `to_timestamp(asked.${name}::bigint / 1000.0)`;
    const bounds = { start: at("start_ms"), end: at("end_ms"), now: at("now_ms") };
    const statement = `
select ${versionInForce(bounds)} as version, ${versionInForce(bounds, `'["payg"]'::jsonb`)} as planned
from rows from (jsonb_to_recordset($1::jsonb) as (start_ms text, end_ms text, now_ms text)) with ordinality
  as asked (start_ms, end_ms, now_ms, position)
order by position`;
    await fc.assert(
      fc.asyncProperty(anyVersions, async (versions) => {
        await fixture.clear();
        await publishAll(versions);
        const asked = periods.map(([start_ms, end_ms, now_ms]) => ({ start_ms, end_ms, now_ms }));
        const rows = await fixture.database.query(statement, [JSON.stringify(asked)]);
        const rule = periods.map((period) => String(expected(versions, ...period)));
        expect(rows.map(({ version }) => version)).toEqual(rule);
        expect(rows.map(({ planned }) => planned)).toEqual(rule);
      }),
      { numRuns: 60 },
    );
  });
});
