import { formatMinor, type Currency } from "../domain/money.ts";
import { lineDocument, printLine, type LineDocument } from "./printed-line.ts";
import type { Rating } from "./rate.ts";

/** What a rating comes to, as documents show it; the same of an invoice, of an upcoming one and of one recomputed. */
export interface BillDocument {
  currency: string;
  lines: LineDocument[];
  subtotal: string;
  total: string;
}

/** Prints a rating. */
export function billDocument({ currency, lines, totalMinor }: Rating): BillDocument {
  return {
    currency: currency.code,
    lines: lines.map((line) => lineDocument(printLine(line, currency), currency)),
    ...totalsDocument(totalMinor, totalMinor, currency),
  };
}

/** Prints the sums of a bill. */
export function totalsDocument(
  subtotalMinor: bigint,
  totalMinor: bigint,
  currency: Currency,
): Pick<BillDocument, "subtotal" | "total"> {
  return { subtotal: formatMinor(subtotalMinor, currency), total: formatMinor(totalMinor, currency) };
}
