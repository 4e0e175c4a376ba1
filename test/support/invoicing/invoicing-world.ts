import { Stripe } from "stripe";
import { startLocalStripe, type LocalStripe } from "../../../local/stripe/server.ts";
import { createRedis } from "../../../src/counters/redis.ts";
import { invariant } from "../../../src/domain/invariant.ts";
import { reconcile } from "../../../src/invoicing/reconcile.ts";
import { readInvoiceEvent, receiveEvent } from "../../../src/invoicing/receive-event.ts";
import {
  runInvoicing,
  type InvoicingDeps,
  type InvoicingReport,
} from "../../../src/invoicing/run-invoicing.ts";
import { finalizeInvoice } from "../../../src/invoicing/send-invoice.ts";
import { voidInvoice } from "../../../src/invoicing/void-invoice.ts";
import type { Database } from "../../../src/ledger/database.ts";
import { requestVoid } from "../../../src/ledger/invoice-voids.ts";
import { getInvoice, listInvoices, type Invoice } from "../../../src/ledger/invoices.ts";
import { closeNow, CLOSED_MS, newInvoice, prepareClose } from "../invoice-fixture.ts";
import type { LedgerFixture } from "../ledger-fixture.ts";
import { fatedDatabase, fatedFetch, UNDISTURBED, type FateOf } from "./fates.ts";
import { FatedRun } from "./fated-run.ts";
import { Turns } from "./turns.ts";

const KEY = "sk_test_invoicing";
/** No period is due in these tests: Redis is never asked, and nothing listens there. */
const NO_REDIS = createRedis("http://127.0.0.1:1", "never asked");

export interface WorldCustomer {
  id: string;
  /** Null of a customer without Stripe. */
  stripeId: string | null;
}

/** A real ledger and a strict Stripe with a clock of their own, and runs of invoicing between them. */
export class InvoicingWorld {
  readonly ledger: LedgerFixture;
  readonly stripe: LocalStripe;
  readonly customers: WorldCustomer[] = [];
  /** Answers of Stripe that call a parameter wrong. */
  readonly refused: string[] = [];
  mode: "auto" | "review" = "auto";
  readonly #clock: { nowMs: number };
  readonly #turns: Turns;
  readonly #late: (() => Promise<unknown>)[] = [];
  #ids = 0;
  readonly #logged: string[] = [];

  private constructor(
    ledger: LedgerFixture,
    stripe: LocalStripe,
    clock: { nowMs: number },
    random: () => number,
  ) {
    this.ledger = ledger;
    this.stripe = stripe;
    this.#clock = clock;
    this.#turns = new Turns(random);
  }

  /** Empties the ledger, and begins with a Stripe that knows nobody. */
  static async begin(ledger: LedgerFixture, random: () => number): Promise<InvoicingWorld> {
    await ledger.clear();
    const clock = { nowMs: CLOSED_MS };
    const stripe = await startLocalStripe({ key: KEY, webhookSecret: "whsec_x", now: () => clock.nowMs });
    return new InvoicingWorld(ledger, stripe, clock, random);
  }

  /** What runs have logged last. */
  get lastLogged(): string {
    return this.#logged.slice(-3).join("; ");
  }

  async end(): Promise<void> {
    await this.stripe.stop();
  }

  get nowMs(): number {
    return this.#clock.nowMs;
  }

  /** Before time passes, all that is under way arrives. */
  async wait(ms: number): Promise<void> {
    for (const serve of this.#late.splice(0)) {
      await serve();
    }
    this.#clock.nowMs += ms;
  }

  /** A customer of a base fee whose month is closed with an invoice of $2,340.01. */
  async bill(isInStripe = true): Promise<WorldCustomer> {
    const id = `cus_${this.customers.length + 1}`;
    const stripeId = isInStripe ? (await this.client(UNDISTURBED).customers.create({ name: id })).id : null;
    const { database, raw } = this.ledger;
    await prepareClose(database, id);
    const settings = { plan: "flat99", ...(stripeId !== null && { stripeCustomerId: stripeId }) };
    await raw("update customers set settings = $2::jsonb where customer_id = $1", [
      id,
      JSON.stringify(settings),
    ]);
    await raw("update customer_plans set plan = 'flat99' where customer_id = $1", [id]);
    const { snapshot } = newInvoice("");
    const invoice = newInvoice(`inv_of_${id}`, {
      customerId: id,
      snapshot: { ...snapshot, stripeCustomerId: stripeId },
    });
    invariant(await closeNow(database, invoice, this.nowMs), "the period was open");
    const customer = { id, stripeId };
    this.customers.push(customer);
    return customer;
  }

  /** The hourly run's invoicing, so many at once, each with its own fates. */
  async run(...fates: readonly FateOf[]): Promise<string[]> {
    return this.#atOnce(fates, (deps) => runInvoicing(deps, this.nowMs));
  }

