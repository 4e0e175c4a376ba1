import * as z from "zod";
import {
  decimalSchema,
  scaleValue,
  seriesOf,
  timestampMs,
  timestampSchema,
  FUTURE_LIMIT_MS,
  MAX_COUNTED,
  type Measurement,
  type Rejection,
} from "./event.ts";
import type { Aggregation, Meter } from "./meter.ts";
import { formatSeries } from "./series.ts";
import { customerIdText, storableText } from "./text.ts";
import { HOUR_MS, hourStart } from "./window.ts";

/** One series of one customer and hour, merged by our SDK; the meter takes what its aggregation needs. */
export const mergedUsageSchema = z.strictObject({
  customerId: customerIdText(),
  metricName: storableText(),
  /** Any moment of the hour. */
  hour: timestampSchema,
  metadata: z.record(z.string(), z.unknown()).default({}),
  count: decimalSchema.optional(),
  sum: decimalSchema.optional(),
  min: decimalSchema.optional(),
  max: decimalSchema.optional(),
  last: decimalSchema.optional(),
  lastAt: timestampSchema.optional(),
});

export type MergedUsage = z.infer<typeof mergedUsageSchema>;

/**
 * Checks merged usage against its meter and the late window.
 *
 * An hour is too late when all of it is, too early when none of it has begun.
 */
export function measureMerged(
  usage: MergedUsage,
  meter: Meter,
  receivedAtMs: number,
  lateEventHours: number,
): Measurement | Rejection {
  const hourMs = hourStart(timestampMs(usage.hour));
  if (hourMs + HOUR_MS <= receivedAtMs - lateEventHours * HOUR_MS) {
    return { code: "too_late", detail: `the hour is more than ${lateEventHours} h past; use an adjustment` };
  }
  if (hourMs > receivedAtMs + FUTURE_LIMIT_MS) {
    return { code: "too_early", detail: "the hour has not begun; check the sender's clock" };
  }
  const value = mergedValue(usage, meter);
  if (typeof value !== "bigint") {
    return value;
  }
  const timeMs = meter.aggregation === "last" ? lastTime(usage, hourMs) : hourMs;
  if (timeMs !== undefined && timeMs > receivedAtMs + FUTURE_LIMIT_MS) {
    return { code: "too_early", detail: "lastAt: is more than 5 minutes ahead; check the sender's clock" };
  }
  if (timeMs === undefined) {
    return { code: "invalid_event", detail: "lastAt: must be a moment of the row's hour" };
  }
  const series = seriesOf(usage.metadata, meter);
  if ("code" in series) {
    return series;
  }
  return { customerId: usage.customerId, series, seriesText: formatSeries(series), value, timeMs };
}

function mergedValue(usage: MergedUsage, meter: Meter): bigint | Rejection {
  const member: Aggregation = meter.aggregation;
  const input = usage[member];
  if (input === undefined) {
    return { code: "invalid_event", detail: `${member}: is what ${meter.name} counts, and missing` };
  }
  const value = scaleValue(input, meter);
  if (member === "count" && typeof value === "bigint" && (value <= 0n || value > MAX_COUNTED)) {
    return { code: "value_out_of_range", detail: "count: must be a positive whole number" };
  }
  return value;
}

function lastTime(usage: MergedUsage, hourMs: number): number | undefined {
  const timeMs = usage.lastAt === undefined ? undefined : timestampMs(usage.lastAt);
  return timeMs !== undefined && hourStart(timeMs) === hourMs ? timeMs : undefined;
}
