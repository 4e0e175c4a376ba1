import { DAY_MS } from "../../src/domain/window.ts";
import type { CountingModel, Group, Letter } from "./counting-model.ts";
import { SAID, type Judged } from "./counting-request.ts";
import type { Fate } from "./counting-schedule.ts";

interface Spooled {
  receivedAtMs: number;
  /** Later batches of one moment have greater ids. */
  number: number;
  /** When a replay of it was refused last. */
  refusedAtMs: number;
  groups: Group[];
}

interface ReplayOutcome {
  replayed: number;
  failed: number;
  outcomes: Record<string, number>;
  expired: number;
}

const OUTCOMES: Record<Letter, string> = {
  r: "recorded",
  d: "duplicate",
  c: "conflict",
  o: "counter_overflow",
  x: "refused_before",
};

/** The moment and whether Redis answers, as the schedule has them. */
interface Circumstances {
  nowMs: number;
  isAway: boolean;
}

/** What calls to the two stores come to under their fates: two attempts at each, then the spool, then nothing. */
export class CountingSpool {
  readonly #model: CountingModel;
  readonly #world: Circumstances;
  #batches: Spooled[] = [];
  #held: { sinceMs: number; apply: () => void }[] = [];
  #numbers = 0;

  constructor(model: CountingModel, world: Circumstances) {
    this.#model = model;
    this.#world = world;
  }

  /** What a request is answered, row by row. */
  take(
    { groups, order, refusals }: Judged,
    receivedAtMs: number,
    fates: { redis: readonly Fate[]; spool: readonly Fate[] },
  ): string[] | "unavailable" {
    const said = refusals.map((refusal) => refusal ?? "");
    if (groups.length === 0) {
      return said;
    }
    let letters: Letter[] = [];
    const [first = "ok"] = fates.redis;
    // Waiting twice would outlast the client.
    const isCounted = this.#attempt(first === "hang" ? [first] : fates.redis, this.#world.isAway, () => {
      letters = this.#model.apply(groups, this.#world.nowMs);
    });
    this.#numbers += 1;
    const batch = { receivedAtMs, number: this.#numbers, refusedAtMs: Number.NEGATIVE_INFINITY, groups };
    if (!isCounted && !this.#attempt(fates.spool, false, () => this.#keep(batch))) {
      return "unavailable";
    }
    for (const [position, row] of order.entries()) {
      if (refusals[row] === null) {
        said[row] = isCounted ? SAID[letters[position] ?? "x"] : "spooled";
      }
    }
    return said;
  }

  /** What a replay reports; `failed` when it cannot end. */
  replay(nowMs: number, fates: readonly Fate[], removals: readonly Fate[]): ReplayOutcome | "failed" {
    const report: ReplayOutcome = { replayed: 0, failed: 0, outcomes: {}, expired: 0 };
    const expired = this.#batches.filter(({ receivedAtMs }) => receivedAtMs <= nowMs - DAY_MS);
    report.expired = expired.length;
    const pending = this.#batches
      .filter((batch) => !expired.includes(batch) && batch.refusedAtMs < nowMs)
      .toSorted(inTurn);
    const calls = { fates: [...fates], removals: [...removals] };
    const whole = this.#replayCall(pending, calls, report);
    if (whole !== "refused") {
      return whole === "failed" ? "failed" : report;
    }
    for (const batch of pending) {
      // A page of one is not tried a second time.
      const outcome = pending.length === 1 ? "refused" : this.#replayCall([batch], calls, report);
      if (outcome === "refused") {
        batch.refusedAtMs = nowMs;
        report.failed += 1;
      } else if (outcome !== "counted") {
        return outcome === "failed" ? "failed" : report;
      }
    }
    return report;
  }

  /** Counts batches in one call and takes them out of the spool. */
  #replayCall(
    batches: readonly Spooled[],
    calls: { fates: Fate[]; removals: Fate[] },
    report: ReplayOutcome,
  ): "counted" | "refused" | "unanswered" | "failed" {
    if (batches.length === 0) {
      return "counted";
    }
    let letters: Letter[] = [];
    const fate = calls.fates.shift() ?? "ok";
    const isCounted = this.#attempt([fate], this.#world.isAway, () => {
      letters = this.#model.apply(
        batches.flatMap(({ groups }) => groups),
        this.#world.nowMs,
      );
    });
    if (!isCounted) {
      return fate === "refused" && !this.#world.isAway ? "refused" : "unanswered";
    }
    for (const letter of letters) {
      report.outcomes[OUTCOMES[letter]] = (report.outcomes[OUTCOMES[letter]] ?? 0) + 1;
    }
    const owed = this.#owed(batches, letters);
    const done = batches.filter((batch) => !owed.includes(batch));
    if (
      done.length > 0 &&
      !this.#attempt([calls.removals.shift() ?? "ok"], false, () => this.#remove(done))
    ) {
      return "failed";
    }
    report.replayed += done.length;
    report.failed += owed.length;
    for (const batch of owed) {
      batch.refusedAtMs = this.#world.nowMs;
    }
    return "counted";
  }

  /** Batches with a row that stood when it was promised, and was refused to a repeat since. */
  #owed(batches: readonly Spooled[], letters: readonly Letter[]): Spooled[] {
    let position = 0;
    return batches.filter(({ groups }) => {
      const increments = groups.flatMap((group) => group.increments);
      const own = letters.slice(position, position + increments.length);
      position += increments.length;
      return increments.some((increment, index) => increment !== null && own[index] === "x");
    });
  }

  /** A call that hung is applied now. */
  settle(number: number): void {
    const [late] = this.#held.splice(number % this.#held.length, 1);
    late?.apply();
  }

  /** Calls that hang for longer are lost. */
  forgetHeld(longestHangMs: number): void {
    this.#held = this.#held.filter(({ sinceMs }) => this.#world.nowMs - sinceMs <= longestHangMs);
  }

  #attempt(fates: readonly Fate[], isAway: boolean, apply: () => void): boolean {
    for (const fate of fates) {
      if (fate === "hang" || fate === "late") {
        this.#held.push({ sinceMs: this.#world.nowMs, apply });
      } else if (!isAway && (fate === "ok" || fate === "after")) {
        apply();
        if (fate === "ok") {
          return true;
        }
      }
    }
    return false;
  }

  /** A batch that is there already stays. */
  #keep(batch: Spooled): void {
    if (!this.#batches.some(({ number }) => number === batch.number)) {
      this.#batches.push(batch);
    }
  }

  #remove(done: readonly Spooled[]): void {
    this.#batches = this.#batches.filter((batch) => !done.includes(batch));
  }
}

/** Those that were refused after the others, then the oldest first. */
function inTurn(left: Spooled, right: Spooled): number {
  const turn = Math.sign(left.refusedAtMs - right.refusedAtMs) || 0;
  return turn || left.receivedAtMs - right.receivedAtMs || left.number - right.number;
}
