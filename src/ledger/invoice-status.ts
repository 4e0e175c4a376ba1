export const INVOICE_STATUSES = [
  "draft",
  "in_review",
  "open",
  "paid",
  "void",
  "uncollectible",
  "zero",
  "blocked",
] as const;
/** What a customer is not shown: it is not sent to it yet, or may never be. */
export const INTERNAL_STATUSES: readonly string[] = ["draft", "in_review", "blocked"];
export type InvoiceStatus = (typeof INVOICE_STATUSES)[number];

/** The requests that bring an invoice to Stripe, in order, and the one that takes it back. */
export const STEPS = ["create", "add_lines", "finalize", "void"] as const;
export type StepName = (typeof STEPS)[number];

/** How far one request of an invoice has come. */
export interface InvoiceStep {
  step: StepName;
  startedAtMs: number;
  finishedAtMs: number | null;
  /** What Stripe answered, or the failure of the last attempt. */
  outcome: StepOutcome | null;
}

export interface StepOutcome {
  stripeInvoiceId?: string;
  /** Total before tax and discounts that Stripe has, in minor units. */
  subtotalMinor?: string;
  stripeStatus?: string;
  /** The failed attempt's HTTP status and Stripe's error code. */
  failure?: {
    status: number | null;
    code: string;
    /** Stripe had stored it under the key, and gave it again. */
    isRepeated?: true;
  };
}
