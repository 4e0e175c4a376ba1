import type { Event } from "./event.ts";
import type { MergedUsage } from "./merged-usage.ts";
import { isStorableText, MAX_TEXT_LENGTH } from "./text.ts";

/** ISO 8601 in UTC, of a day that every month has: what a date prints, but for the last days of a month. */
const USUAL_TIME =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?Z$/;

type Check = (value: unknown) => boolean;

const EVENT = new Map<string, Check>([
  ["id", isUsualText],
  ["customerId", isUsualCustomer],
  ["metricName", isUsualText],
  ["value", isUsualQuantity],
  ["timestamp", isUsualTime],
  ["metadata", isUsualMetadata],
]);

const MERGED_USAGE = new Map<string, Check>([
  ["customerId", isUsualCustomer],
  ["metricName", isUsualText],
  ["hour", isUsualTime],
  ["metadata", isUsualMetadata],
  ["count", isUsualQuantity],
  ["sum", isUsualQuantity],
  ["min", isUsualQuantity],
  ["max", isUsualQuantity],
  ["last", isUsualQuantity],
  ["lastAt", isUsualTime],
]);

/**
 * Reads an event of the usual shape without its schema, which takes thirty times as long: Workers cannot compile one.
 *
 * Undefined says nothing about the input: the schema decides. What this reads, the schema reads the same.
 */
export function usualEvent(input: unknown): Event | undefined {
  if (!hasUsualMembers(input, EVENT)) {
    return undefined;
  }
  const event = input as Partial<Event>;
  if (event.customerId === undefined || event.metricName === undefined) {
    return undefined;
  }
  return { ...(event as Event), value: event.value ?? 1, metadata: event.metadata ?? {} };
}

/** Reads a row of merged usage as {@link usualEvent} reads an event. */
export function usualMergedUsage(input: unknown): MergedUsage | undefined {
  if (!hasUsualMembers(input, MERGED_USAGE)) {
    return undefined;
  }
  const usage = input as Partial<MergedUsage>;
  if (usage.customerId === undefined || usage.metricName === undefined || usage.hour === undefined) {
    return undefined;
  }
  return { ...(usage as MergedUsage), metadata: usage.metadata ?? {} };
}

/** True for a plain object all of whose members are known and usual. */
function hasUsualMembers(input: unknown, checks: ReadonlyMap<string, Check>): boolean {
  if (!isPlainObject(input)) {
    return false;
  }
  for (const name of Object.keys(input)) {
    const check = checks.get(name);
    if (check === undefined || !check(input[name])) {
      return false;
    }
  }
  return true;
}

function isPlainObject(input: unknown): input is Record<string, unknown> {
  return typeof input === "object" && input !== null && Object.getPrototypeOf(input) === Object.prototype;
}

function isUsualText(value: unknown): boolean {
  return (
    typeof value === "string" && value !== "" && value.length <= MAX_TEXT_LENGTH && isStorableText(value)
  );
}

function isUsualCustomer(value: unknown): boolean {
  return isUsualText(value) && value !== "." && value !== "..";
}

function isUsualQuantity(value: unknown): boolean {
  return typeof value === "string" || (typeof value === "number" && Number.isFinite(value));
}

function isUsualTime(value: unknown): boolean {
  return typeof value === "string" && USUAL_TIME.test(value);
}

/** Its values are looked at when the meter tells which of them are dimensions. */
function isUsualMetadata(value: unknown): boolean {
  return isPlainObject(value) && !Object.hasOwn(value, "__proto__");
}
