import { formatScaled } from "../domain/decimal.ts";
import type { CustomerSettings } from "../domain/customer.ts";
import { formatAmount } from "../domain/money.ts";
import type { InvoiceStatus } from "../ledger/invoice-status.ts";
import type { InvoiceSnapshot, NewInvoice, StoredLine, StoredTier } from "../ledger/invoices.ts";
import type { Line, TierDetail } from "../rating/line.ts";
import type { Rating } from "../rating/rate.ts";
import { PRICE_SCALE } from "../rating/unit-price.ts";

/** Largest amount that Stripe takes, in minor units. Source: its reference of invoice items, twelve digits. */
const MAX_AMOUNT_MINOR = 999_999_999_999n;
/** Days a customer has to pay an invoice that is sent, unless its settings say otherwise. */
const DEFAULT_DAYS_UNTIL_DUE = 30;

/** Puts a rating into the form in which it is kept: nothing of it is computed again later. */
export function computeInvoice(
  base: Pick<NewInvoice, "invoiceId" | "customerId" | "period" | "catalogVersion">,
  settings: CustomerSettings,
  planName: string,
  rating: Rating,
): NewInvoice {
  return {
    ...base,
    status: statusOf(rating),
    currency: rating.currency.code,
    snapshot: snapshotOf(settings, planName),
    subtotalMinor: rating.totalMinor,
    totalMinor: rating.totalMinor,
    lines: rating.lines.map((line) => storeLine(line, rating)),
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

function snapshotOf(settings: CustomerSettings, plan: string): InvoiceSnapshot {
  const collectionMethod = settings.collectionMethod ?? "charge_automatically";
  return {
    stripeCustomerId: settings.stripeCustomerId ?? null,
    collectionMethod,
    daysUntilDue:
      collectionMethod === "send_invoice" ? (settings.daysUntilDue ?? DEFAULT_DAYS_UNTIL_DUE) : null,
    plan,
  };
}

function storeLine(line: Line, rating: Rating): StoredLine {
  return {
    ref: line.ref,
    metricName: line.metricName,
    description: line.description,
    quantity: formatScaled(line.quantity, line.scale),
    amountMinor: line.amountMinor,
    tiers: line.tiers.map((tier) => storeTier(tier, line, rating)),
  };
}

function storeTier(tier: TierDetail, line: Line, rating: Rating): StoredTier {
  return {
    from: formatScaled(tier.from, line.scale),
    to: tier.to === null ? null : formatScaled(tier.to, line.scale),
    quantity: formatScaled(tier.quantity, line.scale),
    unitPrice: formatScaled(tier.unitPrice, PRICE_SCALE),
    amount: formatAmount(tier.amount, line.amountScale, rating.currency),
  };
}
