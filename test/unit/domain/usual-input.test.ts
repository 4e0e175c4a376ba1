import * as fc from "fast-check";
import { expect, test } from "vitest";
import { eventSchema } from "../../../src/domain/event.ts";
import { mergedUsageSchema } from "../../../src/domain/merged-usage.ts";
import { usualEvent, usualMergedUsage } from "../../../src/domain/usual-input.ts";

const text = fc.string({ minLength: 1, maxLength: 20 });
const oddText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 5 }),
  fc.constantFrom("", ".", "..", "a\uD800", "a\u0000b"),
  fc.constantFrom("x".repeat(128), "x".repeat(129), "\u{1F600}".repeat(64), "\u{1F600}".repeat(128)),
);
const time = fc
  .date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true })
  .map((date) => date.toISOString());
const oddTime = fc
  .tuple(
    fc.constantFrom("0000", "1969", "2026", "2028"),
    fc.nat(13),
    fc.nat(32),
    fc.nat(25),
    fc.nat(61),
    fc.nat(61),
    fc.constantFrom("", ".", ".1", ".123", ".123456", ".1234567"),
    fc.constantFrom("Z", "Z", "", "+02:00", "z"),
  )
  .map(
    ([year, month, day, hour, minute, second, rest, zone]) =>
      `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}${rest}${zone}`,
  );
const quantity = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt().map(String),
);
const metadata = fc.dictionary(fc.string(), fc.jsonValue());
const odd = fc.oneof(
  oddText,
  oddTime,
  fc.integer(),
  fc.double(),
  fc.jsonValue(),
  fc.constantFrom(undefined, null, true, [], new Date(0), Object.create(null) as unknown),
  fc.constant(JSON.parse('{"__proto__": {"a": 1}, "region": "eu"}') as unknown),
);

/** As it should be, often with one member that is odd, missing or unknown. */
function nearly(
  required: Record<string, fc.Arbitrary<unknown>>,
  optional: Record<string, fc.Arbitrary<unknown>>,
): fc.Arbitrary<unknown> {
  const members: Record<string, fc.Arbitrary<unknown>> = { ...required, ...optional };
  const usual = fc.record(members, { requiredKeys: Object.keys(required) });
  const name = fc.constantFrom(...Object.keys(members), "ID", "__proto__");
  const spoilt = fc.tuple(usual, name, odd).map(([input, member, value]) => ({ ...input, [member]: value }));
  const lacking = fc
    .tuple(usual, name)
    .map(([input, member]) => Object.fromEntries(Object.entries(input).filter(([key]) => key !== member)));
  return fc.oneof(usual, spoilt, spoilt, lacking, odd);
}

const anyEvent = nearly(
  { customerId: text, metricName: text },
  { id: text, value: quantity, timestamp: time, metadata },
);
const anyUsage = nearly(
  { customerId: text, metricName: text, hour: time },
  { metadata, count: quantity, sum: quantity, min: quantity, max: quantity, last: quantity, lastAt: time },
);

test.each([
  { name: "an event", inputs: anyEvent, usual: usualEvent, schema: eventSchema },
  { name: "merged usage", inputs: anyUsage, usual: usualMergedUsage, schema: mergedUsageSchema },
])(
  "usual input: $name that is read without the schema is what the schema reads",
  ({ inputs, usual, schema }) => {
    let read = 0;
    fc.assert(
      fc.property(inputs, (input) => {
        const found = usual(input);
        if (found !== undefined) {
          read += 1;
          expect(schema.safeParse(input)).toEqual({ success: true, data: found });
        }
      }),
      { numRuns: 3000 },
    );
    // It would hold of nothing at all, too.
    expect(read).toBeGreaterThan(100);
  },
);

test.each([
  {
    name: "an event with all members",
    usual: usualEvent,
    input: {
      id: "req_1",
      customerId: "cus_acme",
      metricName: "api_calls",
      value: 2,
      timestamp: "2026-11-23T12:00:00.000Z",
      metadata: { region: "eu" },
    },
  },
  {
    name: "an event with what it must have",
    usual: usualEvent,
    input: { customerId: "c", metricName: "m", value: 1, metadata: {} },
  },
  {
    name: "a merged row",
    usual: usualMergedUsage,
    input: {
      customerId: "cus_acme",
      metricName: "api_calls",
      hour: "2026-11-23T12:00:00.000Z",
      metadata: {},
      count: 3,
      sum: "3",
    },
  },
])("usual input: $name needs no schema", ({ usual, input }) => {
  expect(usual(input)).toEqual(input);
});

function two(number: number): string {
  return String(number).padStart(2, "0");
}
