import { currencyOf, formatMinor } from "../domain/money.ts";
import { isoTime } from "../domain/window.ts";
import type { InvoiceStep } from "../ledger/invoice-status.ts";
import type { Invoice } from "../ledger/invoices.ts";
import { Empty } from "./card.tsx";
import { Field, Form } from "./form.tsx";
import { Moment } from "./moment.tsx";
import { money, worded } from "./printed.ts";
import { Table } from "./table.tsx";
import type { View } from "./view.ts";

interface ActionsProps {
  view: View;
  invoice: Invoice;
  address: string;
}

/** Finalise and void, where the invoice is in a state for it. */
export function InvoiceActions({ view, invoice, address }: ActionsProps) {
  const { status, voiding, number } = invoice;
  const total = money(formatMinor(invoice.totalMinor, currencyOf(invoice.currency)), invoice.currency);
  return (
    <>
      {status === "in_review" && voiding === null && (
        <Form
          view={view}
          action={`${address}/finalize`}
          confirm={`Finalise ${number} over ${total}? It then goes to the customer.`}
          yes="Finalise"
        >
          <button type="submit">Finalise</button>
        </Form>
      )}
      {status !== "void" && status !== "paid" && voiding === null && (
        <details class="void">
          <summary class="button quiet">Void…</summary>
          <Form
            view={view}
            action={`${address}/void`}
            confirm={`Void ${number} over ${total}? This cannot be taken back.`}
            yes="Void the invoice"
          >
            <div class="fields card">
              <Field name="reason" label="Reason" required />
              <label>
                <input type="checkbox" name="reissue" />
                Make a new invoice of the period
              </label>
              <div>
                <button class="danger" type="submit">
                  Void
                </button>
              </div>
            </div>
          </Form>
        </details>
      )}
    </>
  );
}

/** The requests to Stripe, each as far as it has come. */
export function InvoiceSteps({ invoice }: { invoice: Invoice }) {
  const currency = currencyOf(invoice.currency);
  if (invoice.steps.length === 0) {
    return <Empty title="Nothing was sent yet">The hourly run sends what is due.</Empty>;
  }
  return (
    <Table
      label="Steps"
      rows={invoice.steps}
      columns={[
        { name: "Step", cell: ({ step }) => worded(step) },
        { name: "Begun", cell: ({ startedAtMs }) => <Moment at={isoTime(startedAtMs)} /> },
        {
          name: "Finished",
          cell: ({ finishedAtMs }) =>
            finishedAtMs === null ? (
              <span class="tag warn">not yet</span>
            ) : (
              <Moment at={isoTime(finishedAtMs)} />
            ),
        },
        {
          name: "Stripe's answer",
          cell: ({ outcome }) =>
            answerOf(outcome, (minor) => money(formatMinor(minor, currency), currency.code)),
        },
      ]}
    />
  );
}

function answerOf(outcome: InvoiceStep["outcome"], print: (minor: bigint) => string): string {
  if (outcome === null) {
    return "";
  }
  const { stripeInvoiceId, subtotalMinor, stripeStatus, failure } = outcome;
  if (failure !== undefined) {
    return `failed: ${failure.status === null ? "no answer" : `${failure.status} ${failure.code}`}`;
  }
  return [
    stripeInvoiceId,
    subtotalMinor === undefined ? undefined : `total ${print(BigInt(subtotalMinor))}`,
    stripeStatus,
  ]
    .filter((part) => part !== undefined)
    .join(", ");
}
