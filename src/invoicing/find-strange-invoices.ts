import type Stripe from "stripe";
import { currencyOf, formatMinor } from "../domain/money.ts";
import { isStorableText } from "../domain/text.ts";
import { HOUR_MS } from "../domain/window.ts";
import type { Database } from "../ledger/database.ts";
import { openFindings, settleFindings, type Finding } from "../ledger/integrity-findings.ts";
import { keepSweep, readSweep, stripeLinks, type StripeLink } from "../ledger/invoice-checks.ts";
import { stripeFailure } from "./run-step.ts";
import { deleteDraft, INVOICE_KEY, retrieveInvoice } from "./stripe-invoice.ts";

/** Most of Stripe's invoices on a page. */
const PAGE = 100;
/** Most pages of new invoices, and of older ones, that a run looks through. */
const MAX_PAGES = 10;
/** Invoices made within this are looked at by each run: a day, and two hours for runs that fail. */
const NEW_MS = 26 * HOUR_MS;
/** Most known findings that a run looks at again. */
const MAX_OPEN = 50;

export interface StrangeReport {
  /** Stripe's invoices that were looked at. */
  checked: number;
  /** Those that carry our metadata and that the ledger does not know. */
  drifted: number;
  /** Drafts of ours that were deleted because another one counts. */
  surplus: number;
  /** True when Stripe asked to be asked less; the next run goes on. */
  isCut: boolean;
}

/** What a Stripe invoice with our metadata is to the ledger. */
type Verdict = "known" | "moving" | "surplus" | "unknown_to_ledger" | "another_of_invoice";

/**
 * Looks through Stripe's invoices for such as carry our metadata and are in no ledger: the new ones, and older ones from
 * where the last run stopped. Keeps what it finds, and deletes drafts in whose place another one counts.
 */
export async function findStrangeInvoices(
  stripe: Stripe,
  database: Database,
  nowMs: number,
): Promise<StrangeReport> {
  const search = new Search(stripe, database);
  const open = await openFindings(database, "stripe_invoices", MAX_OPEN);
  const lookedAt: string[] = [];
  let isCut = false;
  try {
    for (const id of open) {
      const found = await retrieveInvoice(stripe, id);
      await search.judge(found === undefined ? [] : [found]);
      lookedAt.push(id);
    }
    const newest = await search.lookThrough(undefined, nowMs - NEW_MS);
    // Unless that was all there is.
    const goneOn = newest && (await search.lookThrough(await readSweep(database), undefined));
    await keepSweep(database, goneOn);
  } catch (error) {
    if (stripeFailure(error)?.status !== 429) {
      throw error;
    }
    isCut = true;
  } finally {
    const subjects = new Set(search.drifted.map(({ subject }) => subject));
    const agreed = lookedAt.filter((id) => !subjects.has(id));
    await settleFindings(database, "stripe_invoices", { drifted: search.drifted, agreed }, nowMs);
  }
  return { checked: search.checked, drifted: search.drifted.length, surplus: search.surplus, isCut };
}

class Search {
  readonly #stripe: Stripe;
  readonly #database: Database;
  readonly #seen = new Set<string>();
  readonly drifted: Finding[] = [];
  surplus = 0;

  constructor(stripe: Stripe, database: Database) {
    this.#stripe = stripe;
    this.#database = database;
  }

  get checked(): number {
    return this.#seen.size;
  }

  /**
   * From the newest, or one made at `fromMs`, back to what was made before `untilMs`, so many pages. Answers when the last
   * one seen was made; undefined at the end of all.
   */
  async lookThrough(fromMs: number | undefined, untilMs: number | undefined): Promise<number | undefined> {
    const created = fromMs === undefined ? undefined : { lte: Math.floor(fromMs / 1000) };
    let last: Stripe.Invoice | undefined;
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const page = await this.#stripe.invoices.list({
        limit: PAGE,
        ...(created && { created }),
        ...(last && { starting_after: last.id }),
      });
      await this.judge(page.data);
      last = page.data.at(-1);
      if (!page.has_more || last === undefined) {
        return undefined;
      }
      if (untilMs !== undefined && last.created * 1000 < untilMs) {
        break;
      }
    }
    return last && last.created * 1000;
  }

  /** The ledger is read after Stripe: what is on its way there is known by then. */
  async judge(invoices: readonly Stripe.Invoice[]): Promise<void> {
    const fresh = invoices.filter(({ id }) => !this.#seen.has(id));
    const ours = fresh.flatMap((invoice) => {
      const invoiceId = invoice.metadata?.[INVOICE_KEY];
      return invoiceId !== undefined && isStorableText(invoiceId) ? [{ invoice, invoiceId }] : [];
    });
    const links = await stripeLinks(
      this.#database,
      ours.map(({ invoiceId }) => invoiceId),
    );
    for (const { invoice, invoiceId } of ours) {
      const verdict = verdictOf(invoice, links.get(invoiceId));
      if (verdict === "surplus") {
        await deleteDraft(this.#stripe, invoice.id);
        this.surplus += 1;
      } else if (verdict === "unknown_to_ledger" || verdict === "another_of_invoice") {
        this.drifted.push(findingOf(invoice, invoiceId, verdict));
      }
    }
    for (const { id } of fresh) {
      this.#seen.add(id);
    }
  }
}

function verdictOf({ id, status }: Stripe.Invoice, link: StripeLink | undefined): Verdict {
  if (status === "void" || link?.stripeInvoiceId === id) {
    return "known";
  }
  if (link === undefined) {
    return "unknown_to_ledger";
  }
  const isBeingCreated = link.stripeInvoiceId === null && link.status === "draft";
  if (isBeingCreated || link.isBeingVoided) {
    return "moving";
  }
  return status === "draft" ? "surplus" : "another_of_invoice";
}

function findingOf(invoice: Stripe.Invoice, invoiceId: string, why: Verdict): Finding {
  const { id, currency, subtotal, status, metadata } = invoice;
  const detail = {
    why,
    stripeInvoiceId: id,
    stripeStatus: status,
    invoiceId,
    customerId: metadata?.["edgemeter_customer_id"] ?? null,
    currency,
    subtotal: formatMinor(BigInt(subtotal), currencyOf(currency)),
  };
  return { subject: id, detail };
}
