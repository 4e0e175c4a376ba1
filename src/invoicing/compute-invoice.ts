import type { CustomerSettings } from "../domain/customer.ts";
import type { InvoiceStatus } from "../ledger/invoice-status.ts";
import type { InvoiceSnapshot, NewInvoice } from "../ledger/invoices.ts";
import { printLine } from "../rating/printed-line.ts";
import type { PeriodUsage } from "../rating/rate-period.ts";
import type { Rating } from "../rating/rate.ts";

/** Largest amount that Stripe takes, in minor units. Source: its reference of invoice items, twelve digits. */
const MAX_AMOUNT_MINOR = 999_999_999_999n;
/** Days a customer has to pay an invoice that is sent, unless its settings say otherwise. */
const DEFAULT_DAYS_UNTIL_DUE = 30;

/** Puts a rating into the form in which it is kept: nothing of it is computed again later. */
export function computeInvoice(
  base: Pick<NewInvoice, "invoiceId" | "customerId" | "period" | "catalogVersion">,
  settings: CustomerSettings,
  planName: string,
  usage: PeriodUsage,
  rating: Rating,
): NewInvoice {
  return {
    ...base,
    status: statusOf(rating),
    currency: rating.currency.code,
    snapshot: snapshotOf(settings, planName, usage),
    subtotalMinor: rating.totalMinor,
    totalMinor: rating.totalMinor,
    lines: rating.lines.map((line) => printLine(line, rating.currency)),
  };
}

/** An invoice that Stripe would refuse for its size is for people to look at. */
function statusOf({ lines, totalMinor }: Rating): InvoiceStatus {
  const amounts = [totalMinor, ...lines.map(({ amountMinor }) => amountMinor)];
  if (amounts.some((amount) => amount > MAX_AMOUNT_MINOR || amount < -MAX_AMOUNT_MINOR)) {
    return "blocked";
  }
  return totalMinor === 0n ? "zero" : "draft";
}

function snapshotOf(
  settings: CustomerSettings,
  plan: string,
  { period, changes, lifetime, totals }: PeriodUsage,
): InvoiceSnapshot {
  const collectionMethod = settings.collectionMethod ?? "charge_automatically";
  return {
    stripeCustomerId: settings.stripeCustomerId ?? null,
    collectionMethod,
    daysUntilDue:
      collectionMethod === "send_invoice" ? (settings.daysUntilDue ?? DEFAULT_DAYS_UNTIL_DUE) : null,
    plan,
    usage: { period, changes, lifetime, totals },
  };
}
