import { Stripe } from "stripe";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../src/domain/window.ts";
import type { LedgerFixture } from "../ledger-fixture.ts";
import { seeded } from "../product-load.ts";
import { expectOneInvoiceEach } from "./audit.ts";
import { FATES, UNDISTURBED, type Fate, type FateOf } from "./fates.ts";
import { InvoicingWorld } from "./invoicing-world.ts";

const BAD = FATES.filter((fate) => fate !== "through");
const CUSTOMERS = 3;
/** In all less than a month: no further period ends. */
const WAITS = [MINUTE_MS, 20 * MINUTE_MS, HOUR_MS, HOUR_MS, 25 * HOUR_MS, 8 * DAY_MS];
const LONGEST_MS = 26 * DAY_MS;

/** What happened in a schedule. */
export interface PlayedSchedule {
  /** Calls that did not go through. */
  disturbed: number;
  killed: number;
  voided: number;
  paid: number;
}

/** One random month's end: runs at once that fail and die, voids, payments, events in any order, and time that passes. */
export class InvoicingSchedule {
  readonly #world: InvoicingWorld;
  readonly #random: () => number;
  readonly #badness: number;
  readonly #startMs: number;
  readonly played: PlayedSchedule = { disturbed: 0, killed: 0, voided: 0, paid: 0 };

  private constructor(world: InvoicingWorld, random: () => number) {
    this.#world = world;
    this.#random = random;
    this.#badness = random() * 0.25;
    this.#startMs = world.nowMs;
  }

  /** Plays a seed's schedule to its end, where everything must be in order. */
  static async play(ledger: LedgerFixture, seed: number, actions: number): Promise<PlayedSchedule> {
    const random = seeded(seed);
    const world = await InvoicingWorld.begin(ledger, random);
    try {
      world.mode = random() < 0.5 ? "auto" : "review";
      for (let count = 1; count <= CUSTOMERS; count += 1) {
        await world.bill(random() < 0.9);
      }
      const schedule = new InvoicingSchedule(world, random);
      for (let action = 0; action < actions; action += 1) {
        await schedule.#act();
      }
      await schedule.#comeToRest(`seed ${seed}`);
      return schedule.played;
    } finally {
      await world.end();
    }
  }

