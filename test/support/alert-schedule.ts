import { checkAlerts } from "../../src/alerts/check-alerts.ts";
import { readWork } from "../../src/counters/due.ts";
import { shardOf } from "../../src/counters/keys.ts";
import { recordGroups } from "../../src/counters/record.ts";
import { MINUTE_MS } from "../../src/domain/window.ts";
import { flushBuckets } from "../../src/flush/flush-buckets.ts";
import { type FlushStores, flushStores } from "../../src/flush/flush-stores.ts";
import { insertAdjustment } from "../../src/ledger/adjustments.ts";
import { putAlertRules } from "../../src/ledger/alerts.ts";
import { putCustomer } from "../../src/ledger/customers.ts";
import type { Database } from "../../src/ledger/database.ts";
import { alertIsolate, checking } from "./alert-fixture.ts";
import {
  ALERT_CUSTOMERS,
  BEGIN_MS,
  KNOWN_CUSTOMERS,
  KNOWN_RULES,
  KNOWN_SETTINGS,
  type AlertEvent,
  type AlertUsage,
} from "./alert-usage.ts";
import { nothingOf } from "./claim.ts";
import type { FlushFixture } from "./flush-fixture.ts";
import { StoreLost, Steps, type Step } from "./flush-schedule/steps.ts";
import { withMonthBefore } from "./ledger-fixture.ts";
import { identified, measured } from "./measurement.ts";

const MARCH = { startMs: Date.parse("2100-03-01T00:00Z"), endMs: Date.parse("2100-04-01T00:00Z") };

const ACTIVE: ReadonlySet<number> = new Set(ALERT_CUSTOMERS.map(shardOf));

/** One random schedule over real stores: recording, repeats, runs that overlap, die and hang at any call, also of the check. */
export class AlertSchedule {
  readonly #fixture: FlushFixture;
  readonly #random: () => number;
  readonly #mostRuns: number;
  readonly #steps = new Steps();
  readonly #alive = new Set<number>();
  #ghosts: Step[] = [];
  #nowMs = BEGIN_MS;
  #ids = 0;
  /** Calls that failed, or were never answered. */
  faults = 0;

  constructor(fixture: FlushFixture, random: () => number, mostRuns: number) {
    this.#fixture = fixture;
    this.#random = random;
    this.#mostRuns = mostRuns;
  }

  async begin(): Promise<void> {
    const { database } = this.#fixture;
    for (const customerId of KNOWN_CUSTOMERS) {
      await putCustomer(database, customerId, KNOWN_SETTINGS, MARCH.startMs, withMonthBefore(MARCH));
      await putAlertRules(database, customerId, KNOWN_RULES, MARCH.startMs);
    }
  }

  /** Lets all events come, in an order of its own and some of them again, with runs meanwhile; then rests. */
  async play(events: readonly AlertEvent[]): Promise<void> {
    const waiting = this.#shuffled([...events, ...events.filter(() => this.#random() < 0.4)]);
    while (waiting.length > 0 || this.#random() < 0.97) {
      const dice = this.#random();
      const next = dice < 0.2 ? waiting.pop() : undefined;
      if (next !== undefined) {
        await this.#record(next);
      } else if (dice < 0.7) {
        await this.#step();
      } else if (dice < 0.82) {
        this.#start();
      } else if (dice < 0.9) {
        this.#nowMs += (1 + Math.floor(this.#random() * 4)) * MINUTE_MS;
      } else if (dice < 0.95) {
        this.#kill();
      } else {
        await this.#ghosts.splice(0, 1)[0]?.apply();
      }
      await turn();
    }
    await this.#rest();
  }

