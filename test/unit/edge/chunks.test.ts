import * as fc from "fast-check";
import { expect, test } from "vitest";
import { chunksOf } from "../../../src/edge/chunks.ts";

/** What the meter takes in one body. */
const MAX_BODY_BYTES = 1024 * 1024;

function sizes(items: readonly unknown[]): number[] {
  return Array.from(chunksOf(items), (chunk) => chunk.items.length);
}

/** An item whose JSON has so many characters. */
function itemOf(characters: number): string {
  return "x".repeat(characters - 2);
}

test.each<[string, unknown[], number[]]>([
  ["nothing", [], []],
  ["one item", [1], [1]],
  ["a thousand", Array.from({ length: 1_000 }, () => 1), [1_000]],
  ["a thousand and one", Array.from({ length: 1_001 }, () => 1), [1_000, 1]],
  ["as many bytes as fit", [itemOf(100_000), itemOf(100_000), itemOf(100_000)], [3]],
  ["a byte more", [itemOf(100_000), itemOf(100_000), itemOf(100_001)], [2, 1]],
  ["one that is too large alone", [1, itemOf(300_001), 2], [1, 1, 1]],
])("chunks: of %s", (_, items, expected) => {
  expect(sizes(items)).toEqual(expected);
});

test("chunks: say all items in their order, each as its body does", () => {
  const item = fc.record({ id: fc.string({ unit: "binary" }), value: fc.integer() });
  fc.assert(
    fc.property(fc.array(item, { maxLength: 60 }), fc.nat(60), (items, large) => {
      const padded = items.map((given, index) =>
        index % 7 === large % 7 ? { ...given, pad: itemOf(90_000) } : given,
      );
      const chunks = Array.from(chunksOf(padded));

      expect(chunks.flatMap((chunk) => chunk.items)).toEqual(padded);
      for (const { body, items: own } of chunks) {
        expect(body).toBe(JSON.stringify(own));
      }
    }),
  );
});

test.each(["x", "€", "🧮", "\u0000", "\ud800"])(
  "chunks: of %j are no larger than the meter takes",
  (letter) => {
    const items = Array.from({ length: 5_000 }, () => letter.repeat(200));
    for (const { body } of chunksOf(items)) {
      expect(new TextEncoder().encode(body).byteLength).toBeLessThanOrEqual(MAX_BODY_BYTES);
    }
  },
);
