/** Where the demo prints to. */
export interface Output {
  write: (text: string) => void;
  /** Lines can be written over. */
  isTerminal: boolean;
}

/** Shows how far a task is: one line that changes on a terminal, a line for every tenth elsewhere. */
export class Progress {
  readonly #output: Output;
  readonly #label: string;
  readonly #total: number;
  #shown = 0;
  #done = 0;

  constructor(output: Output, label: string, total: number) {
    this.#output = output;
    this.#label = label;
    this.#total = total;
  }

  /** Says that so much is done in all. */
  reach(done: number): void {
    this.#done = done;
    const step = Math.trunc((done * (this.#output.isTerminal ? 100 : 10)) / Math.max(1, this.#total));
    if (step !== this.#shown) {
      this.#shown = step;
      this.#show(this.#output.isTerminal ? "\r" : "", this.#output.isTerminal ? "" : "\n");
    }
  }

  advance(): void {
    this.reach(this.#done + 1);
  }

  end(): void {
    if (this.#output.isTerminal) {
      this.#show("\r", "\n");
    }
  }

  #show(before: string, after: string): void {
    this.#output.write(`${before}  ${this.#label}: ${this.#done} of ${this.#total}${after}`);
  }
}

const MAX_SHOWN = 100;

/** Makes text of unknown origin safe to print: control and direction characters as escapes, cut when long. */
export function printable(text: string, maxLength = MAX_SHOWN): string {
  const safe = text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return safe.length > maxLength ? `${safe.slice(0, maxLength - 1)}…` : safe;
}
