/** Stands in a request's text for a number that no other request has; of fixed width, so that lengths stay. */
export const SLOT = "############";

const ZERO = 0x30;

/** A request whose bytes are ready but for its ids. */
export class SlottedRequest {
  readonly #bytes: Buffer;
  readonly #slots: number[] = [];

  constructor(text: string) {
    this.#bytes = Buffer.from(text);
    for (let at = this.#bytes.indexOf(SLOT); at >= 0; at = this.#bytes.indexOf(SLOT, at + SLOT.length)) {
      this.#slots.push(at);
    }
  }

  /** A copy with a fresh number in each slot, counted on from `first`. */
  fill(first: number): { bytes: Buffer<ArrayBuffer>; next: number } {
    const bytes = Buffer.from(this.#bytes);
    let number = first;
    for (const slot of this.#slots) {
      let rest = number;
      for (let at = slot + SLOT.length - 1; at >= slot; at -= 1) {
        bytes[at] = ZERO + (rest % 10);
        rest = Math.floor(rest / 10);
      }
      number += 1;
    }
    return { bytes, next: number };
  }
}
