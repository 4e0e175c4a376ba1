import { expect } from "vitest";
import { HOUR_MS, MINUTE_MS } from "../../src/domain/window.ts";
import { flushBuckets } from "../../src/flush/flush-buckets.ts";
import { NoStore } from "../../src/ingest/apply-or-spool.ts";
import { recordUsage } from "../../src/ingest/record-usage.ts";
import { replaySpool } from "../../src/ingest/replay-spool.ts";
import { LedgerUnreachable } from "../../src/ledger/database.ts";
import { CountingModel } from "./counting-model.ts";
import { CUSTOMERS, readSeries, readTotals } from "./counting-reading.ts";
import { customerName, judgeRequest, submissionOf, type Request, type Sent } from "./counting-request.ts";
import type { Fate, Schedule, Step } from "./counting-schedule.ts";
import { CountingSpool } from "./counting-spool.ts";
import { BASE_MS, type CountingWorker, type CountingWorld } from "./counting-world.ts";

/** A call that hangs for longer is lost: its id may be remembered for no longer than that beyond a repeat's. */
const LONGEST_HANG_MS = 30 * MINUTE_MS;
/** Counters are read live for so long after their hour. */
const LONGEST_SCHEDULE_MS = 7 * 24 * HOUR_MS;

/** What has happened over many schedules: name → how often. */
export type Tally = Map<string, number>;

/** Plays one schedule against the product and the model; throws where they differ. */
export async function runSchedule(
  world: CountingWorld,
  schedule: Schedule,
  prefix: string,
  tally: Tally,
): Promise<void> {
  await world.begin(schedule.startsAfterMs, schedule.lateEventHours);
  const run = new CountingRun(world, schedule, prefix, tally);
  for (const step of schedule.steps) {
    await run.step(step);
  }
  await run.finish();
}

class CountingRun {
  readonly #world: CountingWorld;
  readonly #schedule: Schedule;
  readonly #prefix: string;
  readonly #tally: Tally;
  readonly #model = new CountingModel();
  readonly #spool: CountingSpool;
  readonly #sent = new Map<number, Sent>();
  readonly #requests: Request[] = [];
  #receipts = 0;

  constructor(world: CountingWorld, schedule: Schedule, prefix: string, tally: Tally) {
    this.#world = world;
    this.#schedule = schedule;
    this.#prefix = prefix;
    this.#tally = tally;
    this.#spool = new CountingSpool(this.#model, world);
  }

