import type { ShardNumber } from "../../../src/counters/fence.ts";
import type { Claim } from "../../../src/counters/flush-claim.ts";
import { bucketKey } from "../../../src/counters/keys.ts";
import type { Bucket } from "../../../src/domain/bucket.ts";
import type { ClaimVerdict, ShardState } from "../../../src/ledger/flush-claims.ts";
import type { HourState } from "./flush-world.ts";
import type { Rule } from "./rules.ts";

/** What the ledger's statements do, in the plainest way. */
export class LedgerModel {
  readonly #without: Rule | undefined;
  readonly #rows = new Map<string, HourState>();
  readonly #claims = new Map<string, string>();
  readonly #shards = new Map<number, { born: string; fenced: number; setBackAtFences: number | null }>();

  constructor(without: Rule | undefined) {
    this.#without = without;
  }

  rows(): HourState[] {
    return [...this.#rows.values()];
  }

  readShards(): Map<number, ShardState> {
    return new Map(
      [...this.#shards].map(([shard, { born, fenced, setBackAtFences }]) => {
        let number = fenced;
        for (const name of this.#claims.keys()) {
          const [ofShard, ofBorn, claimed] = JSON.parse(name) as [number, string, number];
          number = ofShard === shard && ofBorn === born ? Math.max(number, claimed) : number;
        }
        return [shard, { born, number, setBackAtFences }];
      }),
    );
  }

  readUnreached(): Map<number, number> {
    const highest = new Map([...this.#shards].map(([shard, { fenced }]) => [shard, fenced]));
    for (const name of this.#claims.keys()) {
      const [shard, , number] = JSON.parse(name) as [number, string, number];
      highest.set(shard, Math.max(highest.get(shard) ?? 0, number));
    }
    const underWay = this.#without === "a fence lies above claims on their way" ? 0 : 1000;
    return new Map([...highest].map(([shard, number]) => [shard, number + underWay]));
  }

  write(claim: Claim, buckets: readonly Bucket[]): { verdict: ClaimVerdict; rowsChanged: number } {
    const { shard, born, number, claimId, fences, recent } = claim;
    const held = this.#shards.get(shard);
    const isFenced = this.#without !== "claims from before a fence are not written";
    if (isFenced && held?.born === born && held.fenced >= number) {
      return { verdict: "fenced", rowsChanged: 0 };
    }
    const isOfAnotherLine = [{ number, claimId }, ...recent].some((before) => {
      const known = this.#claims.get(JSON.stringify([shard, born, before.number]));
      return known !== undefined && known !== before.claimId;
    });
    const isOneClaim = this.#without !== "a number is of one claim";
    if (isOfAnotherLine && isOneClaim) {
      if (this.#without !== "what shows a set back is kept") {
        this.#shards.set(shard, {
          born: held?.born ?? born,
          fenced: held?.fenced ?? 0,
          setBackAtFences: fences,
        });
      }
      return { verdict: "set_back", rowsChanged: 0 };
    }
    const told = this.#without === "the ledger keeps the line of a claim" ? [] : recent;
    for (const before of [{ number, claimId }, ...told]) {
      this.#claims.set(JSON.stringify([shard, born, before.number]), before.claimId);
    }
    if (held?.born !== born) {
      this.#shards.set(shard, { born, fenced: 0, setBackAtFences: null });
    }
    let rowsChanged = 0;
    for (const { customerId, hourMs, epoch, version, series } of buckets) {
      const key = `${bucketKey(customerId, hourMs)} ${epoch}`;
      const [only] = series;
      if (only !== undefined && this.#isNewer(this.#rows.get(key), version)) {
        this.#rows.set(key, { customerId, hourMs, epoch, version, bits: only.state.value });
        rowsChanged += 1;
      }
    }
    return {
      verdict: held !== undefined && held.born !== born ? "emptied" : "accepted",
      rowsChanged,
    };
  }

  #isNewer(held: HourState | undefined, version: bigint): boolean {
    const isGuarded = this.#without !== "a lower version never replaces a higher one";
    return held === undefined || !isGuarded || held.version < version;
  }

  meet(shards: readonly ShardNumber[]): void {
    for (const [shard, { born }] of shards.entries()) {
      if (!this.#shards.has(shard)) {
        this.#shards.set(shard, { born, fenced: 0, setBackAtFences: null });
      }
    }
  }

  fence(shards: readonly ShardNumber[]): void {
    for (const [shard, { born, number }] of shards.entries()) {
      if (born !== "") {
        const held = this.#shards.get(shard);
        const fenced = held?.born === born ? Math.max(held.fenced, number) : number;
        this.#shards.set(shard, { born, fenced, setBackAtFences: null });
      }
    }
  }
}
