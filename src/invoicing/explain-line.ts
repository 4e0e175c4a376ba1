import { currencyOf, formatMinor, type Currency } from "../domain/money.ts";
import { isoTime } from "../domain/window.ts";
import { getCatalogVersion } from "../ledger/catalog-versions.ts";
import type { Database } from "../ledger/database.ts";
import type { Invoice } from "../ledger/invoices.ts";
import { readLineUsage } from "../ledger/line-usage.ts";
import type { Catalog } from "../rating/catalog.ts";
import {
  explainDays,
  findLine,
  reasonsOf,
  type ExplainedDay,
  type FoundLine,
  type Reason,
} from "../rating/explain-line.ts";
import { lineDocument, type LineDocument, type PrintedLine } from "../rating/printed-line.ts";
import type { PeriodUsage } from "../rating/rate-period.ts";
import { REF_OF_TRUE_UP } from "../rating/true-up.ts";

/** Why a line of an invoice has its amount. */
export interface LineExplanation {
  invoiceId: string;
  number: string;
  currency: string;
  line: LineDocument;
  catalogVersion: number;
  /** What it is for: the whole period, or the part that one plan priced. */
  span: { start: string; end: string } | null;
  plan: string | null;
  price: object | null;
  /** Adds up to the line's amount. */
  reasons: Reason[];
  /** Of a usage line: day by day, up to what it comes to. Of a true-up: up to what the corrected line comes to by now. */
  days: ExplainedDay[];
}

/**
 * Explains a line from the invoice's snapshot and the ledger's days; undefined when the invoice has no line of that ref.
 *
 * The days are the ledger's now: what has come since the invoice was made is told apart.
 */
export async function explainLine(
  database: Database,
  invoice: Invoice,
  ref: string,
): Promise<LineExplanation | undefined> {
  const line = invoice.lines.find((candidate) => candidate.ref === ref);
  if (line === undefined) {
    return undefined;
  }
  const source = sourceOf(invoice, line);
  const version = await getCatalogVersion(database, source.catalogVersion);
  const found = version && source.usage && findLine(version.catalog, source.usage, source.ref);
  const currency = currencyOf(invoice.currency);
  return {
    invoiceId: invoice.invoiceId,
    number: invoice.number,
    currency: invoice.currency,
    line: lineDocument(line, currency),
    catalogVersion: source.catalogVersion,
    span: found ? { start: isoTime(found.part.startMs), end: isoTime(found.part.endMs) } : null,
    plan: found?.part.plan.name ?? null,
    price: found?.price ?? null,
    reasons: reasonsFor(line, found, source, currency),
    days:
      version && found?.line.kind === "usage"
        ? await daysOf(database, invoice.customerId, version.catalog, found)
        : [],
  };
}

/** What a line was computed from. */
interface LineSource {
  catalogVersion: number;
  /** The ref of the line of the period's own. */
  ref: string;
  usage: PeriodUsage | undefined;
  /** Of a true-up: what the line was billed before, in minor units; null of other lines. */
  billedMinor: bigint | null;
}

function sourceOf(invoice: Invoice, { ref, trueUpOfMs }: PrintedLine): LineSource {
  if (trueUpOfMs === undefined) {
    const { catalogVersion, snapshot } = invoice;
    return { catalogVersion, ref, usage: snapshot.usage, billedMinor: null };
  }
  const own = ref.replace(REF_OF_TRUE_UP, "");
  const trueUp = invoice.snapshot.trueUps?.find(({ usage }) => usage.period.startMs === trueUpOfMs);
  const billed = trueUp?.billed.find((line) => line.ref === own);
  return {
    catalogVersion: trueUp?.catalogVersion ?? invoice.catalogVersion,
    ref: own,
    usage: trueUp?.usage,
    billedMinor: BigInt(billed?.amountMinor ?? 0),
  };
}

function reasonsFor(
  line: PrintedLine,
  found: FoundLine | undefined,
  { usage, billedMinor }: LineSource,
  currency: Currency,
): Reason[] {
  if (billedMinor === null) {
    const whole = { text: line.description, amount: formatMinor(line.amountMinor, currency) };
    return found === undefined ? [whole] : reasonsOf(found);
  }
  const now = found === undefined ? [] : reasonsOf(found);
  const start =
    usage === undefined ? "" : ` of the period from ${isoTime(usage.period.startMs).slice(0, 10)}`;
  return [...now, { text: `billed before${start}`, amount: formatMinor(-billedMinor, currency) }];
}

async function daysOf(
  database: Database,
  customerId: string,
  catalog: Catalog,
  found: FoundLine,
): Promise<ExplainedDay[]> {
  const days = await readLineUsage(database, customerId, found.line.metricName ?? "", found.part);
  return explainDays(catalog, found, days);
}
