import { formatScaled, parseDecimal, scaledTo } from "../domain/decimal.ts";
import { invariant } from "../domain/invariant.ts";
import type { Period } from "../domain/period.ts";
import { DAY_MS, isoTime } from "../domain/window.ts";
import type { Catalog } from "./catalog.ts";
import { printLine, type PrintedLine } from "./printed-line.ts";
import { ratePeriod, type PeriodUsage } from "./rate-period.ts";

/** What a line of an earlier period was billed so far, over all invoices; the amount in minor units, as digits. */
export interface BilledLine {
  ref: string;
  metricName: string | null;
  description: string;
  quantity: string;
  amountMinor: string;
}

/** All that an earlier period is trued up from, beside the catalog version that priced it; an invoice's export carries it. */
export interface TrueUp {
  catalogVersion: number;
  /** As the period was priced, with the totals that it has by now. */
  usage: PeriodUsage;
  billed: readonly BilledLine[];
}

const REF_PREFIX = "true_up";
/** What the ref of a true-up line begins with: the ref of the line that it corrects follows. */
export const REF_OF_TRUE_UP = /^true_up:[^:]*:/;

/**
 * What is still to be billed of an earlier period: line by line what it comes to by now, less what it was billed.
 *
 * The period's lines over all invoices then add up to its rating, quantities too. Negative in the customer's favour; empty
 * when nothing has changed.
 */
export function trueUpLines(catalog: Catalog, { usage, billed }: TrueUp): PrintedLine[] {
  const rating = ratePeriod(catalog, usage);
  invariant(rating !== undefined, "the version has priced the period before");
  const lines = rating.lines.map((line) => printLine(line, rating.currency));
  const present = new Set(lines.map(({ ref }) => ref));
  const gone = billed
    .filter(({ ref }) => !present.has(ref))
    .map((line): PrintedLine => ({ ...line, quantity: "0", amountMinor: 0n, tiers: [] }));
  return [...lines, ...gone].flatMap((line) =>
    difference(
      line,
      billed.find(({ ref }) => ref === line.ref),
      usage.period,
    ),
  );
}

/**
 * What a period that is invoiced anew is trued up from, on that same invoice: what later invoices have corrected of it is
 * taken off again. Undefined when they have corrected nothing.
 */
export function trueUpOfItself(
  catalog: Catalog,
  own: Omit<TrueUp, "billed">,
  corrected: readonly BilledLine[],
): TrueUp | undefined {
  if (corrected.length === 0) {
    return undefined;
  }
  const rating = ratePeriod(catalog, own.usage);
  invariant(rating !== undefined, "the version was chosen by the period's plans");
  const billed = new Map(
    corrected.map(({ ref, metricName, description, quantity, amountMinor }) => [
      ref,
      { ref, metricName, description, quantity, amountMinor },
    ]),
  );
  for (const line of rating.lines.map((rated) => printLine(rated, rating.currency))) {
    const later = billed.get(line.ref);
    const { ref, metricName, description } = line;
    const quantity = later === undefined ? line.quantity : add(line.quantity, later.quantity);
    const amountMinor = (line.amountMinor + BigInt(later?.amountMinor ?? 0)).toString();
    billed.set(ref, { ref, metricName, description, quantity, amountMinor });
  }
  return { ...own, billed: [...billed.values()] };
}

function difference(line: PrintedLine, billed: BilledLine | undefined, period: Period): PrintedLine[] {
  const amountMinor = line.amountMinor - BigInt(billed?.amountMinor ?? 0);
  const quantity = subtract(line.quantity, billed?.quantity ?? "0");
  if (amountMinor === 0n && quantity === "0") {
    return [];
  }
  const before = quantity === "0" ? "" : `, billed before: ${billed?.quantity ?? "0"}`;
  return [
    {
      ref: `${REF_PREFIX}:${day(period.startMs)}:${line.ref}`,
      metricName: line.metricName,
      description: `True-up ${day(period.startMs)} to ${day(period.endMs - DAY_MS)}: ${line.description}${before}`,
      quantity,
      amountMinor,
      tiers: [],
      trueUpOfMs: period.startMs,
    },
  ];
}

function subtract(left: string, right: string): string {
  return add(left, right, -1n);
}

/** Exact, at whatever scale is the finer. */
function add(left: string, right: string, sign = 1n): string {
  const [one, other] = [parseDecimal(left), parseDecimal(right)];
  invariant(one !== undefined && other !== undefined, "quantities are decimals");
  const scale = Math.max(one.scale, other.scale);
  return formatScaled((scaledTo(one, scale) ?? 0n) + sign * (scaledTo(other, scale) ?? 0n), scale);
}

function day(timeMs: number): string {
  return isoTime(timeMs).slice(0, 10);
}
