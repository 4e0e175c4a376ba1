import { expect, test } from "vitest";
import {
  adjustmentSchema,
  isSameAdjustment,
  quantityFault,
  type Adjustment,
} from "../../../src/domain/adjustment.ts";
import { meterSchema } from "../../../src/domain/meter.ts";

const BODY = { id: "a1", metricName: "units", quantity: 1, at: "2026-11-23T12:00:00Z", reason: "outage" };

function quantity(input: unknown): string | undefined {
  return adjustmentSchema.safeParse({ ...BODY, quantity: input }).data?.quantity;
}

test.each([
  { input: 5, text: "5" },
  { input: -5, text: "-5" },
  { input: 0, text: "0" },
  { input: -0, text: "0" },
  { input: "-0.0", text: "0" },
  { input: "-12.50", text: "-12.5" },
  { input: 0.1, text: "0.1" },
  { input: 1e-7, text: "0.0000001" },
  { input: 1e21, text: "1000000000000000000000" },
  { input: "9007199254740993", text: "9007199254740993" },
  { input: 1e39, text: "1".padEnd(40, "0") },
  { input: 1e40, text: undefined },
  { input: "1e3", text: undefined },
  { input: "", text: undefined },
  { input: " 1", text: undefined },
  { input: "+1", text: undefined },
  { input: null, text: undefined },
  { input: undefined, text: undefined },
])("adjustment: a quantity of $input is $text", ({ input, text }) => {
  expect(quantity(input)).toBe(text);
});

test.each([
  { name: "no id", changes: { id: undefined }, path: "id" },
  { name: "an empty id", changes: { id: "" }, path: "id" },
  { name: "an id of 129 characters", changes: { id: "a".repeat(129) }, path: "id" },
  { name: "U+0000 in its reason", changes: { reason: "a\u0000" }, path: "reason" },
  { name: "a reason of 1,001 characters", changes: { reason: "a".repeat(1001) }, path: "reason" },
  { name: "no moment", changes: { at: undefined }, path: "at" },
  { name: "a moment without an offset", changes: { at: "2026-11-23T12:00:00" }, path: "at" },
  { name: "an unknown member", changes: { value: 1 }, path: "" },
])("adjustment: one with $name is refused", ({ changes, path }) => {
  const parsed = adjustmentSchema.safeParse({ ...BODY, ...changes });

  expect(parsed.error?.issues.map((issue) => issue.path.join("."))).toEqual([path]);
});

test("adjustment: a moment in another zone, or in epoch ms, is the same moment", () => {
  const atMs = Date.parse(BODY.at);

  expect(adjustmentSchema.parse({ ...BODY, at: "2026-11-23T13:00:00+01:00" }).at).toBe(atMs);
  expect(adjustmentSchema.parse({ ...BODY, at: atMs }).at).toBe(atMs);
});

test.each([
  { scale: 0, text: "1", fault: undefined },
  { scale: 0, text: "0.1", fault: "is counted to 0 decimals" },
  { scale: 2, text: "-0.01", fault: undefined },
  { scale: 2, text: "-0.001", fault: "decimals" },
  { scale: 0, text: "1000000000000000000", fault: undefined },
  { scale: 0, text: "1000000000000000001", fault: "at most 1000000000000000000 at once" },
  { scale: 9, text: "-1000000000", fault: undefined },
  { scale: 9, text: "-1000000000.000000001", fault: "at most 1000000000 at once" },
])("adjustment: $text of a meter with $scale decimals: $fault", ({ scale, text, fault }) => {
  const names = { name: "units", displayName: "Units", unit: "units" };
  const found = quantityFault(text, meterSchema.parse({ ...names, aggregation: "sum", scale }));

  expect(found === undefined).toBe(fault === undefined);
  expect(found ?? "").toContain(fault ?? "");
});

test("adjustment: one that differs in anything is another", () => {
  const one: Adjustment = {
    customerId: "c",
    adjustmentId: "a",
    metricName: "m",
    quantity: "1",
    atMs: 1,
    reason: "r",
  };
  expect(isSameAdjustment(one, { ...one })).toBe(true);
  for (const changes of [
    { customerId: "d" },
    { adjustmentId: "b" },
    { metricName: "n" },
    { quantity: "2" },
    { atMs: 2 },
    { reason: "s" },
  ]) {
    expect(isSameAdjustment(one, { ...one, ...changes })).toBe(false);
  }
});
