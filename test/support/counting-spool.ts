import { DAY_MS } from "../../src/domain/window.ts";
import type { CountingModel, Group, Letter } from "./counting-model.ts";
import { SAID, type Judged } from "./counting-request.ts";
import type { Fate } from "./counting-schedule.ts";

interface Spooled {
  receivedAtMs: number;
  /** Later batches of one moment have greater ids. */
  number: number;
  groups: Group[];
}

interface ReplayOutcome {
  replayed: number;
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
    const isCounted = this.#attempt(fates.redis, this.#world.isAway, () => {
      letters = this.#model.apply(groups, this.#world.nowMs);
    });
    this.#numbers += 1;
    const batch = { receivedAtMs, number: this.#numbers, groups };
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
  replay(nowMs: number, fates: readonly Fate[], removal: Fate): ReplayOutcome | "failed" {
    const { isAway } = this.#world;
    const done: Spooled[] = [];
    const outcomes: Record<string, number> = {};
    const pending = this.#batches
      .filter(({ receivedAtMs }) => receivedAtMs > nowMs - DAY_MS)
      .toSorted((left, right) => left.receivedAtMs - right.receivedAtMs || left.number - right.number);
    for (const [index, batch] of pending.entries()) {
      let letters: Letter[] = [];
      const isDone = this.#attempt([fates[index] ?? "ok"], isAway, () => {
        letters = this.#model.apply(batch.groups, this.#world.nowMs);
      });
      if (!isDone) {
        break;
      }
      done.push(batch);
      for (const letter of letters) {
        outcomes[OUTCOMES[letter]] = (outcomes[OUTCOMES[letter]] ?? 0) + 1;
      }
    }
    if (done.length > 0 && !this.#attempt([removal], false, () => this.#remove(done))) {
      return "failed";
    }
    // An empty spool is told to Redis.
    if (isAway && pending.length === 0) {
      return "failed";
    }
    const expired = this.#batches.filter(({ receivedAtMs }) => receivedAtMs <= nowMs - DAY_MS);
    return { replayed: done.length, outcomes, expired: expired.length };
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
      if (fate === "hang") {
        this.#held.push({ sinceMs: this.#world.nowMs, apply });
      } else if (!isAway && fate !== "before") {
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
