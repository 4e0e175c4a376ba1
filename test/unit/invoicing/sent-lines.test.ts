import * as fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_SENT_LINES, sentLines, tierText } from "../../../src/invoicing/sent-lines.ts";
import type { PrintedLine, PrintedTier } from "../../../src/rating/printed-line.ts";

const NOVEMBER_MS = Date.parse("2026-11-01T00:00Z");

function line(ref: string, amount: number, changes: Partial<PrintedLine> = {}): PrintedLine {
  return {
    ref,
    metricName: null,
    description: ref,
    quantity: "1",
    amountMinor: BigInt(amount),
    tiers: [],
    ...changes,
  };
}

function several(count: number, item: (number: number) => PrintedLine): PrintedLine[] {
  return Array.from({ length: count }, (_, index) => item(index + 1));
}

function total(lines: readonly PrintedLine[]): bigint {
  return lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
}

test("sent lines: those of nothing are left out, unless there is nothing else", () => {
  const lines = [line("a", 0), line("b", 5), line("c", -5)];

  expect(sentLines({ lines }).map(({ ref }) => ref)).toEqual(["b", "c"]);
  expect(sentLines({ lines: [line("a", 0), line("d", 0)] }).map(({ ref }) => ref)).toEqual(["a", "d"]);
  expect(sentLines({ lines: [] })).toEqual([]);
});

test("sent lines: as many as Stripe takes go as they are", () => {
  const lines = several(MAX_SENT_LINES, (n) =>
    line(`metric:m_${n % 9}@${n}`, n, { metricName: `m_${n % 9}` }),
  );

  expect(sentLines({ lines: [line("zero", 0), ...lines] })).toEqual(lines);
});

test("sent lines: of one more the true-ups of a period become one line, in the place of the first", () => {
  const lines = [
    ...several(248, (n) => line(`metric:m_${n}`, 2, { metricName: `m_${n}` })),
    ...several(3, (n) => line(`true_up:2026-11-01:metric:m_${n}`, -n, { trueUpOfMs: NOVEMBER_MS })),
  ];
  const sent = sentLines({ lines });

  expect(sent.slice(0, 248)).toEqual(lines.slice(0, 248));
  expect(sent.slice(248)).toEqual([
    line("rolled_up:true_up:2026-11-01", -6, {
      description: "True-up of the period from 2026-11-01: 3 lines, each of them in our invoice",
    }),
  ]);
});

test("sent lines: where that is not enough, the lines of a metric become one, then all but the first", () => {
  const parts = several(251, (n) => line(`metric:m_${n % 3}@${n}`, n, { metricName: `m_${n % 3}` }));
  expect(sentLines({ lines: parts }).map(({ ref, amountMinor }) => [ref, amountMinor])).toEqual([
    ["rolled_up:metric:m_1", 10_542n],
    ["rolled_up:metric:m_2", 10_626n],
    ["rolled_up:metric:m_0", 10_458n],
  ]);
  const metrics = several(400, (n) => line(`metric:m_${n}`, n, { metricName: `m_${n}` }));
  const sent = sentLines({ lines: metrics });
  expect(sent.slice(0, 249)).toEqual(metrics.slice(0, 249));
  expect(sent.slice(249).map(({ ref, amountMinor }) => [ref, amountMinor])).toEqual([
    ["rolled_up:rest", total(metrics.slice(249))],
  ]);
});

test("sent lines: whatever there is, at most 250 come to the same total, under refs of their own, each time", () => {
  const anyLine = fc.record({
    metric: fc.option(fc.integer({ min: 0, max: 400 })),
    month: fc.option(fc.integer({ min: 0, max: 3 })),
    amount: fc.integer({ min: -3, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 700, size: "max" }), (all) => {
      const lines = all.map(({ metric, month, amount }, index) =>
        line(`ref:${index}`, amount, {
          metricName: metric === null ? null : `m_${metric}`,
          ...(month === null ? {} : { trueUpOfMs: NOVEMBER_MS + month }),
        }),
      );
      const sent = sentLines({ lines });
      expect(sent.length).toBeLessThanOrEqual(MAX_SENT_LINES);
      expect(total(sent)).toBe(total(lines));
      expect(new Set(sent.map(({ ref }) => ref)).size).toBe(sent.length);
      expect(sentLines({ lines: lines.map((one) => ({ ...one })) })).toEqual(sent);
    }),
  );
});

const TIER: PrintedTier = { from: "0", to: "100", quantity: "40", unitPrice: "0.5", amount: "0.20" };

test("tiers: are told in Stripe's metadata one after the other", () => {
  expect(tierText([])).toBe("");
  expect(tierText([TIER, { ...TIER, from: "100", to: null, flatFee: "250", amount: "2.70" }])).toBe(
    "0-100: 40 x 0.5 = 0.20; 100-: 40 x 0.5 + 250 = 2.70",
  );
  expect(
    tierText([
      { ...TIER, unitPrice: "0", packages: { count: "3", size: "1000", price: "50" }, amount: "1.50" },
    ]),
  ).toBe("0-100: 3 x 50 per 1000 = 1.50");
});

test("tiers: of more than Stripe's metadata takes the first are told, and how many there are", () => {
  const text = tierText(Array.from({ length: 60 }, () => TIER));

  expect(text.length).toBeLessThanOrEqual(500);
  expect(text).toMatch(/^(0-100: 40 x 0\.5 = 0\.20; ){20,}and \d+ more$/);
});
