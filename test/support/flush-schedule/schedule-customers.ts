import { shardOf } from "../../../src/counters/keys.ts";
import { HOUR_MS } from "../../../src/domain/window.ts";
import type { FlushStores } from "../../../src/flush/flush-stores.ts";
import { nothingOf } from "../claim.ts";
import { customerOfShard } from "../measurement.ts";

const SHARED_SHARD = 3;
const OTHER_SHARD = 7;

/** Two of one shard, one of another. */
export const CUSTOMERS = [
  customerOfShard(SHARED_SHARD),
  sibling(SHARED_SHARD),
  customerOfShard(OTHER_SHARD),
] as const;
/** Shards that hold anything. */
const ACTIVE: ReadonlySet<number> = new Set([SHARED_SHARD, OTHER_SHARD]);
/** Shortly before the end of a month. */
export const BASE_MS = Date.parse("2100-03-31T22:30:00.000Z");
export const HOURS_MS: readonly number[] = [0, 1, 2, 3].map(
  (hour) => Math.floor(BASE_MS / HOUR_MS) * HOUR_MS + hour * HOUR_MS,
);

function sibling(shard: number): string {
  for (let number = 0; ; number += 1) {
    if (shardOf(`sib_${number}`) === shard) {
      return `sib_${number}`;
    }
  }
}

/** The stores without the shards that no customer is of: they hold nothing, ever, and are not worth a step. */
export function withoutIdle(stores: FlushStores): FlushStores {
  return {
    ...stores,
    claim: (request) =>
      ACTIVE.has(request.shard) ? stores.claim(request) : Promise.resolve(nothingOf(request)),
  };
}
