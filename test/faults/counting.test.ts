import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EXAMPLES } from "../support/counting-examples.ts";
import { runSchedule, type Tally } from "../support/counting-run.ts";
import { anySchedule } from "../support/counting-schedule.ts";
import { startCountingWorld, type CountingWorld } from "../support/counting-world.ts";

/** `SCHEDULES=50000` is the soak; `SEED` plays the schedules of an earlier run again. */
const SCHEDULES = Number(process.env["SCHEDULES"] ?? 500);
const SEED = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);

const TELL_EVERY_MS = 5000;
/** So that neither store grows over a long soak. */
const CLEAR_EVERY = 500;

/** What must have happened in any run of some hundred schedules, or the test says nothing. */
const MUST_HAPPEN = [
  "recorded",
  "duplicate",
  "spooled",
  "unavailable",
  "event_conflict",
  "counter_overflow",
  "invalid_event",
  "unknown_metric",
  "too_late",
  "too_early",
  "too_precise",
  "value_out_of_range",
  "replayed: recorded",
  "replayed: duplicate",
  "replayed: conflict",
  "expired in the spool",
  "replay refused",
  "away",
  "empty",
  "forget-scripts",
  "flush",
  "flush failed",
  "hung call applied late",
  "repeat with another timestamp",
  "counted again after its id was forgotten",
];

let world: CountingWorld;

beforeAll(async () => {
  world = await startCountingWorld();
});
afterAll(() => world.stop());

function tell(line: string): void {
  process.stderr.write(`counting: ${line}\n`);
}

test.each(EXAMPLES)("counting: %s", async (name, schedule) => {
  const tally: Tally = new Map();
  await runSchedule(world, schedule, `example ${name.length}-`, tally);
  expect(tally.get("check")).toBeGreaterThanOrEqual(2);
});

test(
  "counting: any schedule comes to what a plain model says, live and in the ledger",
  async () => {
    tell(`${SCHEDULES} schedules, SEED=${SEED}`);
    const tally: Tally = new Map();
    let played = 0;
    let hasFailed = false;
    let toldMs = performance.now();
    const property = fc.asyncProperty(anySchedule, async (schedule) => {
      await (played % CLEAR_EVERY === 0 ? world.clear() : undefined);
      played += 1;
      await runSchedule(world, schedule, `c${played}-`, tally).catch((error: unknown) => {
        if (!hasFailed) {
          // Looking for a smaller one takes minutes.
          tell(`schedule ${played} of SEED=${SEED} fails: ${fc.stringify(schedule)}`);
        }
        hasFailed = true;
        throw error;
      });
      if (performance.now() - toldMs > TELL_EVERY_MS) {
        toldMs = performance.now();
        tell(`${played} schedules, ${tally.get("events")} events`);
      }
    });
    await fc.assert(property, { numRuns: SCHEDULES, seed: SEED });

    tell(JSON.stringify(Object.fromEntries(tally)));
    if (SCHEDULES >= 500) {
      expect(MUST_HAPPEN.filter((what) => (tally.get(what) ?? 0) === 0)).toEqual([]);
      expect(tally.get("events")).toBeGreaterThanOrEqual(20 * SCHEDULES);
    }
  },
  Math.max(120_000, SCHEDULES * 1000),
);
