import { DEFAULT_DAYS_UNTIL_DUE, type CustomerSettings } from "../domain/customer.ts";
import type { InvoiceStatus } from "../ledger/invoice-status.ts";
import type { InvoiceSnapshot, NewInvoice } from "../ledger/invoices.ts";
import type { Bill } from "../rating/bill.ts";
import type { PeriodUsage } from "../rating/rate-period.ts";
import type { TrueUp } from "../rating/true-up.ts";
import { sentLines } from "./sent-lines.ts";

/** Largest amount that Stripe takes, in minor units. Source: its reference of invoice items, twelve digits. */
const MAX_AMOUNT_MINOR = 999_999_999_999n;

/** What a bill was computed from, beside the catalog. */
export interface BilledFrom {
  usage: PeriodUsage;
  /** Of the earlier periods of which the bill has lines. */
  trueUps: readonly TrueUp[];
}

/**
 * Puts a bill into the form in which it is kept: nothing of it is computed again later. `sendZero`: one of nothing goes to
 * Stripe as well.
 */
export function computeInvoice(
  base: Pick<NewInvoice, "invoiceId" | "customerId" | "period" | "catalogVersion">,
  settings: CustomerSettings,
  planName: string,
  from: BilledFrom,
  bill: Bill,
  sendZero: boolean,
): NewInvoice {
  return {
    ...base,
    status: statusOf(bill, sendZero),
    currency: bill.currency.code,
    snapshot: snapshotOf(settings, planName, from),
    subtotalMinor: bill.totalMinor,
    totalMinor: bill.totalMinor,
    lines: bill.lines,
  };
}

/** An invoice that Stripe would refuse for its size is for people to look at. */
function statusOf({ lines, totalMinor }: Bill, sendZero: boolean): InvoiceStatus {
  const amounts = [totalMinor, ...[...lines, ...sentLines({ lines })].map(({ amountMinor }) => amountMinor)];
  if (amounts.some((amount) => amount > MAX_AMOUNT_MINOR || amount < -MAX_AMOUNT_MINOR)) {
    return "blocked";
  }
  return totalMinor === 0n && !sendZero ? "zero" : "draft";
}

function snapshotOf(
  settings: CustomerSettings,
  plan: string,
  { usage: { period, changes, lifetime, totals }, trueUps }: BilledFrom,
): InvoiceSnapshot {
  const collectionMethod = settings.collectionMethod ?? "charge_automatically";
  return {
    stripeCustomerId: settings.stripeCustomerId ?? null,
    collectionMethod,
    daysUntilDue:
      collectionMethod === "send_invoice" ? (settings.daysUntilDue ?? DEFAULT_DAYS_UNTIL_DUE) : null,
    plan,
    usage: { period, changes, lifetime, totals },
    ...(trueUps.length === 0 ? {} : { trueUps: trueUps.map(trueUpOf) }),
  };
}

function trueUpOf({ catalogVersion, usage, billed }: TrueUp): TrueUp {
  return { catalogVersion, usage, billed };
}
