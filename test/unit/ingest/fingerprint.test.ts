import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contentFingerprint, fingerprintOf } from "../../../src/ingest/fingerprint.ts";
import { measured, seriesOf } from "../../support/measurement.ts";
import { formatSeries } from "../../../src/domain/series.ts";

const SHAPE = /^[A-Za-z0-9_-]{11}$/;
const base = measured();
const eu = seriesOf({ dimensions: { region: "eu" } });

test.each([
  { name: "another customer", other: measured({ customerId: "cus_acmf" }) },
  { name: "another value", other: measured({ value: 2n }) },
  { name: "a value of another sign", other: measured({ value: -1n }) },
  { name: "another series", other: measured({ series: eu }) },
  {
    name: "the same characters, parted elsewhere",
    other: measured({
      customerId: `cus_acme${formatSeries(base.series)[0]}`,
      seriesText: formatSeries(base.series).slice(1),
    }),
  },
])("fingerprint: $name has another one", ({ other }) => {
  expect(fingerprintOf(other)).not.toBe(fingerprintOf(base));
  expect(fingerprintOf(other)).toMatch(SHAPE);
});

test("fingerprint: another time has the same", () => {
  expect(fingerprintOf(measured({ timeMs: 5 }))).toBe(fingerprintOf(base));
});

test("fingerprint: a million values of one series have as many", () => {
  const all = new Set<string>();
  for (let value = 0n; value < 1_000_000n; value += 1n) {
    all.add(fingerprintOf({ ...base, value }));
  }
  expect(all.size).toBe(1_000_000);
});

describe("fingerprint of content", () => {
  const shuffled = (content: unknown): unknown => {
    if (Array.isArray(content)) {
      return content.map(shuffled);
    }
    if (typeof content !== "object" || content === null) {
      return content;
    }
    return Object.fromEntries(
      Object.entries(content)
        .map(([name, value]): [string, unknown] => [name, shuffled(value)])
        .toReversed(),
    );
  };

  test("the same content has one, whatever the order of its members", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (content) => {
        expect(contentFingerprint(shuffled(content))).toBe(contentFingerprint(content));
      }),
    );
  });

  test("different content has different ones", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => {
        const isSame = canonical(left) === canonical(right);
        expect(contentFingerprint(left) === contentFingerprint(right)).toBe(isSame);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    { name: "1 and '1'", left: 1, right: "1" },
    { name: "null and 'null'", left: null, right: "null" },
    { name: "[] and {}", left: [], right: {} },
    { name: "[[1],[2]] and [[1,2],[]]", left: [[1], [2]], right: [[1, 2], []] },
    { name: "{a:{b:1}} and {a:{},b:1}", left: { a: { b: 1 } }, right: { a: {}, b: 1 } },
    { name: "['ab','c'] and ['a','bc']", left: ["ab", "c"], right: ["a", "bc"] },
    { name: "two rows in another order", left: [{ n: 1 }, { n: 2 }], right: [{ n: 2 }, { n: 1 }] },
  ])("$name differ", ({ left, right }) => {
    expect(contentFingerprint(left)).not.toBe(contentFingerprint(right));
  });

  test("nesting has no limit", () => {
    let deep: unknown = 1;
    let other: unknown = 2;
    for (let depth = 0; depth < 100_000; depth += 1) {
      deep = [deep];
      other = [other];
    }
    expect(contentFingerprint(deep)).not.toBe(contentFingerprint(other));
  });

  test("a member that is undefined is none", () => {
    expect(contentFingerprint({ a: 1, b: undefined })).toBe(contentFingerprint({ a: 1 }));
  });
});

/** JSON with members in order; -0 is 0 there. */
function canonical(content: unknown): string {
  return JSON.stringify(content, (_key, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : value,
  );
}