  /** Corrects usage as a request does, which checks alerts then. */
  async correct({ corrections }: AlertUsage): Promise<void> {
    for (const { customerId, atMs, quantity } of corrections) {
      const adjustment = {
        customerId,
        adjustmentId: this.#id("adjustment"),
        metricName: "api_calls",
        quantity: String(quantity),
        atMs,
        reason: "Counted twice",
      };
      await insertAdjustment(this.#fixture.database, adjustment, "admin", this.#nowMs);
      await checkAlerts(
        alertIsolate(this.#fixture.database, this.#fixture.counters.redis),
        [{ customerId, timeMs: atMs }],
        this.#nowMs,
      );
    }
  }

  async #record({ id, customerId, value, timeMs }: AlertEvent): Promise<void> {
    const group = identified(id, measured({ customerId, value, timeMs }));
    const [status] = await recordGroups(
      this.#fixture.counters.redis,
      [group],
      this.#nowMs,
      this.#id("epoch"),
    );
    if (status !== "recorded" && status !== "duplicate") {
      throw new Error(`an event is ${status}`);
    }
  }

  #start(maxBuckets = this.#pick([16, 5000])): void {
    if (this.#alive.size >= this.#mostRuns) {
      return;
    }
    const process = Number(this.#id("").slice(1));
    this.#alive.add(process);
    const { counters, database } = this.#fixture;
    const all = this.#steps.storesOf(process, flushStores(counters.redis, database));
    const stores: FlushStores = {
      ...all,
      // Shards that nobody is of hold nothing, ever: they are not worth a step.
      claim: (request) =>
        ACTIVE.has(request.shard) ? all.claim(request) : Promise.resolve(nothingOf(request)),
    };
    const isolate = alertIsolate(this.#databaseOf(process, database), this.#fixture.counters.redis);
    const { onWritten } = checking({ ...isolate, randomId: () => this.#id("alert") });
    void flushBuckets({ stores, onWritten, maxBuckets, randomId: () => this.#id("flush") }, this.#nowMs)
      .catch((error: unknown) => {
        if (!(error instanceof StoreLost)) {
          throw error;
        }
      })
      .finally(() => {
        this.#alive.delete(process);
        if (isolate.logged.length > 0) {
          throw new Error("a period was not checked", { cause: isolate.logged[0] });
        }
      });
  }

  /** The ledger as a run's check has it: its calls wait for their turn, and fail, like those of the flush. */
  #databaseOf(process: number, { query, transaction }: Database): Database {
    return {
      query: (...args) => this.#steps.wait(process, "follow", () => query(...args)),
      transaction: (...args) => this.#steps.wait(process, "follow", () => transaction(...args)),
    };
  }

  /** Lets one call happen; mostly well. */
  async #step(): Promise<void> {
    if (this.#steps.pending.length === 0) {
      return;
    }
    const step = this.#steps.take(Math.floor(this.#random() * this.#steps.pending.length));
    const dice = this.#random();
    // The check has few calls: they fail more often.
    const often =
      step.name === "follow" || step.name === "write" || step.name === "acknowledge" ? 0.08 : 0.01;
    this.faults += dice < 3 * often ? 1 : 0;
    if (dice < often) {
      step.reject(new StoreLost("never sent"));
    } else if (dice < 2 * often) {
      await step.apply();
      step.reject(new StoreLost("its answer is lost"));
    } else if (dice < 3 * often) {
      this.#ghosts.push(step);
      step.reject(new StoreLost("hangs"));
    } else {
      step.resolve(await step.apply());
    }
  }

  #kill(): void {
    const running = [...this.#alive];
    if (running.length > 0) {
      const process = this.#pick(running);
      this.faults += 1;
      this.#ghosts.push(...this.#steps.kill(process));
      this.#alive.delete(process);
    }
  }

  /** Everybody goes on undisturbed, what hangs arrives, then a run at a time until nothing is left. */
  async #rest(): Promise<void> {
    await this.#finish();
    for (const ghost of this.#ghosts.splice(0)) {
      await ghost.apply();
    }
    for (let runs = 0; (await readWork(this.#fixture.counters.redis)).hasBuckets; runs += 1) {
      if (runs > 10) {
        throw new Error("flushing does not come to an end");
      }
      this.#nowMs += 4 * MINUTE_MS;
      this.#alive.clear();
      this.#start(5000);
      await turn();
      await this.#finish();
    }
  }

  async #finish(): Promise<void> {
    while (this.#steps.pending.length > 0) {
      const step = this.#steps.take(0);
      step.resolve(await step.apply());
      await turn();
    }
  }

  #shuffled<Item>(items: Item[]): Item[] {
    return items
      .map((item) => ({ item, place: this.#random() }))
      .toSorted((left, right) => left.place - right.place)
      .map(({ item }) => item);
  }

  #id(what: string): string {
    this.#ids += 1;
    return `${what}-${this.#ids}`;
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#random() * items.length)]!;
  }
}

/** Lets everybody who was answered go on to the next call. */
function turn(): Promise<void> {
  return new Promise(setImmediate);
}
