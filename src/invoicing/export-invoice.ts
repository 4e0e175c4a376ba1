import { currencyOf } from "../domain/money.ts";
import { isoTime } from "../domain/window.ts";
import { getCatalogVersion } from "../ledger/catalog-versions.ts";
import type { Database } from "../ledger/database.ts";
import type { Invoice } from "../ledger/invoices.ts";
import {
  readPeriodAdjustments,
  readUsageDays,
  type PeriodAdjustment,
  type UsageDay,
} from "../ledger/period-evidence.ts";
import { totalsDocument, type BillDocument, type PricedTrueUp } from "../rating/bill.ts";
import type { Catalog } from "../rating/catalog.ts";
import { lineDocument } from "../rating/printed-line.ts";
import type { PeriodUsage } from "../rating/rate-period.ts";
import type { TrueUp } from "../rating/true-up.ts";

/** Names the shape of an export. */
export const EXPORT_FORMAT = "edgemeter.invoice/1";
/** Most days and adjustments of an export. */
const MAX_ROWS = 50_000;

/** All that an invoice was computed from: `npm run rate -- --export` computes it again, byte for byte. */
export interface InvoiceExport {
  format: typeof EXPORT_FORMAT;
  invoice: {
    id: string;
    number: string;
    customerId: string;
    period: { start: string; end: string };
    catalogVersion: number;
  } & BillDocument;
  /** The version that priced it. */
  catalog: Catalog;
  /** What was priced, as it was at the close; null on invoices from before it was kept. */
  usage: PeriodUsage | null;
  /** The earlier periods of which the invoice has lines: what they came to at the close, by what, and what they were billed. */
  trueUps: PricedTrueUp[];
  rounding: { rule: string; currency: string; decimals: number; unitMinor: string };
  /** What `usage` sums up, as the ledger has it now. */
  days: UsageDay[];
  adjustments: PeriodAdjustment[];
  /** Whether there are more days or adjustments than an export takes. */
  isCut: boolean;
}

/** Puts together what an invoice can be recomputed and explained from. */
export async function exportInvoice(database: Database, invoice: Invoice): Promise<InvoiceExport> {
  const period = { customerId: invoice.customerId, ...invoice.period };
  const [version, trueUps, days, adjustments] = await Promise.all([
    getCatalogVersion(database, invoice.catalogVersion),
    priced(database, invoice.snapshot.trueUps ?? []),
    readUsageDays(database, period, MAX_ROWS + 1),
    readPeriodAdjustments(database, period, MAX_ROWS + 1),
  ]);
  if (version === undefined) {
    throw new Error(`catalog version ${invoice.catalogVersion} is gone`);
  }
  const currency = currencyOf(invoice.currency);
  return {
    format: EXPORT_FORMAT,
    invoice: {
      id: invoice.invoiceId,
      number: invoice.number,
      customerId: invoice.customerId,
      period: { start: isoTime(invoice.period.startMs), end: isoTime(invoice.period.endMs) },
      catalogVersion: invoice.catalogVersion,
      currency: currency.code,
      lines: invoice.lines.map((line) => lineDocument(line, currency)),
      ...totalsDocument(invoice.subtotalMinor, invoice.totalMinor, currency),
    },
    catalog: version.catalog,
    usage: invoice.snapshot.usage ?? null,
    trueUps,
    rounding: {
      rule: "each line once, half away from zero, to whole units of the currency",
      currency: currency.code,
      decimals: currency.decimals,
      unitMinor: currency.roundingUnit.toString(),
    },
    days: days.slice(0, MAX_ROWS),
    adjustments: adjustments.slice(0, MAX_ROWS),
    isCut: days.length > MAX_ROWS || adjustments.length > MAX_ROWS,
  };
}

async function priced(database: Database, trueUps: readonly TrueUp[]): Promise<PricedTrueUp[]> {
  return Promise.all(
    trueUps.map(async (trueUp) => {
      const version = await getCatalogVersion(database, trueUp.catalogVersion);
      if (version === undefined) {
        throw new Error(`catalog version ${trueUp.catalogVersion} is gone`);
      }
      return { ...trueUp, catalog: version.catalog };
    }),
  );
}