  async step(step: Step): Promise<void> {
    const world = this.#world;
    switch (step.kind) {
      case "send":
        await this.#send(step, this.#newRequest(step));
        return;
      case "resend": {
        const earlier = this.#requests[step.request % Math.max(1, this.#requests.length)];
        await (earlier && this.#send(step, this.#repeat(step, earlier)));
        return;
      }
      case "wait":
        if (world.nowMs + step.ms <= BASE_MS + LONGEST_SCHEDULE_MS) {
          await world.wait(step.ms, LONGEST_HANG_MS);
          this.#spool.forgetHeld(LONGEST_HANG_MS);
        }
        return;
      case "replay":
        await this.#replay(step.worker, step.fates, step.removals);
        return;
      case "flush":
        await this.#flush(step.worker, step.fate);
        return;
      case "settle":
        await this.#settle(step.held);
        return;
      case "check":
        await (world.isAway || this.#check());
        return;
      case "away":
      case "back":
      case "empty":
      case "forget-scripts":
        await this.#happen(step.kind);
    }
  }

  /** Redis comes back, all that waits is replayed and flushed: live, then in the ledger, all must be there. */
  async finish(): Promise<void> {
    this.#world.back();
    await this.#replay(0, [], []);
    await this.#check();
    for (let round = 0; round < 2; round += 1) {
      await flushBuckets(this.#worker(0), this.#world.nowMs + 10 * MINUTE_MS);
    }
    this.#model.flush();
    await this.#check();
    expect(await readSeries(this.#world, this.#prefix, "ledger")).toEqual(this.#model.series());
    this.#note("counted again after its id was forgotten", this.#model.countedAgain);
  }

  async #happen(kind: "away" | "back" | "empty" | "forget-scripts"): Promise<void> {
    const world = this.#world;
    switch (kind) {
      case "away":
        world.away();
        break;
      case "back":
        world.back();
        return;
      case "empty":
        if (!this.#schedule.isEmptying) {
          return;
        }
        await world.empty();
        this.#model.empty();
        break;
      case "forget-scripts":
        await world.forgetScripts();
        break;
    }
    this.#note(kind);
  }

  /** Each event's time is fixed when it is first sent, whatever request it is then part of. */
  #newRequest(step: Step & { kind: "send" }): Request {
    const receivedAtMs = this.#clock(step.worker);
    const { drafts } = this.#schedule;
    const events = step.drafts.map((number): Sent => {
      const index = number % drafts.length;
      const draft = drafts[index]!;
      const sent = this.#sent.get(index) ?? {
        draft,
        timeMs: draft.agoMs === undefined ? undefined : receivedAtMs - draft.agoMs,
      };
      this.#sent.set(index, sent);
      return sent;
    });
    if (step.form !== "batch") {
      return { form: step.form, events, key: step.key === undefined ? undefined : `k${step.key}` };
    }
    const timed = events.map((sent) => ({ ...sent, timeMs: sent.timeMs ?? receivedAtMs }));
    return { form: "batch", events: timed, key: `b${step.key ?? this.#requests.length}` };
  }

  #repeat(step: Step & { kind: "resend" }, earlier: Request): Request {
    const { retimedMs } = step;
    if (retimedMs === undefined) {
      return earlier;
    }
    this.#note("repeat with another timestamp");
    const timeMs = this.#clock(step.worker) - retimedMs;
    return { ...earlier, events: earlier.events.map(({ draft }) => ({ draft, timeMs })) };
  }

  async #send(step: Step & { kind: "send" | "resend" }, request: Request): Promise<void> {
    this.#requests.push(request);
    this.#note("events", request.events.length);
    const worker = this.#worker(step.worker);
    const receivedAtMs = this.#clock(step.worker);
    this.#receipts += 1;
    const judged = judgeRequest(
      request,
      this.#prefix,
      receivedAtMs,
      worker.lateEventHours,
      `receipt ${this.#receipts}`,
    );
    const expected = this.#spool.take(judged, receivedAtMs, step.fates);
    this.#world.fates = { record: [...step.fates.redis], spool: [...step.fates.spool], removal: [] };
    const answered = await recordUsage(worker, submissionOf(request, this.#prefix), receivedAtMs).then(
      ({ results }) => results.map(({ status, code }) => code ?? status),
      (error: unknown) => {
        expect(error).toBeInstanceOf(NoStore);
        return "unavailable";
      },
    );
    expect(answered).toEqual(expected);
    for (const outcome of [answered].flat()) {
      this.#note(outcome);
    }
  }

  async #replay(worker: number, fates: readonly Fate[], removals: readonly Fate[]): Promise<void> {
    const nowMs = this.#clock(worker);
    const expected = this.#spool.replay(nowMs, fates, removals);
    this.#world.fates = { record: [...fates], spool: [], removal: [...removals] };
    const report = await replaySpool(this.#worker(worker), nowMs).catch((error: unknown) => {
      expect(error).toBeInstanceOf(LedgerUnreachable);
      return "failed";
    });
    expect(report).toEqual(expected);
    if (typeof report !== "string") {
      this.#note("expired in the spool", report.expired);
      this.#note("replay refused", report.failed);
      for (const [outcome, times] of Object.entries(report.outcomes)) {
        this.#note(`replayed: ${outcome}`, times);
      }
    }
  }

  async #flush(worker: number, fate: "ok" | "before" | "after"): Promise<void> {
    const { isEmptying } = this.#schedule;
    if (this.#world.isAway) {
      return;
    }
    if (fate !== "ok" && !isEmptying) {
      this.#world.failUpsert(fate);
    }
    // A Worker whose clock is behind leaves what turned dirty in a minute to come.
    const nowMs = this.#clock(worker) + (isEmptying ? MINUTE_MS : 0);
    await flushBuckets(this.#worker(worker), nowMs).catch((error: unknown) => {
      expect(error).toBeInstanceOf(LedgerUnreachable);
      this.#note("flush failed");
    });
    await this.#world.quiesce();
    this.#model.flush();
    this.#note("flush");
  }

  async #settle(number: number): Promise<void> {
    const { held, isAway } = this.#world;
    if (held.length === 0 || isAway) {
      return;
    }
    const [late] = held.splice(number % held.length, 1);
    this.#spool.settle(number);
    this.#world.fates = { record: [], spool: [], removal: [] };
    await late?.apply();
    this.#note("hung call applied late");
  }

  async #check(): Promise<void> {
    const totals = CUSTOMERS.map((customer) => customerName(this.#prefix, customer)).map(
      (customerId) => [customerId, this.#model.totals(customerId)] as const,
    );
    expect(await readTotals(this.#world, this.#prefix)).toEqual(new Map(totals));
    expect(await readSeries(this.#world, this.#prefix, "live")).toEqual(this.#model.series());
    this.#note("check");
  }

  #worker(number: number): CountingWorker {
    return this.#world.workers[number]!;
  }

  #clock(worker: number): number {
    return this.#world.nowMs + this.#worker(worker).clockMs;
  }

  #note(what: string, times = 1): void {
    this.#tally.set(what, (this.#tally.get(what) ?? 0) + times);
  }
}
