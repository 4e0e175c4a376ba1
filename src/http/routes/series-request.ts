import * as z from "zod";
import { customerIdSchema } from "../../domain/customer.ts";
import { nameSchema } from "../../domain/meter.ts";
import { hasAtMost, isStorableText, MAX_TEXT_LENGTH, STORABLE, storableText } from "../../domain/text.ts";
import type { SeriesQuery } from "../../usage/series-query.ts";
import {
  defaultReachMs,
  MAX_WINDOWS,
  SERIES_WINDOWS,
  windowBounds,
  type SeriesWindow,
} from "../../usage/series-windows.ts";
import { startOfDate, timeZoneOf, type TimeZone } from "../../usage/time-zone.ts";
import { badCursor, readGroupCursor, type GroupPosition } from "../group-cursor.ts";
import { pagingParameters, readPage } from "../pagination.ts";
import { ApiProblem } from "../problem.ts";
import { readQuery } from "../query.ts";

/** Most points of one answer. */
const MAX_POINTS = 100_000;
const MAX_TIME_MS = Date.UTC(9999, 0);

const timeSchema = z.iso.datetime({ offset: true });
const dateSchema = z.iso.date();

/** Epoch ms, an ISO 8601 time, or a date: the last stays text, since it begins where the zone says. */
const momentSchema = z.string().transform((text, context): number | string => {
  if (/^\d{1,15}$/.test(text)) {
    return Number(text);
  }
  if (timeSchema.safeParse(text).success) {
    return Date.parse(text);
  }
  if (!dateSchema.safeParse(text).success) {
    const message = "must be ISO 8601 with an offset (2026-11-01T00:00:00Z), a date, or epoch milliseconds";
    context.addIssue({ code: "custom", message });
  }
  return text;
});

const groupBySchema = z
  .string()
  .transform((text) => text.split(","))
  .pipe(z.array(nameSchema))
  .refine((names) => new Set(names).size === names.length, "names each member once");

const filterValueSchema = z
  .string()
  .refine((text) => hasAtMost(text, MAX_TEXT_LENGTH), `must have at most ${MAX_TEXT_LENGTH} characters`)
  .refine(isStorableText, STORABLE);

/** The address of `GET /v1/usage`. */
export const seriesQuerySchema = z.strictObject({
  metric: storableText(),
  customerId: customerIdSchema.optional(),
  from: momentSchema.optional(),
  to: momentSchema.optional(),
  window: z.enum(SERIES_WINDOWS).default("day"),
  groupBy: groupBySchema.default([]),
  filter: z.array(z.tuple([nameSchema, filterValueSchema])).default([]),
  timezone: z.string().default("UTC"),
  fill: z.literal("zero").optional(),
  ...pagingParameters,
});

type Parameters = z.infer<typeof seriesQuerySchema>;

/** What `GET /v1/usage` asks for. */
export interface SeriesRequest {
  query: SeriesQuery;
  window: SeriesWindow;
  timezone: string;
  /** What a cursor belongs to. */
  text: string;
}

/** Reads an address; throws the problem that tells what is wrong with it. */
export function readSeriesRequest(url: string, nowMs: number): SeriesRequest {
  const { parameters, text } = readQuery(url, seriesQuerySchema);
  const { metric, customerId, window, groupBy, filter, timezone, fill, cursor } = parameters;
  const { limit } = readPage({ limit: parameters.limit });
  const position = cursor === undefined ? undefined : readGroupCursor(text, groupBy.length, cursor);
  const bounds = boundsOf(parameters, position, nowMs);
  if (position !== undefined && (position.fromMs !== bounds[0] || position.toMs !== bounds.at(-1))) {
    throw badCursor();
  }
  const windows = bounds.length - 1;
  if (groupBy.length > 0 && windows * limit > MAX_POINTS) {
    const most = Math.floor(MAX_POINTS / windows);
    throw new ApiProblem("invalid_request", `limit: at most ${most} groups of ${windows} windows each`);
  }
  return {
    query: {
      metricName: metric,
      customerId,
      bounds,
      groupBy,
      filters: filter,
      isFilled: fill !== undefined,
      after: position?.key,
      limit,
    },
    window,
    timezone,
    text,
  };
}

/** A page that follows another is of the same time, also where `from` or `to` are left to their defaults. */
function boundsOf(parameters: Parameters, position: GroupPosition | undefined, nowMs: number): number[] {
  const { window, from, to, timezone } = parameters;
  const zone = timeZoneOf(timezone);
  if (zone === undefined) {
    throw new ApiProblem("invalid_request", "timezone: an IANA name, e.g. Europe/Berlin");
  }
  const toMs = to === undefined ? (position?.toMs ?? nowMs + 1) : momentMs(zone, to);
  const fromMs =
    from === undefined ? (position?.fromMs ?? toMs - defaultReachMs(window)) : momentMs(zone, from);
  if (fromMs >= toMs) {
    throw new ApiProblem("invalid_request", "from: must be before to (left out: now)");
  }
  const bounds = windowBounds(window, zone, fromMs, toMs);
  if (bounds === "unsupported_timezone") {
    throw new ApiProblem(
      "unsupported_timezone",
      "timezone: its offset is not whole hours, but usage is kept by the hour of UTC; take a neighbouring zone or UTC",
    );
  }
  if (bounds === "too_many_windows") {
    throw new ApiProblem(
      "invalid_request",
      `from, to: more than ${MAX_WINDOWS} windows; ask for a shorter time or for longer windows`,
    );
  }
  return bounds;
}

function momentMs(zone: TimeZone, moment: number | string): number {
  const timeMs = typeof moment === "number" ? moment : startOfDate(zone, Date.parse(moment));
  if (!(timeMs >= 0 && timeMs <= MAX_TIME_MS)) {
    throw new ApiProblem("invalid_request", "from, to: must be from 1970 to 9998");
  }
  return timeMs;
}
