import type { Bucket } from "../../../src/domain/bucket.ts";
import { MINUTE_MS } from "../../../src/domain/window.ts";
import { flushBuckets, type FlushDeps } from "../../../src/flush/flush-buckets.ts";
import { flushCustomer } from "../../../src/flush/flush-customer.ts";
import { FlushAudit } from "./flush-audit.ts";
import { FollowAudit } from "./follow-audit.ts";
import type { FlushWorld, HourState } from "./flush-world.ts";
import { BASE_MS, CUSTOMERS, HOURS_MS, withoutIdle } from "./schedule-customers.ts";
import { StoreLost, Steps, type Step } from "./steps.ts";

/** A sum of distinct powers of two is exact in a counter. */
const MAX_EVENTS = 50;
const MAX_RUNS = 8;

export interface Played {
  events: number;
  losses: number;
  fences: number;
  /** Events in the ledger at rest. */
  counted: bigint;
  /** Buckets of which what follows from them was done; 0 unless that was asked for. */
  followed: number;
}

interface Reading {
  customerId: string;
  live: HourState[];
  before: bigint;
}

/** One random schedule: recording, runs that overlap, die and hang, readings, and what befalls Redis. */
export class Schedule {
  readonly #world: FlushWorld;
  readonly #random: () => number;
  readonly #audit: FlushAudit;
  readonly #follow = new FollowAudit();
  readonly #isFollowed: boolean;
  readonly #steps = new Steps();
  readonly #trace: (line: string) => void;
  readonly #alive = new Set<number>();
  readonly #readings: Reading[] = [];
  /** Calls of the dead, which may still be applied. */
  #ghosts: Step[] = [];
  #copies: unknown[] = [];
  #nowMs = BASE_MS;
  #bit = 0;
  #ids = 0;
  #processes = 0;

  /** `isFollowed`: runs have something to do for what is written before they let go of it, for several claims at once. */
  constructor(
    world: FlushWorld,
    random: () => number,
    isFollowed: boolean,
    trace: (line: string) => void = () => undefined,
  ) {
    this.#trace = trace;
    this.#isFollowed = isFollowed;
    this.#world = world;
    this.#random = random;
    this.#audit = new FlushAudit(world);
  }

  async play(actions: number): Promise<Played> {
    for (let count = 0; count < actions; count += 1) {
      await this.#act();
      await turn();
    }
    await this.#rest();
    const { losses, fences, counted } = this.#audit;
    return { events: this.#bit, losses, fences, counted, followed: this.#follow.followed };
  }

  async #act(): Promise<void> {
    const dice = this.#random();
    if (dice < 0.24) {
      await this.#record();
    } else if (dice < 0.62) {
      await this.#step();
    } else if (dice < 0.72) {
      void this.#startFlush();
    } else if (dice < 0.75) {
      this.#startCustomer();
    } else if (dice < 0.82) {
      this.#nowMs += (1 + Math.floor(this.#random() * 5)) * MINUTE_MS;
    } else if (dice < 0.86) {
      this.#kill();
    } else if (dice < 0.89) {
      await this.#applyGhost();
    } else if (dice < 0.95) {
      await this.#read();
    } else if (dice < 0.97) {
      this.#trace("copy");
      this.#copies.push(await this.#world.copy());
    } else if (dice < 0.99) {
      await this.#restore();
    } else {
      await this.#audit.excuseUnflushed();
      this.#follow.isExcused = true;
      this.#trace("empty");
      await this.#world.empty();
      // Copies from before are those of another life.
    }
  }

  async #record(): Promise<void> {
    if (this.#bit >= MAX_EVENTS) {
      return;
    }
    const customerId = this.#pick(CUSTOMERS);
    this.#audit.note(customerId, this.#bit);
    const event = { customerId, hourMs: this.#pick(HOURS_MS), bit: this.#bit, nowMs: this.#nowMs };
    this.#bit += 1;
    this.#trace(`record ${customerId} ${event.hourMs} bit ${event.bit}`);
    await this.#world.record({ ...event, epoch: this.#id("epoch") });
  }

