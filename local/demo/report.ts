import { formatAmount, formatCount, formatQuantity, parseAmount, type CustomerFigures } from "./figures.ts";
import { quantityOf, type Billing, type Invoice } from "./invoices.ts";
import { printable } from "./output.ts";
import type { Equation } from "./reconcile.ts";
import type { Survey } from "./survey.ts";
import { formatTable } from "./table.ts";
import type { CustomerUsage } from "./usage.ts";

/** Rows of a table of customers or invoices. */
const TOP = 10;
/** Differing customers shown; all of them are counted. */
const MAX_DIFFERENCES = 50;
const MAX_NAME = 40;

/** What the log holds, and which of its lines cannot be replayed and why. */
export function surveyReport(survey: Survey): string {
  const customers = `${formatCount(survey.customers.size)} ${survey.customers.size === 1 ? "customer" : "customers"}`;
  const head = `  ${formatCount(survey.lines)} lines, ${formatCount(survey.requests)} requests of ${customers}\n`;
  const unparsable = [...survey.unparsable.values()].map(({ reason, count, examples }) => {
    const lines = examples.map(({ lineNumber, line }) => `      line ${lineNumber}: ${printable(line)}\n`);
    return `    ${formatCount(count)} × ${reason}\n${lines.join("")}`;
  });
  return unparsable.length === 0 ? head : `${head}  Unparsable, not replayed:\n${unparsable.join("")}`;
}

/** The customers with the most usage. */
export function usageReport(usage: Map<string, CustomerUsage>): string {
  const rows = [...usage]
    .toSorted(([, a], [, b]) => descending(a.counted, b.counted))
    .slice(0, TOP)
    .map(([customerId, { counted, included, costMinor }]) => [
      printable(customerId, MAX_NAME),
      formatCount(counted),
      formatQuantity(included),
      formatAmount(costMinor),
    ]);
  return formatTable(["customer", "API calls", "included", "estimated cost"], rows);
}

/** The customers with the most in the ledger. */
export function ledgerReport(ledger: Map<string, bigint>): string {
  const rows = [...ledger]
    .toSorted(([, a], [, b]) => descending(a, b))
    .slice(0, TOP)
    .map(([customerId, quantity]) => [printable(customerId, MAX_NAME), formatCount(quantity)]);
  return formatTable(["customer", "in the ledger"], rows);
}

/** How many invoices of each status there are, and the largest of them beside Stripe's word on each. */
export function invoiceReport({ invoices, stripeInvoices }: Billing): string {
  const statuses = Map.groupBy(invoices, ({ status }) => status);
  const counts = [...statuses].map(([status, of]) => `${formatCount(of.length)} ${status}`).join(", ");
  const rows = invoices
    .toSorted(
      (a, b) =>
        descending(parseAmount(a.total), parseAmount(b.total)) || descending(quantityOf(a), quantityOf(b)),
    )
    .slice(0, TOP)
    .map((invoice) => [
      ...ourSide(invoice),
      ...stripeSide(stripeInvoices.get(invoice.stripeInvoiceId ?? "")),
    ]);
  const titles = ["customer", "API calls", "total", "status", "total in Stripe", "status in Stripe"];
  return `  ${formatCount(invoices.length)} invoices: ${counts}\n${formatTable(titles, rows)}`;
}

function ourSide(invoice: Invoice): string[] {
  const customer = printable(invoice.customerId, MAX_NAME);
  return [customer, formatCount(quantityOf(invoice)), invoice.total, invoice.status];
}

function stripeSide(invoice: { total: number; status: string | null } | undefined): string[] {
  return invoice === undefined ? ["–", "–"] : [formatAmount(BigInt(invoice.total)), invoice.status ?? "–"];
}

/** The reconciliation, equation by equation. */
export function reconciliationReport(equations: Equation[]): string {
  const rows = equations.map(({ what, left, right, isEqual }) => [
    what,
    left,
    right,
    isEqual ? "equal" : "DIFFERS",
  ]);
  return formatTable(["", "left", "right", ""], rows);
}

/** The customers about whom the rooms disagree. */
export function differencesReport(differences: CustomerFigures[]): string {
  const rows = differences
    .slice(0, MAX_DIFFERENCES)
    .map((row) => [
      printable(row.customerId, MAX_NAME),
      formatCount(row.billable),
      formatCount(row.counted),
      formatCount(row.ledger),
      formatCount(row.invoiced),
      formatAmount(row.totalMinor),
      formatAmount(row.stripeMinor),
    ]);
  const titles = ["customer", "billable", "counted", "ledger", "invoiced", "total", "total in Stripe"];
  const more = differences.length - rows.length;
  return `${formatTable(titles, rows)}${more > 0 ? `  and ${formatCount(more)} more\n` : ""}`;
}

function descending(a: bigint, b: bigint): number {
  return a === b ? 0 : a > b ? -1 : 1;
}
