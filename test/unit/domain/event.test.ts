import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Event,
  eventSchema,
  timestampMs,
  FUTURE_LIMIT_MS,
  MAX_COUNTED,
  measure,
} from "../../../src/domain/event.ts";
import { type Meter, meterSchema } from "../../../src/domain/meter.ts";
import { HOUR_MS } from "../../../src/domain/window.ts";

const RECEIVED_MS = Date.parse("2026-11-23T12:00:00.000Z");
/** One character of two code units. */
const EMOJI = "\u{1F600}";
const calls = meterSchema.parse({
  name: "api_calls",
  displayName: "API Calls",
  unit: "calls",
  aggregation: "sum",
  dimensions: ["region"],
});

function event(members: Partial<Event> = {}): Event {
  return eventSchema.parse({ customerId: "cus_acme", metricName: "api_calls", ...members });
}

function outcome(members: Partial<Event>, changes: Partial<Meter> = {}, lateEventHours = 24) {
  const measured = measure(event(members), { ...calls, ...changes }, RECEIVED_MS, lateEventHours);
  return "code" in measured ? measured.code : measured.value;
}

test("event: an event says its customer and metric; value 1 and no metadata unless told", () => {
  expect(eventSchema.parse({ customerId: "c", metricName: "m" })).toEqual({
    customerId: "c",
    metricName: "m",
    value: 1,
    metadata: {},
  });
});

test.each([
  { name: "no customer", members: { customerId: undefined }, path: ["customerId"] },
  { name: "an empty customer", members: { customerId: "" }, path: ["customerId"] },
  { name: "a customer named .", members: { customerId: "." }, path: ["customerId"] },
  { name: "a customer named ..", members: { customerId: ".." }, path: ["customerId"] },
  { name: "a customer of 129 characters", members: { customerId: "c".repeat(129) }, path: ["customerId"] },
  { name: "a customer of 129 emoji", members: { customerId: EMOJI.repeat(129) }, path: ["customerId"] },
  { name: "a metric of 129 emoji", members: { metricName: EMOJI.repeat(129) }, path: ["metricName"] },
  { name: "half a surrogate pair", members: { customerId: "a\uD800" }, path: ["customerId"] },
  { name: "U+0000", members: { customerId: "a\u0000b" }, path: ["customerId"] },
  { name: "no metric", members: { metricName: undefined }, path: ["metricName"] },
  { name: "an empty id", members: { id: "" }, path: ["id"] },
  { name: "an id of 129 characters", members: { id: "i".repeat(129) }, path: ["id"] },
  { name: "an id of 129 emoji", members: { id: EMOJI.repeat(129) }, path: ["id"] },
  { name: "an id of 128 emoji and a letter", members: { id: `${EMOJI.repeat(128)}i` }, path: ["id"] },
  { name: "an id that is null", members: { id: null }, path: ["id"] },
  { name: "an id that is a number", members: { id: 5 }, path: ["id"] },
  { name: "a value that is true", members: { value: true }, path: ["value"] },
  { name: "a value that is null", members: { value: null }, path: ["value"] },
  { name: "a value that is infinite", members: { value: Number.POSITIVE_INFINITY }, path: ["value"] },
  { name: "a time without zone", members: { timestamp: "2026-11-23T12:00:00" }, path: ["timestamp"] },
  { name: "a date alone", members: { timestamp: "2026-11-23" }, path: ["timestamp"] },
  { name: "a day that is not there", members: { timestamp: "2026-02-29T00:00:00Z" }, path: ["timestamp"] },
  { name: "an hour 24", members: { timestamp: "2026-11-23T24:00:00Z" }, path: ["timestamp"] },
  { name: "an offset of 25 hours", members: { timestamp: "2026-11-23T12:00:00+25:00" }, path: ["timestamp"] },
  { name: "half a millisecond", members: { timestamp: RECEIVED_MS + 0.5 }, path: ["timestamp"] },
  { name: "a time before 1970", members: { timestamp: -1 }, path: ["timestamp"] },
  { name: "metadata that is a list", members: { metadata: [] }, path: ["metadata"] },
  { name: "metadata that is null", members: { metadata: null }, path: ["metadata"] },
  { name: "a misspelt member", members: { ID: "x" }, path: [] },
])("event: $name is refused", ({ members, path }) => {
  const parsed = eventSchema.safeParse({ customerId: "c", metricName: "m", ...members });

  expect(parsed.error?.issues.map((issue) => issue.path)).toEqual([path]);
});

