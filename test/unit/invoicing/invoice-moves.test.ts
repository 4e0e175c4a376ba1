import { array, assert, constantFrom, infiniteStream, nat, pre, property } from "fast-check";
import { expect, test } from "vitest";
import { INVOICE_STATUSES, type InvoiceStatus } from "../../../src/ledger/invoice-status.ts";
import { INVOICE_EVENTS, statusAfter, type InvoiceEvent } from "../../../src/invoicing/invoice-moves.ts";

/** By status: after finalized, paid, payment_failed, voided, marked_uncollectible, deleted, the total being equal. */
const MOVES: Record<InvoiceStatus, InvoiceStatus[]> = {
  draft: ["open", "paid", "open", "void", "uncollectible", "void"],
  in_review: ["open", "paid", "open", "void", "uncollectible", "void"],
  blocked: ["open", "paid", "open", "void", "uncollectible", "void"],
  open: ["open", "paid", "open", "void", "uncollectible", "open"],
  uncollectible: ["uncollectible", "paid", "uncollectible", "void", "uncollectible", "uncollectible"],
  paid: ["paid", "paid", "paid", "paid", "paid", "paid"],
  void: ["void", "void", "void", "void", "void", "void"],
  zero: ["zero", "zero", "zero", "zero", "zero", "zero"],
};

const CASES = INVOICE_STATUSES.flatMap((status) =>
  INVOICE_EVENTS.map((event, index) => ({ status, event, after: MOVES[status][index] })),
);

test("moves: the table is of every status and every event", () => {
  expect(CASES).toHaveLength(INVOICE_STATUSES.length * INVOICE_EVENTS.length);
  expect(CASES.every(({ after }) => after !== undefined)).toBe(true);
});

test.each(CASES)("moves: $status, $event: $after", ({ status, event, after }) => {
  expect(statusAfter(status, event, true)).toBe(after);
});

test.each(CASES)("moves: $status, $event of another total: never owed for the first time", (one) => {
  const { status, event, after } = one;
  const isFirst = ["draft", "in_review", "blocked"].includes(status) && after !== "void";
  expect(statusAfter(status, event, false)).toBe(isFirst ? "blocked" : after);
});

/** What Stripe can tell of one invoice, in the order in which it happens. */
const LIVES: InvoiceEvent[][] = [
  ["invoice.finalized", "invoice.payment_failed", "invoice.paid"],
  ["invoice.finalized", "invoice.payment_failed", "invoice.payment_failed", "invoice.voided"],
  ["invoice.finalized", "invoice.payment_failed", "invoice.marked_uncollectible", "invoice.paid"],
  ["invoice.finalized", "invoice.marked_uncollectible", "invoice.voided"],
  ["invoice.finalized", "invoice.marked_uncollectible"],
  ["invoice.finalized", "invoice.payment_failed"],
  ["invoice.deleted"],
];

test("moves: events of an invoice's life, in any order and any number of times: end where the life ends", () => {
  const life = constantFrom(...LIVES);
  const start = constantFrom<InvoiceStatus>("draft", "in_review", "open");
  assert(
    property(life, start, array(nat()), infiniteStream(nat()), (events, from, again, order) => {
      pre(!(from === "open" && events[0] === "invoice.deleted"));
      const sent = [...events, ...again.map((index) => events[index % events.length] ?? "invoice.finalized")]
        .map((event) => ({ event, place: order.next().value ?? 0 }))
        .toSorted((left, right) => left.place - right.place);
      const inOrder = events.reduce((status, event) => statusAfter(status, event, true), from);
      const asSent = sent.reduce((status, { event }) => statusAfter(status, event, true), from);
      expect(asSent).toBe(inOrder);
    }),
  );
});
