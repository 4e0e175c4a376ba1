import { currencyOf, formatMinor } from "../domain/money.ts";
import type { InvoiceStatus } from "../ledger/invoice-status.ts";
import type { Invoice } from "../ledger/invoices.ts";
import { sentLines } from "./sent-lines.ts";

/** A Stripe invoice as far as it is compared; amounts in minor units. */
export interface StripeTwin {
  status: string;
  currency: string;
  /** Before tax and discounts. */
  subtotal: number;
  /** `ref` is null on lines that are not ours. */
  lines: readonly { ref: string | null; amount: number }[];
}

/** One thing that is not the same; amounts in major units, null where there is nothing. */
export interface Difference {
  what: "missing" | "status" | "currency" | "subtotal" | "lines" | "line";
  ref?: string;
  ledger: string | null;
  stripe: string | null;
}

/** How Stripe should have an invoice of ours; of the others nothing is known. */
const EXPECTED: Partial<Record<InvoiceStatus, string>> = {
  in_review: "draft",
  open: "open",
  paid: "paid",
  void: "void",
  uncollectible: "uncollectible",
};

/** All that differs between an invoice and what Stripe has of it, without any tolerance; `twin` is undefined when it has nothing. */
export function compareInvoice(
  invoice: Pick<Invoice, "status" | "currency" | "subtotalMinor" | "lines">,
  twin: StripeTwin | undefined,
): Difference[] {
  const { status, subtotalMinor } = invoice;
  const expected = EXPECTED[status] ?? null;
  if (twin === undefined) {
    // A draft that is void was deleted.
    return status === "void" ? [] : [{ what: "missing", ledger: status, stripe: null }];
  }
  if (expected !== twin.status) {
    return [{ what: "status", ledger: status, stripe: twin.status }];
  }
  if (status === "void") {
    return [];
  }
  if (invoice.currency !== twin.currency) {
    return [{ what: "currency", ledger: invoice.currency, stripe: twin.currency }];
  }
  const currency = currencyOf(invoice.currency);
  const print = (minor: bigint | number | undefined): string | null =>
    minor === undefined ? null : formatMinor(BigInt(minor), currency);
  const lines = sentLines(invoice);
  const inStripe = new Map(twin.lines.map(({ ref, amount }) => [ref, amount]));
  return [
    ...(subtotalMinor === BigInt(twin.subtotal)
      ? []
      : [{ what: "subtotal" as const, ledger: print(subtotalMinor), stripe: print(twin.subtotal) }]),
    ...(lines.length === twin.lines.length
      ? []
      : [{ what: "lines" as const, ledger: String(lines.length), stripe: String(twin.lines.length) }]),
    ...lines.flatMap(({ ref, amountMinor }): Difference[] => {
      const amount = inStripe.get(ref);
      const isSame = amount !== undefined && BigInt(amount) === amountMinor;
      return isSame ? [] : [{ what: "line", ref, ledger: print(amountMinor), stripe: print(amount) }];
    }),
  ];
}
