/** Width of a class: what a percentile may be too high by. */
const CLASS_MS = 0.05;
const CLASSES = 200_000;

/** Times of any number of answers in bounded memory, in classes of 0.05 ms; 10 s and more are one class. */
export class Latencies {
  readonly #counts = new Uint32Array(CLASSES);
  #count = 0;
  #maxMs = 0;

  add(ms: number): void {
    const index = Math.min(CLASSES - 1, Math.max(0, Math.floor(ms / CLASS_MS)));
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#count += 1;
    this.#maxMs = Math.max(this.#maxMs, ms);
  }

  /** Forgets all. */
  reset(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#maxMs = 0;
  }

  /** Percentiles, and the greatest as it was. */
  read(): { p50: number; p99: number; max: number } {
    return { p50: this.#percentile(50), p99: this.#percentile(99), max: this.#maxMs };
  }

  #percentile(percent: number): number {
    const rank = Math.ceil((percent / 100) * this.#count);
    let seen = 0;
    const index = this.#counts.findIndex((count) => (seen += count) >= rank);
    return Math.min(this.#maxMs, (index + 1) * CLASS_MS);
  }
}
