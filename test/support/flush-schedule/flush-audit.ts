import type { FlushWorld, HourState } from "./flush-world.ts";

/** Holds what has happened against what the ledger and the counters show; throws at the first thing that is wrong. */
export class FlushAudit {
  readonly #world: FlushWorld;
  /** Events recorded, by customer. */
  readonly recorded = new Map<string, bigint>();
  /** Events that a loss of Redis may have cost. */
  #excused = 0n;
  /** The ledger's events as they were seen last. */
  #ledger = 0n;
  /** Since when Redis may be an older copy of itself. */
  isSuspect = false;
  /** True when buckets were begun anew since Redis was last set back. */
  isWholeFence = false;
  losses = 0;
  fences = 0;

  constructor(world: FlushWorld) {
    this.#world = world;
  }

  note(customerId: string, bit: number): void {
    this.recorded.set(customerId, (this.recorded.get(customerId) ?? 0n) | (1n << BigInt(bit)));
  }

  /** The ledger never loses an event and never has one twice. */
  async checkLedger(): Promise<void> {
    const now = unionOf(await this.#world.ledger());
    if ((this.#ledger & ~now) !== 0n) {
      throw new Error(`the ledger has lost ${(this.#ledger & ~now).toString(2)}`);
    }
    const strange = now & ~this.#all();
    if (strange !== 0n) {
      throw new Error(`the ledger has what was never recorded: ${strange.toString(2)}`);
    }
    this.#ledger = now;
  }

  /** Redis is about to lose its past: what is in no row yet may be gone. */
  async excuseUnflushed(): Promise<void> {
    await this.checkLedger();
    this.#excused |= this.#all() & ~this.#ledger;
    this.losses += 1;
  }

  /** A fence has begun buckets anew that were so before. */
  async excuseFenced(before: readonly HourState[]): Promise<void> {
    if (!this.isSuspect) {
      throw new Error("a fence without a cause");
    }
    this.fences += 1;
    this.isWholeFence = true;
    for (const { bits } of before) {
      this.#excused |= bits & ~this.#ledger;
    }
  }

  /** Read while only events were added: between what was acknowledged before and what was sent by its end. */
  checkAnswer(
    customerId: string,
    ledger: readonly HourState[],
    live: readonly HourState[],
    before: bigint,
  ): void {
    const rows = new Map<string, HourState>();
    for (const row of [...ledger, ...live]) {
      const key = `${row.hourMs} ${row.epoch}`;
      if (row.customerId === customerId && row.version > (rows.get(key)?.version ?? -1n)) {
        rows.set(key, row);
      }
    }
    const answer = unionOf([...rows.values()]);
    const missing = before & ~answer & ~this.#excused;
    if (missing !== 0n && !this.isSuspect) {
      throw new Error(`an answer lacks ${missing.toString(2)}`);
    }
    const early = answer & ~(this.recorded.get(customerId) ?? 0n);
    if (early !== 0n) {
      throw new Error(`an answer has what was never recorded: ${early.toString(2)}`);
    }
  }

  /** Everything is flushed: all is in the ledger once but what a loss has cost. */
  async checkRest(): Promise<void> {
    await this.checkLedger();
    const missing = this.#all() & ~this.#ledger & ~this.#excused;
    if (missing !== 0n) {
      throw new Error(`at rest the ledger lacks ${missing.toString(2)}`);
    }
  }

  get counted(): bigint {
    return this.#ledger;
  }

  #all(): bigint {
    return [...this.recorded.values()].reduce((all, bits) => all | bits, 0n);
  }
}

/** Events of states of different hours and epochs; throws when one is in two of them. */
function unionOf(states: readonly HourState[]): bigint {
  let union = 0n;
  for (const { bits } of states) {
    if ((union & bits) !== 0n) {
      throw new Error(`counted twice: ${(union & bits).toString(2)}`);
    }
    union |= bits;
  }
  return union;
}
