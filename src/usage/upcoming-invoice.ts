import { isoTime } from "../domain/window.ts";
import { billDocument } from "../rating/bill.ts";
import type { CustomerUsage } from "./customer-usage.ts";

/** Prints a customer's period as the invoice that it would be now, line by line, tier by tier. */
export function upcomingInvoice(usage: CustomerUsage): object {
  const { currency, lines, subtotal, total } = billDocument(usage.rating);
  return {
    id: null,
    number: null,
    customerId: usage.customerId,
    period: { start: isoTime(usage.period.startMs), end: isoTime(usage.period.endMs) },
    status: "upcoming",
    asOf: isoTime(usage.asOfMs),
    stale: usage.isStale,
    currency,
    catalogVersion: usage.catalog.version,
    lines,
    subtotal,
    total,
    stripeCustomerId: usage.settings.stripeCustomerId ?? null,
    stripeInvoiceId: null,
    steps: [],
  };
}