  async #act(): Promise<void> {
    const kind = this.#random();
    if (kind < 0.25) {
      await this.#world.run(...this.#fates());
    } else if (kind < 0.4) {
      await this.#runAmidEvents();
    } else if (kind < 0.6) {
      await this.#wait();
    } else if (kind < 0.68) {
      await this.#void();
    } else if (kind < 0.76) {
      await this.#finalize();
    } else if (kind < 0.86) {
      await this.#happenInStripe();
    } else if (kind < 0.96) {
      await this.#deliver(this.#fate());
    } else {
      await this.#world.reconcile(this.#fate());
    }
  }

  /** Undisturbed from here: what is under way arrives, an hour passes, and one run comes. */
  async #comeToRest(context: string): Promise<void> {
    const world = this.#world;
    await world.wait(HOUR_MS);
    await this.#deliver(UNDISTURBED, true);
    const report = await world.runWell();
    await world.reconcile(UNDISTURBED);
    await this.#deliver(UNDISTURBED, true);
    if (report.failed > 0 || report.remaining > 0 || report.blocked > 0) {
      throw new Error(`${context}: ${JSON.stringify(report)} ${world.lastLogged}`);
    }
    await expectOneInvoiceEach(world, context);
    await world.wait(HOUR_MS);
    await world.reconcile(UNDISTURBED);
    const [drifted] = await world.ledger.raw(
      "select count(*) as found, min(detail::text) as detail from integrity_findings where gone_at is null",
    );
    if (drifted?.["found"] !== "0") {
      throw new Error(`${context}: found ${drifted?.["detail"]}`);
    }
    this.played.voided = world.customers.length;
    const statuses = await world.ledger.raw("select status, count(*) as count from invoices group by status");
    const counts = new Map(statuses.map(({ status, count }) => [status, Number(count)]));
    this.played.voided = counts.get("void") ?? 0;
    this.played.paid = counts.get("paid") ?? 0;
  }

  /** Stripe pays at once and tells of it while the run that made the invoice final has not written that down. */
  async #runAmidEvents(): Promise<void> {
    const world = this.#world;
    const run = world.run(...this.#fates());
    for (let times = 0; times < 12; times += 1) {
      if (this.#random() < 0.3) {
        await this.#happenInStripe();
      }
      const ids = world.events();
      // The latest are those that a run does not know of yet.
      const recent = ids.slice(-6);
      // Stripe sends several at once.
      await Promise.all(
        [1, 2, 3].map(() =>
          recent.length === 0 ? world.idle() : world.deliver([this.#pick(recent)], this.#fate()),
        ),
      );
    }
    await run;
  }

  #fates(): FateOf[] {
    const kind = this.#random();
    const count = kind < 0.6 ? 1 : kind < 0.9 ? 2 : 8;
    return Array.from({ length: count }, () => this.#fate());
  }

  #fate(): FateOf {
    return () => {
      if (this.#random() >= this.#badness) {
        return "through";
      }
      const fate = this.#pick<Fate>(BAD);
      this.played.disturbed += 1;
      this.played.killed += fate.startsWith("killed") ? 1 : 0;
      return fate;
    };
  }

  async #wait(): Promise<void> {
    const ms = this.#pick(WAITS);
    if (this.#world.nowMs + ms - this.#startMs < LONGEST_MS) {
      await this.#world.wait(ms);
    }
  }

  async #void(): Promise<void> {
    const invoices = await this.#world.invoices(this.#pick(this.#world.customers).id);
    const wanted = invoices.filter(({ status }) => status !== "paid");
    if (wanted.length > 0) {
      await this.#world.void(this.#pick(wanted).invoiceId, this.#random() < 0.6, ...this.#fates());
    }
  }

  async #finalize(): Promise<void> {
    const invoices = await this.#world.invoices(this.#pick(this.#world.customers).id);
    const waiting = invoices.filter(({ status }) => status === "in_review");
    if (waiting.length > 0) {
      await this.#world.finalize(this.#pick(waiting).invoiceId, ...this.#fates());
    }
  }

  /** What customers and people in Stripe's dashboard do to an invoice that has gone out, or waits for review. */
  async #happenInStripe(): Promise<void> {
    const world = this.#world;
    const all = world.stripe.state.store.list("invoices");
    const open = all.filter(({ status }) => status === "open");
    if (open.length === 0) {
      return;
    }
    const { id } = this.#pick(open);
    const client = world.client(UNDISTURBED);
    const kind = this.#random();
    try {
      if (kind < 0.5) {
        await client.invoices.pay(id, { paid_out_of_band: true });
      } else if (kind < 0.7) {
        await fetch(`${world.stripe.url}/_control/fail-payment`, {
          method: "POST",
          body: JSON.stringify({ invoice: id }),
        });
      } else if (kind < 0.85) {
        await client.invoices.markUncollectible(id);
      } else {
        await client.invoices.voidInvoice(id);
      }
    } catch (error) {
      // A request of ours that came late was first.
      if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) {
        throw error;
      }
    }
  }

  /** Some events, or all, in any order, some of them twice. */
  async #deliver(fateOf: FateOf, isAll = false): Promise<void> {
    const ids = this.#world.events().flatMap((id) => {
      const kind = this.#random();
      return kind < 0.2 ? [id, id] : isAll || kind < 0.6 ? [id] : [];
    });
    const shuffled = ids
      .map((id) => ({ id, place: this.#random() }))
      .toSorted((left, right) => left.place - right.place);
    await this.#world.deliver(
      shuffled.map(({ id }) => id),
      fateOf,
    );
  }

  #pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.#random() * items.length)];
    if (item === undefined) {
      throw new Error("nothing to choose from");
    }
    return item;
  }
}