test.each([
  { name: "128 letters", text: "c".repeat(128) },
  { name: "128 emoji", text: EMOJI.repeat(128) },
  { name: "colons, percent signs and spaces", text: "a:b%3A c%" },
  { name: "a newline and quotes", text: 'a\n"b"' },
  { name: "U+FFFF", text: "\uFFFF" },
])("event: ids and customers of $name are taken as they are", ({ text }) => {
  expect(eventSchema.parse({ id: text, customerId: text, metricName: "m" })).toMatchObject({
    id: text,
    customerId: text,
  });
});

test.each([
  { timestamp: undefined, timeMs: RECEIVED_MS },
  { timestamp: 0, timeMs: 0 },
  { timestamp: RECEIVED_MS - 1, timeMs: RECEIVED_MS - 1 },
  { timestamp: "2026-11-23T12:00:00Z", timeMs: RECEIVED_MS },
  { timestamp: "2026-11-23T13:30:00+01:30", timeMs: RECEIVED_MS },
  { timestamp: "2026-11-23T11:59:59.999Z", timeMs: RECEIVED_MS - 1 },
  { timestamp: "2026-11-23T12:00:00.000999999Z", timeMs: RECEIVED_MS },
  { timestamp: "2024-02-29T23:59:59Z", timeMs: Date.parse("2024-02-29T23:59:59Z") },
])("event: the time $timestamp is $timeMs", ({ timestamp, timeMs }) => {
  const sent = event(timestamp === undefined ? {} : { timestamp });
  expect(sent.timestamp === undefined ? RECEIVED_MS : timestampMs(sent.timestamp)).toBe(timeMs);
});