  /** An undisturbed run; answers its report. */
  async runWell(): Promise<InvoicingReport> {
    return runInvoicing(this.#deps(new FatedRun(this.#turns, UNDISTURBED, this.#late)), this.nowMs);
  }

  async reconcile(...fates: readonly FateOf[]): Promise<string[]> {
    return this.#atOnce(fates, (deps) => reconcile(deps, this.nowMs, true));
  }

  /** What the API's route does. */
  async void(invoiceId: string, isReissue: boolean, ...fates: readonly FateOf[]): Promise<string[]> {
    return this.#atOnce(fates, async (deps) => {
      const request = { invoiceId, reason: "wrong", requestedBy: "admin", isReissue };
      await requestVoid(deps.database, request, this.nowMs);
      await voidInvoice(deps, invoiceId, this.nowMs);
    });
  }

  /** What the API's route does. */
  async finalize(invoiceId: string, ...fates: readonly FateOf[]): Promise<string[]> {
    return this.#atOnce(fates, async (deps) => {
      const invoice = await getInvoice(deps.database, invoiceId);
      if (invoice?.status === "in_review" && invoice.voiding === null) {
        await finalizeInvoice(deps, invoice, this.nowMs);
      }
    });
  }

  /** Hands events of Stripe's to the Worker, in the order given; answers how many it has taken. */
  async deliver(eventIds: readonly string[], fateOf: FateOf = UNDISTURBED): Promise<number> {
    let taken = 0;
    const run = new FatedRun(this.#turns, fateOf, this.#late);
    const database = fatedDatabase(this.ledger.database, run);
    for (const id of eventIds) {
      const stored = this.stripe.state.store.get("events", id);
      const news = stored && readInvoiceEvent(stored as unknown as Stripe.Event);
      const ended = news && (await run.live(() => receiveEvent(database, news, this.nowMs)));
      taken += ended === "ended" ? 1 : 0;
    }
    return taken;
  }

  /** Has a turn in which nothing is done. */
  async idle(): Promise<void> {
    await this.#turns.take(() => Promise.resolve());
  }

  /** Ids of all events so far, the oldest first. */
  events(): string[] {
    return this.stripe.state.store
      .list("events")
      .toReversed()
      .map(({ id }) => id);
  }

  async invoices(customerId: string): Promise<Invoice[]> {
    return listInvoices(this.ledger.database, { customerId }, 100, undefined);
  }

  client(fateOf: FateOf): Stripe {
    return this.#client(new FatedRun(this.#turns, fateOf, this.#late));
  }

  #atOnce(fates: readonly FateOf[], work: (deps: InvoicingDeps) => Promise<unknown>): Promise<string[]> {
    return Promise.all(
      fates.map((fateOf) => {
        const run = new FatedRun(this.#turns, fateOf, this.#late);
        return run.live(() => work(this.#deps(run)));
      }),
    );
  }

  #deps(run: FatedRun): InvoicingDeps {
    const database: Database = fatedDatabase(this.ledger.database, run);
    const stripe = this.#client(run);
    return {
      redis: NO_REDIS,
      database,
      stripe: () => Promise.resolve(stripe),
      catalogMemory: { held: undefined, others: [], readAtMs: 0, reading: undefined },
      randomId: () => {
        this.#ids += 1;
        return `r${this.#ids}`;
      },
      invoiceMode: this.mode,
      graceHours: 25,
      sendZeroInvoices: false,
      log: ({ event, error }) => this.#logged.push(`${event}: ${String(error)}`),
    };
  }

  #client(run: FatedRun): Stripe {
    const { hostname, port } = new URL(this.stripe.url);
    const control = async (path: string, body: object): Promise<void> => {
      await fetch(`${this.stripe.url}/_control/${path}`, { method: "POST", body: JSON.stringify(body) });
    };
    const errors = {
      keep: (match: string, isApplied: boolean) => control("store-error", { match, isApplied }),
      forget: () => control("forget-store-errors", {}),
    };
    const send = fatedFetch(run, errors, (request, status, body) => this.#note(request, status, body));
    return new Stripe(KEY, {
      httpClient: Stripe.createFetchHttpClient(send),
      maxNetworkRetries: 0,
      telemetry: false,
      host: hostname,
      port,
      protocol: "http",
    });
  }

  /** A missing object or a wrong state names no parameter, or an id. */
  #note(request: string, status: number, body: string): void {
    if (status !== 400) {
      return;
    }
    const { error } = JSON.parse(body) as { error: { code?: string; param?: string; message: string } };
    const isIdempotency = /idempoten/i.test(error.message);
    if ((error.param !== undefined && error.code !== "resource_missing") || isIdempotency) {
      this.refused.push(`${request}: ${error.message}`);
    }
  }
}
