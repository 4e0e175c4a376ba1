import type { Measurement } from "../domain/event.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const SEED = 0x811c9dc5;

/**
 * Tells a repeat from another content under the same id: 64 bits of a plain hash in 11 characters.
 *
 * Nothing is counted by it: of two contents under one id the second is never counted, a collision only calls it a
 * duplicate instead of a conflict. What tells ids apart is a cryptographic digest, `digestId`.
 */
export class Fingerprint {
  #low = SEED;
  #high = SEED;

  /** Goes on with a text; its end is told, so that `a`, `bc` is not `ab`, `c`. */
  add(text: string): this {
    let low = this.#low;
    let high = this.#high;
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      low = Math.imul(low ^ unit, 0x01000193);
      high = Math.imul(high ^ unit, 0x85ebca6b);
      high ^= high >>> 13;
    }
    this.#low = Math.imul(low ^ text.length, 0x01000193);
    this.#high = Math.imul(high ^ text.length, 0xc2b2ae35);
    return this;
  }

  toString(): string {
    const low = mixed(this.#low);
    const high = mixed(this.#high ^ this.#low);
    return digits(low, 5) + digits(high, 5) + digits((low >>> 30) | ((high >>> 30) << 2), 1);
  }
}

/** Fingerprint of what one measurement counts, without its time: a repeat may carry another timestamp. */
export function fingerprintOf({ customerId, seriesText, value }: Measurement): string {
  return new Fingerprint().add(customerId).add(seriesText).add(value.toString()).toString();
}

/**
 * Fingerprint of what a client sent under one id, whatever of it is accepted.
 *
 * Members count in code-unit order: the same content may come with them in another. However deep it is nested.
 */
export function contentFingerprint(content: unknown): string {
  const fingerprint = new Fingerprint();
  const rest: unknown[] = [content];
  while (rest.length > 0) {
    const next = rest.pop();
    if (next instanceof MemberName) {
      fingerprint.add(next.name);
    } else if (Array.isArray(next)) {
      fingerprint.add(`[${next.length}`);
      rest.push(...(next as unknown[]).toReversed());
    } else if (typeof next === "object" && next !== null) {
      const members = Object.entries(next).filter(([, value]) => value !== undefined);
      members.sort(([left], [right]) => (left > right ? -1 : 1));
      fingerprint.add(`{${members.length}`);
      for (const [name, value] of members) {
        rest.push(value, new MemberName(name));
      }
    } else if (typeof next === "string") {
      fingerprint.add('"').add(next);
    } else {
      fingerprint.add(String(next));
    }
  }
  return fingerprint.toString();
}

class MemberName {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** The lowest bits, six a character. */
function digits(bits: number, count: number): string {
  let text = "";
  for (let index = 0; index < count; index += 1) {
    text += ALPHABET[(bits >>> (6 * index)) & 63];
  }
  return text;
}

/** Finishes 32 bits, so that each bit of the input reaches each of the output; as an unsigned number. */
function mixed(bits: number): number {
  let hash = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
