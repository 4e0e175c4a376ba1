import { formatMinor, type Currency } from "../domain/money.ts";
import type { Catalog } from "./catalog.ts";
import { lineDocument, printLine, type LineDocument, type PrintedLine } from "./printed-line.ts";
import { ratePeriod, type PeriodUsage } from "./rate-period.ts";
import type { Rating } from "./rate.ts";
import { trueUpLines, type TrueUp } from "./true-up.ts";

/** What a period is billed, line by line, as the ledger keeps it: Σ lines = total, exactly. */
export interface Bill {
  currency: Currency;
  lines: PrintedLine[];
  totalMinor: bigint;
}

/** What a rating comes to, as documents show it; the same of an invoice, of an upcoming one and of one recomputed. */
export interface BillDocument {
  currency: string;
  lines: LineDocument[];
  subtotal: string;
  total: string;
}

/** A period to be trued up, with the catalog version that priced it. */
export type PricedTrueUp = TrueUp & { catalog: Catalog };

/**
 * All that a period's invoice has: its own lines, then what earlier periods are trued up by, in the order given. An invoice and
 * one recomputed from its export are made by this alone.
 *
 * Undefined when the catalog has not all of the plans.
 */
export function billPeriod(
  catalog: Catalog,
  usage: PeriodUsage,
  trueUps: readonly PricedTrueUp[],
): Bill | undefined {
  const rating = ratePeriod(catalog, usage);
  if (rating === undefined) {
    return undefined;
  }
  const own = rating.lines.map((line) => printLine(line, rating.currency));
  const earlier = trueUps.flatMap((trueUp) => trueUpLines(trueUp.catalog, trueUp));
  const totalMinor = earlier.reduce((sum, { amountMinor }) => sum + amountMinor, rating.totalMinor);
  return { currency: rating.currency, lines: [...own, ...earlier], totalMinor };
}

/** Prints a bill. */
export function printBill({ currency, lines, totalMinor }: Bill): BillDocument {
  return {
    currency: currency.code,
    lines: lines.map((line) => lineDocument(line, currency)),
    ...totalsDocument(totalMinor, totalMinor, currency),
  };
}

/** Prints a rating. */
export function billDocument({ currency, lines, totalMinor }: Rating): BillDocument {
  return printBill({ currency, lines: lines.map((line) => printLine(line, currency)), totalMinor });
}

/** Prints the sums of a bill. */
export function totalsDocument(
  subtotalMinor: bigint,
  totalMinor: bigint,
  currency: Currency,
): Pick<BillDocument, "subtotal" | "total"> {
  return { subtotal: formatMinor(subtotalMinor, currency), total: formatMinor(totalMinor, currency) };
}
