import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { insertJobRun, lastRunWith, listJobRuns, pruneJobRuns } from "../../../src/ledger/job-runs.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

function insert(job: string, startedMs: number, outcome: object = {}) {
  const run = { job, scheduledMs: startedMs - 5, startedMs, finishedMs: startedMs + 7, outcome };
  return insertJobRun(fixture.database, run);
}

async function listed(job?: string, limit = 10, after?: { timeMs: number; id: string }) {
  return listJobRuns(fixture.database, job, limit, after);
}

test("job runs: are listed from newest to oldest, of one job or of all, page by page", async () => {
  await insert("minute", 1000, { flush: { buckets: 1 } });
  await insert("hourly", 2000);
  await insert("minute", 2000);
  await insert("minute", 1500);
  const runs = await listed();

  expect(runs.map(({ job, startedMs }) => [job, startedMs])).toEqual([
    ["minute", 2000],
    ["hourly", 2000],
    ["minute", 1500],
    ["minute", 1000],
  ]);
  expect(runs[3]).toMatchObject({ scheduledMs: 995, finishedMs: 1007, outcome: { flush: { buckets: 1 } } });
  expect((await listed("hourly")).map(({ startedMs }) => startedMs)).toEqual([2000]);
  const [first] = await listed(undefined, 1);
  const rest = await listed(undefined, 10, { timeMs: 2000, id: first?.runId ?? "" });
  expect(rest.map(({ runId }) => runId)).toEqual(runs.slice(1).map(({ runId }) => runId));
});

test("job runs: the newest that tells of all parts counts", async () => {
  expect(await lastRunWith(fixture.database, ["days", "counters"])).toBe(undefined);
  await insert("hourly", 1000, { days: {}, counters: null, invoicing: {} });
  await insert("integrity", 2000, { days: {} });
  await insert("minute", 3000, { flush: {} });

  expect(await lastRunWith(fixture.database, ["days", "counters"])).toBe(1007);
});

test("job runs: old ones are forgotten, the oldest first, so many at a time", async () => {
  for (const startedMs of [3000, 1000, 2000, 4000]) {
    await insert("minute", startedMs);
  }

  expect(await pruneJobRuns(fixture.database, 4000, 2)).toBe(2);
  expect((await listed()).map(({ startedMs }) => startedMs)).toEqual([4000, 3000]);
  expect(await pruneJobRuns(fixture.database, 4000, 2)).toBe(1);
  expect(await pruneJobRuns(fixture.database, 4000, 2)).toBe(0);
});
