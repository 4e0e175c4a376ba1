import { parseDecimal, powerOfTen, type Decimal } from "../domain/decimal.ts";
import type { CustomerType } from "../domain/notification-type.ts";

/** What an e-mail says, as text that is not escaped yet. */
export interface EmailContent {
  subject: string;
  greeting: string;
  /** Label and value. */
  rows: readonly (readonly [string, string])[];
  /** How much is used of what there is, in percent; undefined where nothing bounds it. */
  percentUsed: bigint | undefined;
  /** The customer's page. */
  link: string | undefined;
}

export interface EmailFacts {
  type: CustomerType;
  customerId: string;
  name: string | null;
  /** The notification's. */
  data: Record<string, unknown>;
  /** Where this deployment is reached. */
  publicUrl: string | undefined;
}

/** Longest value shown, in characters. */
const MAX_VALUE_LENGTH = 200;

/**
 * Puts a notification into words and numbers.
 *
 * Of `data` it reads `metric`, `displayName`, `unit`, `currency`, `current`, `included`, `budget`, `limit`, `projected`,
 * `threshold`, `thresholdUnit` ("percent") and `period`, each where it is there.
 */
export function emailContent({ type, customerId, name, data, publicUrl }: EmailFacts): EmailContent {
  const said = reader(data);
  const bound = said("included") ?? said("budget") ?? said("limit");
  const percentUsed = percentOf(said("current"), bound);
  return {
    subject: oneLine(subjectOf(type, said, percentUsed)),
    greeting: `Hello ${oneLine(name ?? customerId)},`,
    rows: rowsOf(type, said, periodOf(data)),
    percentUsed,
    link: publicUrl === undefined ? undefined : customerPage(publicUrl, customerId),
  };
}

type Said = (member: string) => string | undefined;

function reader(data: Record<string, unknown>): Said {
  return (member) => {
    const value = data[member];
    const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
    return text === "" ? undefined : oneLine(text);
  };
}

function subjectOf(type: CustomerType, said: Said, percentUsed: bigint | undefined): string {
  const metric = said("displayName") ?? said("metric") ?? "Usage";
  switch (type) {
    case "usage.threshold_reached":
      return percentUsed === undefined
        ? `${metric}: ${withUnit(said("current"), said("unit"))} used`
        : `${metric}: ${percentUsed} % of what is included is used`;
    case "spend.threshold_reached":
      return `${withUnit(said("current"), currency(said))} spent in this billing period`;
    case "budget.threshold_reached":
      return percentUsed === undefined ? "Your budget is used" : `${percentUsed} % of your budget is used`;
    case "budget.forecast_exceeded":
      return "Your usage will pass your budget before the billing period ends";
    case "limit.reached":
      return `${metric}: the limit is reached`;
    default:
      return type satisfies never;
  }
}

function rowsOf(type: CustomerType, said: Said, period: string | undefined): [string, string][] {
  const isMoney =
    type === "limit.reached" ? said("metric") === undefined : type !== "usage.threshold_reached";
  const unit = isMoney ? currency(said) : said("unit");
  const isPercent = type === "budget.threshold_reached" || said("thresholdUnit") === "percent";
  const rows: [string, string | undefined][] = [
    [isMoney ? "Spent so far" : "Used so far", withUnitIf(said("current"), unit)],
    ["Included", withUnitIf(said("included"), unit)],
    ["Budget", withUnitIf(said("budget"), currency(said))],
    ["Limit", withUnitIf(said("limit"), unit)],
    ["Projected", withUnitIf(said("projected"), unit)],
    ["Threshold", withUnitIf(said("threshold"), isPercent ? "%" : unit)],
    ["Billing period", period],
  ];
  return rows.flatMap(([label, value]) => (value === undefined ? [] : [[label, value]]));
}

function currency(said: Said): string | undefined {
  return said("currency")?.toUpperCase();
}

function withUnit(value: string | undefined, unit: string | undefined): string {
  return [value ?? "0", unit].filter((part) => part !== undefined).join(" ");
}

function withUnitIf(value: string | undefined, unit: string | undefined): string | undefined {
  return value === undefined ? undefined : withUnit(value, unit);
}

function periodOf({ period }: Record<string, unknown>): string | undefined {
  const { start, end } = (period ?? {}) as { start?: unknown; end?: unknown };
  return isTime(start) && isTime(end)
    ? oneLine(`${start.slice(0, 10)} to ${end.slice(0, 10)} (UTC)`)
    : undefined;
}

function isTime(time: unknown): time is string {
  return typeof time === "string" && time.length >= 10;
}

/** Whole percent, rounded half up; undefined when nothing bounds what is used, or the bound is nothing. */
function percentOf(used: string | undefined, bound: string | undefined): bigint | undefined {
  const part = used === undefined ? undefined : parseDecimal(used);
  const whole = bound === undefined ? undefined : parseDecimal(bound);
  if (part === undefined || whole === undefined || part.coefficient < 0n || whole.coefficient <= 0n) {
    return undefined;
  }
  const scale = Math.max(part.scale, whole.scale);
  const divisor = 2n * scaled(whole, scale);
  return (200n * scaled(part, scale) + divisor / 2n) / divisor;
}

function scaled({ coefficient, scale }: Decimal, to: number): bigint {
  return coefficient * powerOfTen(to - scale);
}

/** The page on which a customer sees its usage: a token in an e-mail would let in whoever reads it. */
function customerPage(publicUrl: string, customerId: string): string {
  return publicUrl.replaceAll("{customerId}", encodeURIComponent(customerId));
}

/** No line break or other control character: a subject is a header. */
function oneLine(text: string): string {
  const plain = text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ");
  return Array.from(plain).slice(0, MAX_VALUE_LENGTH).join("");
}