  /** Lets one call happen; mostly well. */
  async #step(): Promise<void> {
    if (this.#steps.pending.length === 0) {
      return;
    }
    const step = this.#steps.take(Math.floor(this.#random() * this.#steps.pending.length));
    const dice = this.#random();
    if (dice < 0.04) {
      step.reject(new StoreLost("never sent"));
    } else if (dice < 0.08) {
      await this.#apply(step);
      step.reject(new StoreLost("its answer is lost"));
    } else if (dice < 0.11) {
      this.#ghosts.push(step);
      step.reject(new StoreLost("hangs"));
    } else {
      await this.#applyAndAnswer(step);
    }
  }

  async #applyAndAnswer(step: Step): Promise<void> {
    step.resolve(await this.#apply(step));
  }

  async #apply(step: Step): Promise<unknown> {
    if (step.name === "fencePage") {
      await this.#audit.checkLedger();
      const before = await this.#world.buckets();
      const answer = await step.apply();
      this.#trace(`${step.process} fencePage -> ${show(answer)}`);
      if ((answer as { begun: number } | undefined)?.begun) {
        await this.#audit.excuseFenced(before);
      }
      return answer;
    }
    const answer = await step.apply();
    this.#trace(`${step.process} ${step.name} -> ${show(answer)}`);
    if (step.name === "write") {
      await this.#audit.checkLedger();
    }
    if (step.name === "closeFence" && answer === true) {
      // Set back again while the fence was up: what was closed was the fence of another copy.
      this.#audit.isSuspect = this.#audit.isSuspect && !this.#audit.isWholeFence;
    }
    return answer;
  }

  #startFlush(maxBuckets = this.#pick([16, 5000])): Promise<unknown> {
    return this.#start((given) =>
      flushBuckets({ ...given, randomId: () => this.#id("flush"), maxBuckets }, this.#nowMs),
    );
  }

  #startCustomer(): void {
    const customerId = this.#pick(CUSTOMERS);
    const nowMs = this.#nowMs;
    void this.#start((given) =>
      flushCustomer(
        { ...given, randomId: () => this.#id("close") },
        customerId,
        HOURS_MS[0]!,
        HOURS_MS[2]!,
        nowMs,
      ),
    );
  }

  #start(run: (given: Pick<FlushDeps, "stores" | "onWritten">) => Promise<unknown>): Promise<unknown> {
    if (this.#alive.size >= MAX_RUNS) {
      return Promise.resolve();
    }
    this.#processes += 1;
    const process = this.#processes;
    this.#alive.add(process);
    const stores = withoutIdle(this.#steps.storesOf(process, this.#follow.watched(this.#world.stores)));
    const onWritten = (buckets: readonly Bucket[]): Promise<void> =>
      this.#steps.wait(process, "follow", async () => this.#follow.noteFollowed(buckets));
    // What a run ends with is its own affair: the audit looks at the stores.
    return run(this.#isFollowed ? { stores, onWritten } : { stores })
      .catch((error: unknown) => {
        if (!(error instanceof StoreLost) && !isExpected(error)) {
          throw error;
        }
      })
      .finally(() => this.#alive.delete(process));
  }

  #kill(): void {
    const running = [...this.#alive];
    if (running.length > 0) {
      const process = this.#pick(running);
      this.#ghosts.push(...this.#steps.kill(process));
      this.#alive.delete(process);
    }
  }

  /** A call that was sent before its process died arrives. */
  async #applyGhost(): Promise<void> {
    if (this.#ghosts.length > 0) {
      const [ghost] = this.#ghosts.splice(Math.floor(this.#random() * this.#ghosts.length), 1);
      await this.#apply(ghost!);
    }
  }

  /** Begins a reading, or ends one: the ledger is asked some time after the counters. */
  async #read(): Promise<void> {
    const reading = this.#readings.pop();
    if (reading !== undefined) {
      const { customerId, live, before } = reading;
      this.#audit.checkAnswer(customerId, await this.#world.ledger(), live, before);
      return;
    }
    const customerId = this.#pick(CUSTOMERS);
    const before = this.#audit.recorded.get(customerId) ?? 0n;
    this.#readings.push({ customerId, before, live: await this.#world.readLive(customerId, HOURS_MS) });
  }

  async #restore(): Promise<void> {
    const copy = this.#copies.at(Math.floor(this.#random() * this.#copies.length));
    if (copy !== undefined) {
      await this.#audit.excuseUnflushed();
      this.#follow.isExcused = true;
      this.#audit.isSuspect = true;
      this.#audit.isWholeFence = false;
      this.#readings.length = 0;
      this.#trace("restore");
      await this.#world.restore(copy);
    }
  }

  /** Everybody goes on undisturbed, then flushes until nothing is left. */
  async #rest(): Promise<void> {
    await this.#finish();
    for (let runs = 0; await this.#world.hasWork(); runs += 1) {
      if (runs > 20) {
        throw new Error("flushing does not come to an end");
      }
      this.#nowMs += 10 * MINUTE_MS;
      this.#alive.clear();
      void this.#startFlush(5000);
      await turn();
      await this.#finish();
    }
    await this.#audit.checkRest();
    if (this.#isFollowed) {
      this.#follow.checkRest();
    }
  }

  async #finish(): Promise<void> {
    while (this.#steps.pending.length > 0) {
      await this.#applyAndAnswer(this.#steps.take(0));
      await turn();
    }
  }

  #id(what: string): string {
    this.#ids += 1;
    return `${what}-${this.#ids}`;
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#random() * items.length)]!;
  }
}

/** What a run says when the counters are not to be trusted. */
function isExpected(error: unknown): boolean {
  return error instanceof Error && /not to be trusted|are not written/.test(error.message);
}

function show(answer: unknown): string {
  return (
    JSON.stringify(answer, (key, value: unknown) =>
      key === "series" ? undefined : typeof value === "bigint" ? value.toString() : value,
    ) ?? "done"
  );
}

/** Lets everybody who was answered go on to the next call. */
function turn(): Promise<void> {
  return new Promise(setImmediate);
}