const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-9]{${length}}$`));

test("event: every timestamp that is taken is a moment in whole milliseconds", () => {
  const anyTimestamp = fc
    .tuple(
      digits(4),
      digits(2),
      digits(2),
      digits(2),
      digits(2),
      digits(2),
      fc.constantFrom("Z", "+23:59", "-00:00"),
    )
    .map(
      ([year, month, day, hour, minute, second, zone]) =>
        `${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`,
    );
  fc.assert(
    fc.property(anyTimestamp, (timestamp) => {
      const parsed = eventSchema.safeParse({ customerId: "c", metricName: "m", timestamp });

      const timeMs = parsed.data?.timestamp === undefined ? 0 : timestampMs(parsed.data.timestamp);
      expect(Number.isInteger(timeMs)).toBe(true);
    }),
    { numRuns: 5000 },
  );
});

test.each([
  { name: "exactly as late as may be", timestamp: RECEIVED_MS - 24 * HOUR_MS, hours: 24, result: 1n },
  { name: "a millisecond later", timestamp: RECEIVED_MS - 24 * HOUR_MS - 1, hours: 24, result: "too_late" },
  { name: "an hour late of one", timestamp: RECEIVED_MS - HOUR_MS, hours: 1, result: 1n },
  { name: "over an hour late of one", timestamp: RECEIVED_MS - HOUR_MS - 1, hours: 1, result: "too_late" },
  { name: "five minutes ahead", timestamp: RECEIVED_MS + FUTURE_LIMIT_MS, hours: 24, result: 1n },
  {
    name: "more than five minutes ahead",
    timestamp: RECEIVED_MS + FUTURE_LIMIT_MS + 1,
    hours: 24,
    result: "too_early",
  },
  { name: "the epoch", timestamp: 0, hours: 24, result: "too_late" },
])("event: $name is $result", ({ timestamp, hours, result }) => {
  expect(outcome({ timestamp }, {}, hours)).toBe(result);
});

test("event: lateness is told before a bad value", () => {
  expect(outcome({ timestamp: 0, value: "abc" })).toBe("too_late");
});

test.each([
  { value: 0, scale: 0, result: 0n },
  { value: "0", scale: 0, result: 0n },
  { value: -0, scale: 0, result: 0n },
  { value: "-0.0", scale: 0, result: 0n },
  { value: 1, scale: 0, result: 1n },
  { value: 1, scale: 3, result: 1000n },
  { value: "1.000", scale: 0, result: 1n },
  { value: 0.1, scale: 1, result: 1n },
  { value: 0.1 + 0.2, scale: 1, result: "too_precise" },
  { value: 1e-9, scale: 9, result: 1n },
  { value: 1e-10, scale: 9, result: "too_precise" },
  { value: "0.0000000001", scale: 9, result: "too_precise" },
  { value: "0.5", scale: 0, result: "too_precise" },
  { value: "9007199254740991", scale: 0, result: MAX_COUNTED },
  { value: "9007199254740992", scale: 0, result: "value_out_of_range" },
  { value: 2 ** 53, scale: 0, result: "value_out_of_range" },
  { value: "9007199254740.991", scale: 3, result: MAX_COUNTED },
  { value: "9007199254740.992", scale: 3, result: "value_out_of_range" },
  { value: "9007199.254740991", scale: 9, result: MAX_COUNTED },
  { value: 9_007_200, scale: 9, result: "value_out_of_range" },
  { value: Number.MAX_VALUE, scale: 9, result: "value_out_of_range" },
  { value: 5e-324, scale: 9, result: "too_precise" },
  { value: -1, scale: 0, result: "value_out_of_range" },
  { value: "-0.001", scale: 3, result: "value_out_of_range" },
  { value: "", scale: 0, result: "invalid_event" },
  { value: "1e3", scale: 0, result: "invalid_event" },
  { value: " 1", scale: 0, result: "invalid_event" },
  { value: "NaN", scale: 0, result: "invalid_event" },
  { value: `1.${"0".repeat(63)}`, scale: 0, result: "invalid_event" },
])("event: the value $value at scale $scale is $result", ({ value, scale, result }) => {
  expect(outcome({ value }, { scale })).toBe(result);
});

test.each([
  { value: -1, result: -1n },
  { value: "-9007199254740991", result: -MAX_COUNTED },
  { value: "-9007199254740992", result: "value_out_of_range" },
])("event: the value $value is $result where negative values are allowed", ({ value, result }) => {
  expect(outcome({ value }, { allowNegative: true })).toBe(result);
});

function dimensions(metadata: Record<string, unknown>, names: string[]) {
  const measured = measure(event({ metadata }), { ...calls, dimensions: names }, RECEIVED_MS, 24);
  return "code" in measured ? measured.code : measured.series.dimensions;
}

test.each([
  { name: "a string", metadata: { region: "eu" }, result: { region: "eu" } },
  { name: "an empty string", metadata: { region: "" }, result: { region: "" } },
  { name: "a number", metadata: { region: 1.5 }, result: { region: "1.5" } },
  { name: "minus zero", metadata: { region: -0 }, result: { region: "0" } },
  { name: "a boolean", metadata: { region: false }, result: { region: "false" } },
  { name: "nothing", metadata: {}, result: {} },
  { name: "null", metadata: { region: null }, result: {} },
  { name: "what is no dimension", metadata: { zone: { deep: [] } }, result: {} },
  { name: "128 letters", metadata: { region: "r".repeat(128) }, result: { region: "r".repeat(128) } },
  { name: "129 letters", metadata: { region: "r".repeat(129) }, result: "invalid_event" },
  { name: "128 emoji", metadata: { region: EMOJI.repeat(128) }, result: { region: EMOJI.repeat(128) } },
  { name: "129 emoji", metadata: { region: EMOJI.repeat(129) }, result: "invalid_event" },
  { name: "half a surrogate pair", metadata: { region: "\uDC00" }, result: "invalid_event" },
  { name: "U+0000", metadata: { region: "a\u0000" }, result: "invalid_event" },
  { name: "a list", metadata: { region: ["eu"] }, result: "invalid_event" },
  { name: "an object", metadata: { region: {} }, result: "invalid_event" },
])("event: a dimension that is $name", ({ metadata, result }) => {
  expect(dimensions(metadata, ["region"])).toEqual(result);
});

test("event: a dimension that every object inherits is only taken when the event has it", () => {
  expect(dimensions({}, ["constructor"])).toEqual({});
  expect(dimensions({ constructor: "mine" }, ["constructor"])).toEqual({ constructor: "mine" });
});

test("event: metadata of __proto__ changes no object", () => {
  const sent = JSON.parse('{"customerId":"c","metricName":"m","metadata":{"__proto__":{"region":"eu"}}}');
  const parsed = eventSchema.parse(sent);

  expect(measure(parsed, calls, RECEIVED_MS, 24)).toMatchObject({ series: { dimensions: {} } });
  expect({}).not.toHaveProperty("region");
});

test("event: what is measured names customer, series, value and time", () => {
  const measured = measure(
    event({ value: "2.5", timestamp: RECEIVED_MS - 1, metadata: { region: "eu", other: 1 } }),
    { ...calls, aggregation: "last", scale: 1 },
    RECEIVED_MS,
    24,
  );

  expect(measured).toEqual({
    customerId: "cus_acme",
    series: { metricName: "api_calls", aggregation: "last", scale: 1, dimensions: { region: "eu" } },
    seriesText: '["api_calls","last",1,"region","eu"]',
    value: 25n,
    timeMs: RECEIVED_MS - 1,
  });
});
