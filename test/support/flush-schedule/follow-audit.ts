import type { Bucket } from "../../../src/domain/bucket.ts";
import type { FlushStores } from "../../../src/flush/flush-stores.ts";

/** Holds that what follows from written hours is done for each of them, after it was written, before all is let go of. */
export class FollowAudit {
  /** Newest version of each life of a bucket that was written. */
  readonly #written = new Map<string, bigint>();
  /** Buckets that were written and not followed since. */
  readonly #owed = new Set<string>();
  /** True once Redis has lost its past: with its index goes what tells a later run of them. */
  isExcused = false;
  followed = 0;

  /** The stores with what they write noted. */
  watched(stores: FlushStores): FlushStores {
    return {
      ...stores,
      write: async (claim, buckets, nowMs) => {
        const answer = await stores.write(claim, buckets, nowMs);
        if (answer.verdict === "accepted" || answer.verdict === "emptied") {
          this.#noteWritten(buckets);
        }
        return answer;
      },
    };
  }

  #noteWritten(buckets: readonly Bucket[]): void {
    for (const { key, epoch, version, series } of buckets) {
      const life = `${key} ${epoch}`;
      if (series.length > 0 && version > (this.#written.get(life) ?? -1n)) {
        this.#written.set(life, version);
        this.#owed.add(key);
      }
    }
  }

  noteFollowed(buckets: readonly Bucket[]): void {
    for (const { key, epoch, version, series } of buckets) {
      if (series.length > 0 && (this.#written.get(`${key} ${epoch}`) ?? -1n) < version) {
        throw new Error(`followed before it was written: ${key}`);
      }
      this.#owed.delete(key);
      this.followed += 1;
    }
  }

  checkRest(): void {
    if (this.#owed.size > 0 && !this.isExcused) {
      throw new Error(`written and never followed: ${[...this.#owed].join(" ")}`);
    }
  }
}
