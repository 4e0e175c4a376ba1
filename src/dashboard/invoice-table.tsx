import { currencyOf, formatMinor } from "../domain/money.ts";
import { isoTime } from "../domain/window.ts";
import type { Invoice } from "../ledger/invoices.ts";
import { Empty } from "./card.tsx";
import { Span } from "./moment.tsx";
import { money } from "./printed.ts";
import { StatusTag } from "./status-tag.tsx";
import { Table, type Column } from "./table.tsx";

interface InvoiceTableProps {
  invoices: readonly Invoice[];
  /** Without what a narrow card has no room for. */
  isShort?: boolean;
  hasCustomer?: boolean;
  /** Said where there is none. */
  empty: string;
  /** Where an invoice is shown; the portal has no pages for them. */
  isLinked?: boolean;
}

/** Invoices, the newest first. */
export function InvoiceTable({
  invoices,
  isShort,
  hasCustomer = true,
  empty,
  isLinked = true,
}: InvoiceTableProps) {
  if (invoices.length === 0) {
    return <Empty title={empty} />;
  }
  const number = ({ invoiceId, number: text }: Invoice) =>
    isLinked ? <a href={`/invoices/${encodeURIComponent(invoiceId)}`}>{text}</a> : text;
  const columns: Column<Invoice>[] = [
    { name: "Number", cell: (invoice) => <span class="nowrap">{number(invoice)}</span> },
    ...(hasCustomer
      ? [
          {
            name: "Customer",
            cell: ({ customerId }: Invoice) => (
              <a href={`/customers/${encodeURIComponent(customerId)}`}>{customerId}</a>
            ),
          },
        ]
      : []),
    ...(isShort ? [] : [{ name: "Period", cell: (invoice: Invoice) => <PeriodOf invoice={invoice} /> }]),
    ...(isShort ? [] : [{ name: "Status", cell: ({ status }: Invoice) => <StatusTag status={status} /> }]),
    { name: "Total", isNumber: true, cell: totalOf },
  ];
  return <Table label="Invoices" rows={invoices} columns={columns} />;
}

function PeriodOf({ invoice: { period } }: { invoice: Invoice }) {
  return <Span start={isoTime(period.startMs)} end={isoTime(period.endMs)} />;
}

/** An invoice's total with its currency. */
export function totalOf({ totalMinor, currency }: Invoice): string {
  return money(formatMinor(totalMinor, currencyOf(currency)), currency);
}
