import { DAY_MS } from "../../src/domain/window.ts";
import * as invoiceChecks from "../../src/ledger/invoice-checks.ts";
import * as invoiceNotifications from "../../src/ledger/invoice-notifications.ts";
import * as invoiceVoids from "../../src/ledger/invoice-voids.ts";
import * as stripeEvents from "../../src/ledger/stripe-events.ts";
import { FILLED_MS as NOW_MS } from "./filled-ledger.ts";
import { newInvoice } from "./invoice-fixture.ts";
import { call, several, type LedgerCall } from "./ledger-call.ts";

const INVOICE_NOTICE = invoiceNotifications.insertInvoiceNotification(
  newInvoice("inv_201"),
  { type: "invoice.created", subject: "new invoice", status: "draft", more: {} },
  NOW_MS,
);
const VOID = { invoiceId: "inv_205", reason: "Wrong price", requestedBy: "admin", isReissue: true };
const EVENT = { eventId: "evt_new", type: "invoice.voided", stripeInvoiceId: "in_206", createdMs: NOW_MS };
const MOVE = {
  invoiceId: "inv_206",
  from: "open",
  to: "void",
  voidReason: "voided in Stripe",
  finalized: { stripeStatus: "void", subtotalMinor: "1200" },
  told: [INVOICE_NOTICE],
} as const;

/** What the ledger is asked on account of Stripe. */
export const STRIPE_CALLS: LedgerCall[] = [
  {
    name: invoiceNotifications.insertInvoiceNotification.name,
    asked: "one",
    call: ({ query }) => query(INVOICE_NOTICE.text, INVOICE_NOTICE.params),
  },
  call(invoiceVoids.requestVoid, "one", VOID, NOW_MS),
  call(invoiceVoids.requestVoid, "one again", VOID, NOW_MS),
  call(invoiceVoids.pendingVoids, "a run's", 100),
  call(invoiceVoids.markVoidFailed, "one", "inv_205", NOW_MS),
  call(invoiceVoids.settleVoid, "one", "inv_205", NOW_MS),
  call(invoiceVoids.withdrawVoid, "one", "inv_205", "paid", [], NOW_MS),
  call(stripeEvents.readForEvent, "one", "evt_7", "in_7", "inv_7"),
  call(stripeEvents.moveByEvent, "one", EVENT, MOVE, NOW_MS),
  call(
    invoiceChecks.invoicesToCheck,
    "a run's",
    several(100, (n) => `inv_${n}`),
    NOW_MS,
    400,
  ),
  call(
    invoiceChecks.markChecked,
    "a run's",
    several(500, (n) => `inv_${n}`),
    NOW_MS,
  ),
  call(
    invoiceChecks.stripeLinks,
    "a page",
    several(100, (n) => `inv_${n}`),
  ),
  call(invoiceChecks.keepSweep, "a place", NOW_MS),
  call(invoiceChecks.readSweep, "it"),
  call(invoiceChecks.keepSweep, "the end", undefined),
  call(stripeEvents.pruneStripeEvents, "a run's", NOW_MS - 60 * DAY_MS, 20_000),
];
