import * as z from "zod";
import { decimalFromNumber, parseDecimal, scaledTo } from "./decimal.ts";
import type { Meter } from "./meter.ts";
import { formatSeries, type Series } from "./series.ts";
import { customerIdText, hasAtMost, isStorableText, MAX_TEXT_LENGTH, storableText } from "./text.ts";
import { HOUR_MS, MINUTE_MS } from "./window.ts";

/** Most events of one call. */
export const MAX_EVENTS = 1000;
/** Largest counted integer: beyond it a double, which is what Redis scripts count in, is not exact. */
export const MAX_COUNTED = 2n ** 53n - 1n;
/** How far an event's time may lie ahead of its receipt: room for clocks that differ. */
export const FUTURE_LIMIT_MS = 5 * MINUTE_MS;

/** ISO 8601 with an offset, or epoch ms. */
export const timestampSchema = z.union([z.iso.datetime({ offset: true }), z.int().min(0).max(8.64e15)]);

/** A JSON number or a decimal string. */
export const decimalSchema = z.union([z.number(), z.string()]);

/** One event as a client sends it. Unknown members are refused: a misspelt `id` would bill a retry twice. */
export const eventSchema = z.strictObject({
  id: storableText().optional(),
  customerId: customerIdText(),
  metricName: storableText(),
  value: decimalSchema.default(1),
  timestamp: timestampSchema.optional(),
  metadata: z.record(z.string(), z.unknown()).default({}),
});

export type Event = z.infer<typeof eventSchema>;

/** Why one event is not counted; codes of the API. */
export type RejectionCode =
  | "invalid_event"
  | "unknown_metric"
  | "unknown_customer"
  | "value_out_of_range"
  | "too_precise"
  | "too_late"
  | "too_early"
  | "event_conflict"
  | "counter_overflow"
  | "too_many_series";

export interface Rejection {
  code: RejectionCode;
  detail: string;
}

/** What one event adds to which counter. */
export interface Measurement {
  customerId: string;
  series: Series;
  /** The one text of the series. */
  seriesText: string;
  /** Integer at the meter's scale. */
  value: bigint;
  timeMs: number;
}

/** Epoch ms of a timestamp that the schema has accepted. */
export function timestampMs(timestamp: string | number): number {
  return typeof timestamp === "number" ? timestamp : Date.parse(timestamp);
}

/**
 * Checks an event against its meter and the late window.
 *
 * Lateness is judged at the time of receipt, and before anything is looked up.
 */
export function measure(
  event: Event,
  meter: Meter,
  receivedAtMs: number,
  lateEventHours: number,
): Measurement | Rejection {
  const timeMs = event.timestamp === undefined ? receivedAtMs : timestampMs(event.timestamp);
  if (timeMs < receivedAtMs - lateEventHours * HOUR_MS) {
    return {
      code: "too_late",
      detail: `the event is older than ${lateEventHours} h; correct past usage with an adjustment`,
    };
  }
  if (timeMs > receivedAtMs + FUTURE_LIMIT_MS) {
    return {
      code: "too_early",
      detail: "the event's timestamp is more than 5 minutes ahead; check the sender's clock",
    };
  }
  const value = scaleValue(event.value, meter);
  if (typeof value !== "bigint") {
    return value;
  }
  const series = seriesOf(event.metadata, meter);
  if ("code" in series) {
    return series;
  }
  // Counting events, one event is one, whatever its value.
  return {
    customerId: event.customerId,
    series,
    seriesText: formatSeries(series),
    value: meter.aggregation === "count" ? 1n : value,
    timeMs,
  };
}

/** The series of a meter that metadata names. */
export function seriesOf(metadata: Record<string, unknown>, meter: Meter): Series | Rejection {
  const dimensions = dimensionsOf(metadata, meter);
  if ("code" in dimensions) {
    return dimensions;
  }
  const { name, aggregation, scale } = meter;
  return { metricName: name, aggregation, scale, dimensions: dimensions.values };
}

/** Brings a value to the meter's scale, or tells why it cannot be counted. */
export function scaleValue(input: number | string, meter: Meter): bigint | Rejection {
  if (meter.scale === 0 && typeof input === "number" && Number.isSafeInteger(input) && input >= 0) {
    return BigInt(input);
  }
  const decimal = typeof input === "number" ? decimalFromNumber(input) : parseDecimal(input);
  if (decimal === undefined) {
    return {
      code: "invalid_event",
      detail: "value: must be a number or a plain decimal string such as 12.5",
    };
  }
  const scaled = scaledTo(decimal, meter.scale);
  if (scaled === undefined) {
    return { code: "too_precise", detail: `value: ${meter.name} is counted to ${meter.scale} decimals` };
  }
  if (scaled < 0n && !meter.allowNegative) {
    return { code: "value_out_of_range", detail: `value: ${meter.name} takes no negative values` };
  }
  if (scaled > MAX_COUNTED || scaled < -MAX_COUNTED) {
    return {
      code: "value_out_of_range",
      detail: `value: ${meter.name} takes at most ${MAX_COUNTED} of its smallest units`,
    };
  }
  return scaled;
}

/** Takes the meter's dimensions from metadata; one that is missing or null is left out. */
function dimensionsOf(
  metadata: Record<string, unknown>,
  meter: Meter,
): { values: Record<string, string> } | Rejection {
  const values: Record<string, string> = {};
  for (const name of meter.dimensions) {
    const value = Object.hasOwn(metadata, name) ? metadata[name] : undefined;
    if (value === undefined || value === null) {
      continue;
    }
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
      return {
        code: "invalid_event",
        detail: `metadata.${name}: a dimension must be a string, number or boolean`,
      };
    }
    const text = String(value);
    if (!hasAtMost(text, MAX_TEXT_LENGTH) || !isStorableText(text)) {
      return {
        code: "invalid_event",
        detail: `metadata.${name}: at most ${MAX_TEXT_LENGTH} characters of well-formed Unicode without U+0000`,
      };
    }
    values[name] = text;
  }
  return { values };
}
