import { afterAll, beforeAll, expect, test } from "vitest";
import { HOUR_MS } from "../../../src/domain/window.ts";
import { replaySpool } from "../../../src/ingest/replay-spool.ts";
import { type IngestFixture, record, startIngestFixture } from "../../support/counting-ingest.ts";
import { BASE_MS } from "../../support/counting-world.ts";

let fixture: IngestFixture;

beforeAll(async () => {
  fixture = await startIngestFixture();
}, 60_000);
afterAll(() => fixture.stop());

test("replay: a row that was promised, and refused to a repeat since, is kept and reported", async () => {
  const deps = { ...fixture.isolate(), log: () => undefined };
  const events = [
    { customerId: "late", metricName: "calls", value: 100, timestamp: BASE_MS - 24 * HOUR_MS + 2000 },
    { customerId: "now", metricName: "calls", timestamp: BASE_MS },
  ];
  await record(deps, [], BASE_MS);
  fixture.stores.upstash.faults.add({ mode: "before", match: "EVAL", times: 10 });
  expect(await record(deps, events, BASE_MS, "k1")).toEqual(["spooled", "spooled"]);
  fixture.stores.upstash.faults.reset();
  // The answer was lost; by the time of the repeat the oldest event is too late.
  expect(await record(deps, events, BASE_MS + 5000, "k1")).toEqual(["too_late", "recorded"]);

  const report = await replaySpool(deps, BASE_MS + 60_000);
  expect(report).toEqual({
    replayed: 0,
    failed: 1,
    outcomes: { refused_before: 1, duplicate: 1 },
    expired: 0,
  });
  const later = await replaySpool(deps, BASE_MS + 24 * HOUR_MS);
  expect(later).toMatchObject({ replayed: 0, failed: 0, expired: 1 });
  const { rows } = await fixture.sql.query("select measurements::int from spool");
  expect(rows).toEqual([{ measurements: 2 }]);
});
