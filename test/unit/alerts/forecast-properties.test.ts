import * as fc from "fast-check";
import { expect, test } from "vitest";
import { FORECAST_DAYS, projectUsage } from "../../../src/alerts/forecast.ts";
import { DAY_MS } from "../../../src/domain/window.ts";
import { anyMoment, anyQuantity, momentOf, repeated } from "../../support/forecast-fixture.ts";

test("forecast: used ≤ low ≤ middle ≤ high, and the days lead to the middle without going back", () => {
  fc.assert(
    fc.property(anyMoment(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n })), ({ usage, period, nowMs }) => {
      const { used, low, mid, high, dayEnds } = projectUsage(usage, period, nowMs);

      expect(used).toBe(usage.used);
      expect(used <= low && low <= mid && mid <= high).toBe(true);
      expect(dayEnds).toHaveLength(Math.ceil(period.endMs / DAY_MS) - Math.floor(nowMs / DAY_MS));
      expect([used, ...dayEnds].every((quantity, index) => quantity <= (dayEnds[index] ?? mid))).toBe(true);
      expect(dayEnds.at(-1)).toBe(mid);
    }),
  );
});

test("forecast: at its end and later a period is what was used", () => {
  fc.assert(
    fc.property(anyMoment(), fc.nat({ max: 10 * DAY_MS }), ({ usage, period }, laterMs) => {
      const { used } = usage;

      expect(projectUsage(usage, period, period.endMs + laterMs)).toEqual({
        used,
        low: used,
        mid: used,
        high: used,
        dayEnds: [],
      });
    }),
  );
});

test("forecast: even usage goes on exactly, whatever the period and the hour", () => {
  fc.assert(
    fc.property(
      fc.record({
        perHour: fc.bigInt({ min: 0n, max: 10n ** 30n }),
        known: fc.integer({ min: 1, max: 120 }),
        elapsed: fc.nat({ max: 30 }),
        left: fc.integer({ min: 1, max: 31 }),
        hour: fc.nat({ max: 23 }),
      }),
      ({ perHour, known, elapsed, left, hour }) => {
        const days = [...Array.from({ length: known }, () => 24n * perHour), BigInt(hour) * perHour];
        const { usage, period, nowMs } = momentOf(days, Math.min(elapsed, known), left, hour);

        const { used, low, mid, high } = projectUsage(usage, period, nowMs);

        const restHours = BigInt(24 * left - hour);
        expect(mid - used).toBe(perHour * restHours);
        expect(low <= mid && mid <= high).toBe(true);
      },
    ),
  );
});

test("forecast: a weekly rhythm goes on exactly, whatever day the period ends on", () => {
  fc.assert(
    fc.property(
      fc.array(anyQuantity, { minLength: 7, maxLength: 7 }),
      fc.integer({ min: 3, max: 16 }),
      fc.integer({ min: 1, max: 40 }),
      (pattern, weeks, left) => {
        const { usage, period, nowMs } = momentOf(repeated(pattern, weeks), 7, left);
        const rest = Array.from({ length: left }, (_, day) => pattern[day % 7] ?? 0n);

        const { used, mid } = projectUsage(usage, period, nowMs);

        expect(mid - used).toBe(rest.reduce((sum, quantity) => sum + quantity, 0n));
      },
    ),
  );
});

test("forecast: k times the usage is k times the projection, up to its one rounding", () => {
  fc.assert(
    fc.property(anyMoment(), fc.bigInt({ min: 1n, max: 10n ** 12n }), ({ usage, period, nowMs }, factor) => {
      const once = projectUsage(usage, period, nowMs);
      const scaled = projectUsage(
        { ...usage, used: factor * usage.used, days: usage.days.map((quantity) => factor * quantity) },
        period,
        nowMs,
      );

      for (const end of ["low", "mid", "high"] as const) {
        const difference = scaled[end] - factor * once[end];
        expect(difference <= factor && -difference <= factor).toBe(true);
      }
    }),
  );
});

test("forecast: more usage on any day never lowers the middle", () => {
  fc.assert(
    fc.property(
      anyMoment(),
      fc.array(fc.tuple(fc.nat(), anyQuantity), { minLength: 1, maxLength: 10 }),
      fc.boolean(),
      ({ usage, period, nowMs }, more, isInPeriod) => {
        const days = [...usage.days];
        let added = 0n;
        for (const [place, quantity] of more) {
          const index = place % days.length;
          days[index] = (days[index] ?? 0n) + quantity;
          added += quantity;
        }
        const used = isInPeriod ? usage.used + added : usage.used;

        const before = projectUsage(usage, period, nowMs);
        const after = projectUsage({ ...usage, used, days }, period, nowMs);

        expect(after.mid >= before.mid).toBe(true);
        expect(after.dayEnds.every((quantity, index) => quantity >= (before.dayEnds[index] ?? 0n))).toBe(
          true,
        );
      },
    ),
    { numRuns: 500 },
  );
});

test("forecast: the same is told twice, and nothing given is changed", () => {
  fc.assert(
    fc.property(anyMoment(), ({ usage, period, nowMs }) => {
      const frozen = { ...usage, days: Object.freeze([...usage.days]) };

      expect(projectUsage(frozen, period, nowMs)).toEqual(projectUsage(usage, period, nowMs));
    }),
  );
});

test("forecast: days older than are looked at change nothing", () => {
  fc.assert(
    fc.property(anyMoment(), fc.array(anyQuantity, { maxLength: 50 }), ({ usage, period, nowMs }, older) => {
      const days = Array.from({ length: FORECAST_DAYS + 1 }, (_, day) => usage.days[day] ?? 1n);

      expect(projectUsage({ ...usage, days: [...older, ...days] }, period, nowMs)).toEqual(
        projectUsage({ ...usage, days }, period, nowMs),
      );
    }),
  );
});
