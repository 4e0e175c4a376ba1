import { expect, test } from "vitest";
import { MAX_ROWS, OpenBatch } from "../../../src/edge/batch.ts";
import { placeIncrement, type Increment } from "../../../src/edge/usage-row.ts";
import { START_MS } from "../../support/edge-meter.ts";

/** What the meter takes in one body. */
const MAX_BODY_BYTES = 1024 * 1024;

function placed(customerId: string, change: Partial<Increment> = {}) {
  return placeIncrement({ customerId, metricName: "api_calls", value: 1, atMs: START_MS, ...change });
}

function bodyBytes(batch: OpenBatch): number {
  return new TextEncoder().encode(JSON.stringify(batch.freeze())).byteLength;
}

test("batch: an increment of a row that is there needs no other", () => {
  const batch = new OpenBatch("batch-1", START_MS);
  expect(batch.has(placed("a"))).toBe(false);
  batch.add(placed("a"));
  batch.add(placed("a", { value: 4 }));
  batch.add(placed("b"));

  expect([batch.has(placed("a")), batch.has(placed("b")), batch.has(placed("c"))]).toEqual([
    true,
    true,
    false,
  ]);
  expect(batch.rows).toBe(2);
});

test("batch: is the same document from the first freeze on", () => {
  const batch = new OpenBatch("batch-1", START_MS);
  batch.add(placed("a"));
  const document = batch.freeze();
  batch.add(placed("a"));

  expect(batch.freeze()).toBe(document);
  expect(document).toEqual({
    batch: "batch-1",
    usage: [
      {
        customerId: "a",
        metricName: "api_calls",
        hour: "2026-11-23T12:00:00.000Z",
        count: 1,
        sum: 1,
        min: 1,
        max: 1,
        last: 1,
        lastAt: "2026-11-23T12:00:00.000Z",
      },
    ],
  });
});

test("batch: is full with the thousandth row", () => {
  const batch = new OpenBatch("batch-1", START_MS);
  for (let row = 1; row < MAX_ROWS; row += 1) {
    batch.add(placed(`cus_${row}`));
  }
  expect(batch.isFull).toBe(false);
  batch.add(placed("cus_1"));
  expect(batch.isFull).toBe(false);
  batch.add(placed("cus_1000"));
  expect(batch.isFull).toBe(true);
});

test.each([
  ["a letter", "x"],
  ["a letter of three bytes", "€"],
  ["a letter of two units", "🧮"],
  ["what JSON escapes", "\u0000"],
  ["half a letter", "\ud800"],
])("batch: full of long names of %s, it is no larger than the meter takes", (_, letter) => {
  for (const length of [1, 100, 300, 1300]) {
    const batch = new OpenBatch("batch-1", START_MS);
    const value = -1n * 10n ** 62n;
    for (let row = 0; !batch.isFull; row += 1) {
      batch.add(placed(`${row}${letter.repeat(length)}`, { value, metadata: { dimension: letter } }));
    }

    expect(bodyBytes(batch)).toBeLessThanOrEqual(MAX_BODY_BYTES);
  }
});

test("batch: wakes those that wait when it is settled, and they take themselves out", () => {
  const batch = new OpenBatch("batch-1", START_MS);
  const woken: string[] = [];
  for (const name of ["a", "b"]) {
    const wake = (): void => {
      woken.push(name);
      batch.waiting.delete(wake);
    };
    batch.waiting.add(wake);
  }
  expect([batch.isSettled, woken]).toEqual([false, []]);
  batch.settle();

  expect([batch.isSettled, woken, batch.waiting.size]).toEqual([true, ["a", "b"], 0]);
});
