/** Something that is worked off one step at a time. */
export interface Line {
  /** Steps of it that may run at once. */
  places: number;
  /** Slow lines have lanes of their own, so that they hold up no other. */
  isSlow: boolean;
}

export interface LaneCounts {
  quick: number;
  slow: number;
}

/**
 * Works lines off in so many lanes at once, each line by turns with the others.
 *
 * `step` does one thing of a line and answers whether there is more; a line that has become slow goes on in a slow lane.
 * What a step throws ends the work, after the steps that run, and is thrown.
 */
export async function workOff<Item extends Line>(
  lines: readonly Item[],
  counts: LaneCounts,
  step: (line: Item) => Promise<boolean>,
): Promise<void> {
  const work = new Lanes(counts, step);
  const most = Math.max(0, ...lines.map(({ places }) => places));
  for (let place = 0; place < most; place += 1) {
    for (const line of lines.filter(({ places }) => places > place)) {
      work.push(line);
    }
  }
  await work.ended();
}

class Lanes<Item extends Line> {
  readonly #counts: LaneCounts;
  readonly #step: (line: Item) => Promise<boolean>;
  readonly #waiting: Record<keyof LaneCounts, Item[]> = { quick: [], slow: [] };
  readonly #running: LaneCounts = { quick: 0, slow: 0 };
  readonly #lanes: Promise<void>[] = [];
  #failure: { error: unknown } | undefined;

  constructor(counts: LaneCounts, step: (line: Item) => Promise<boolean>) {
    this.#counts = counts;
    this.#step = step;
  }

  push(line: Item): void {
    const kind = line.isSlow ? "slow" : "quick";
    this.#waiting[kind].push(line);
    if (this.#running[kind] < this.#counts[kind]) {
      this.#running[kind] += 1;
      this.#lanes.push(this.#run(kind));
    }
  }

  /** A lane may open another before it ends. */
  async ended(): Promise<void> {
    for (let lane = this.#lanes.shift(); lane !== undefined; lane = this.#lanes.shift()) {
      await lane;
    }
    if (this.#failure !== undefined) {
      throw this.#failure.error;
    }
  }

  async #run(kind: keyof LaneCounts): Promise<void> {
    try {
      for (let line = this.#next(kind); line !== undefined; line = this.#next(kind)) {
        if (await this.#step(line)) {
          this.push(line);
        }
      }
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#running[kind] -= 1;
  }

  #next(kind: keyof LaneCounts): Item | undefined {
    return this.#failure === undefined ? this.#waiting[kind].shift() : undefined;
  }
}
