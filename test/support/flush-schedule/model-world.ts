import type { FencePass, FenceReason, ShardNumber } from "../../../src/counters/fence.ts";
import type { Claim, ClaimRequest, NoClaim } from "../../../src/counters/flush-claim.ts";
import { bucketKey, shardOf } from "../../../src/counters/keys.ts";
import type { Bucket } from "../../../src/domain/bucket.ts";
import { MINUTE_MS } from "../../../src/domain/window.ts";
import type { CustomerClaimRequest, FlushStores } from "../../../src/flush/flush-stores.ts";
import type { FlushWorld, HourState } from "./flush-world.ts";
import { LedgerModel } from "./ledger-model.ts";
import { asClaimed, fresh, type RedisState } from "./redis-state.ts";
import type { Rule } from "./rules.ts";

const ABANDONED_MS = 3 * MINUTE_MS;

/** What scripts and statements do, in the plainest way: the specification of flushing. */
export class ModelWorld implements FlushWorld {
  readonly #without: Rule | undefined;
  #redis = fresh();
  readonly #ledger: LedgerModel;

  constructor(without?: Rule) {
    this.#without = without;
    this.#ledger = new LedgerModel(without);
  }

  readonly stores: FlushStores = {
    readShards: async () => this.#ledger.readShards(),
    beginShards: async (born) =>
      this.#redis.metas.map((meta) => {
        meta.born ??= born;
        return { born: meta.born, number: 0 };
      }),
    meetShards: async (shards) => this.#ledger.meet(shards),
    claim: async (request) => this.#claim(request),
    claimCustomer: async (request) => this.#claimCustomer(request),
    write: async (claim, buckets) => this.#ledger.write(claim, buckets),
    acknowledge: async (claim, buckets) => this.#acknowledge(claim, buckets),
    putOff: async () => true,
    openFence: async (incident, reason) => this.#openFence(incident, reason),
    fencePage: async (pass, _cursor, epoch) => this.#fencePage(pass, epoch),
    readUnreached: async () => this.#ledger.readUnreached(),
    raiseNumbers: async (pass, unreached) => this.#raise(pass, unreached),
    fenceShards: async (shards) => this.#ledger.fence(shards),
    closeFence: async (pass) => this.#closeFence(pass),
    noteLoss: async () => undefined,
    noteFenced: async () => undefined,
  };

  async record(event: Parameters<FlushWorld["record"]>[0]): Promise<void> {
    const { customerId, hourMs, bit, nowMs, epoch } = event;
    const key = bucketKey(customerId, hourMs);
    const isNamed = this.#without !== "each life of a bucket has an epoch of its own";
    const held = this.#redis.buckets.get(key) ?? {
      customerId,
      hourMs,
      epoch: isNamed ? epoch : "the same",
      version: 0n,
      bits: 0n,
      isDirty: false,
      fence: undefined,
    };
    if (!held.isDirty) {
      this.#redis.dirty.set(key, Math.floor(nowMs / MINUTE_MS));
    }
    const changed = { ...held, version: held.version + 1n, bits: held.bits + (1n << BigInt(bit)) };
    this.#redis.buckets.set(key, { ...changed, isDirty: true });
  }

  async readLive(customerId: string, hoursMs: readonly number[]): Promise<HourState[]> {
    const { buckets, dirty, inflight } = this.#redis;
    return hoursMs.flatMap((hourMs) => {
      const key = bucketKey(customerId, hourMs);
      return dirty.has(key) || inflight.has(key) ? (buckets.get(key) ?? []) : [];
    });
  }

  async buckets(): Promise<HourState[]> {
    return [...this.#redis.buckets.values()];
  }

  async hasWork(): Promise<boolean> {
    return this.#redis.dirty.size + this.#redis.inflight.size > 0;
  }

  async ledger(): Promise<HourState[]> {
    return this.#ledger.rows();
  }

  async copy(): Promise<unknown> {
    // A copy from before the first claim of a life does not say which it is of: it has to be fenced by hand.
    return this.#redis.metas.some(({ born }) => born === undefined)
      ? undefined
      : structuredClone(this.#redis);
  }

  async restore(copy: unknown): Promise<void> {
    this.#redis = structuredClone(copy) as RedisState;
  }

  async empty(): Promise<void> {
    this.#redis = fresh();
  }

  #claim(request: ClaimRequest): Claim | NoClaim {
    const { shard, nowMs, maxBuckets } = request;
    return this.#take(shard, request, () => {
      const { dirty, inflight } = this.#redis;
      const ofShard = (key: string): boolean =>
        shardOf(decodeURIComponent(key.split(":")[1] ?? "")) === shard;
      const abandoned = [...inflight]
        .filter(([key, { takenMs }]) => ofShard(key) && takenMs <= nowMs - ABANDONED_MS)
        .filter(() => this.#without !== "abandoned claims are taken over")
        .toSorted(
          ([left, leftMark], [right, rightMark]) =>
            leftMark.takenMs - rightMark.takenMs || (left < right ? -1 : 1),
        )
        .map(([key]) => key);
      const waiting = [...dirty]
        .filter(([key, minute]) => ofShard(key) && minute <= Math.floor(nowMs / MINUTE_MS))
        .toSorted(([left, first], [right, second]) => first - second || (left < right ? -1 : 1))
        .map(([key]) => key)
        .filter((key) => !abandoned.includes(key));
      const all = [...abandoned, ...waiting];
      return { keys: all.slice(0, maxBuckets), hasMore: all.length >= maxBuckets };
    });
  }

  #claimCustomer(request: CustomerClaimRequest): Claim | NoClaim {
    const { customerId, fromMs, toMs, claimId } = request;
    return this.#take(shardOf(customerId), request, () => {
      const { buckets, dirty, inflight } = this.#redis;
      const keys = [...buckets]
        .filter(([, { customerId: of, hourMs }]) => of === customerId && hourMs >= fromMs && hourMs < toMs)
        .map(([key]) => key)
        .filter((key) => {
          const holder = inflight.get(key);
          return dirty.has(key) || (holder !== undefined && holder.claimId !== claimId);
        })
        .toSorted();
      return { keys, hasMore: false };
    });
  }

  #take(
    shard: number,
    request: Pick<ClaimRequest, "claimId" | "nowMs" | "born" | "ledger">,
    choose: () => { keys: string[]; hasMore: boolean },
  ): Claim | NoClaim {
    const { claimId, nowMs, ledger } = request;
    const meta = this.#redis.metas[shard]!;
    const { fences } = meta;
    if (meta.fence !== undefined && this.#without !== "no claims while a fence is open") {
      return { kind: "fenced", shard, born: meta.born ?? "", fences };
    }
    if (meta.born === undefined) {
      for (const each of this.#redis.metas) {
        each.born ??= request.born;
      }
    }
    const born = meta.born ?? "";
    const isBehind =
      this.#without !== "a Redis behind the ledger gives out no claims" &&
      ledger !== undefined &&
      meta.born === ledger.born &&
      meta.number < ledger.number;
    if (isBehind || (ledger !== undefined && ledger.setBackAtFences === fences)) {
      return { kind: "set_back", shard, born: meta.born ?? "", fences };
    }
    const { keys, hasMore } = choose();
    const taken: Bucket[] = [];
    for (const key of keys) {
      this.#redis.dirty.delete(key);
      const bucket = this.#redis.buckets.get(key)!;
      const isDirty = this.#without === "a claim clears the dirty mark";
      this.#redis.buckets.set(key, { ...bucket, isDirty });
      this.#redis.inflight.set(key, { claimId, takenMs: nowMs });
      taken.push(asClaimed(key, bucket));
    }
    if (taken.length > 0) {
      meta.number += 1;
      meta.recent = [{ number: meta.number, claimId }, ...meta.recent].slice(0, 12);
    }
    const number = taken.length > 0 ? meta.number : 0;
    const entries = keys.length;
    return {
      kind: "taken",
      claimId,
      shard,
      born,
      fences,
      number,
      entries,
      hasMore,
      oldestMs: undefined,
      recent: this.#without === "a claim tells the line it is of" ? [] : meta.recent,
      buckets: taken,
    };
  }

  #acknowledge(claim: Claim, buckets: readonly Bucket[]): void {
    for (const { key } of buckets) {
      const isOwn = this.#redis.inflight.get(key)?.claimId === claim.claimId;
      if (isOwn || this.#without === "a claim is let go of by its own id alone") {
        this.#redis.inflight.delete(key);
      }
    }
  }

  #openFence(incident: string, reason: FenceReason): string | undefined {
    const { metas } = this.#redis;
    const open = metas.find(({ fence }) => fence !== undefined)?.fence;
    if (open !== undefined) {
      return open;
    }
    if (reason !== "by_hand" && !this.#isStill(reason)) {
      return undefined;
    }
    for (const meta of metas) {
      meta.fence = incident;
    }
    return incident;
  }

  #isStill({ kind, shard, born, fences }: Exclude<FenceReason, "by_hand">): boolean {
    if (this.#without === "a second fence needs a new reason") {
      return true;
    }
    const meta = this.#redis.metas[shard]!;
    return kind === "set_back" && meta.born === born && meta.fences === fences;
  }

  #fencePage(pass: FencePass, epoch: string): { cursor: string; begun: number } | undefined {
    if (!this.#isOn(pass)) {
      return undefined;
    }
    let begun = 0;
    for (const [key, bucket] of this.#redis.buckets) {
      if (bucket.fence !== pass.pass && this.#without !== "a fence begins buckets anew") {
        const anew = { epoch, bits: 0n, version: bucket.version + 1n, fence: pass.pass };
        this.#redis.buckets.set(key, { ...bucket, ...anew });
        begun += 1;
      }
    }
    this.#redis.passes.set(pass.pass, pass.steps + 1);
    return { cursor: "0", begun };
  }

  #raise(pass: FencePass, unreached: ReadonlyMap<number, number>): ShardNumber[] | undefined {
    if (!this.#isOn(pass)) {
      return undefined;
    }
    this.#redis.passes.set(pass.pass, pass.steps + 1);
    return this.#redis.metas.map((meta, shard) => {
      if (this.#without !== "a fence raises the numbers") {
        meta.number = Math.max(meta.number, unreached.get(shard) ?? 0);
      }
      meta.recent = [];
      return { born: meta.born ?? "", number: meta.number };
    });
  }

  #closeFence(pass: FencePass): boolean {
    if (!this.#isOn(pass)) {
      return false;
    }
    this.#redis.passes.clear();
    for (const meta of this.#redis.metas) {
      meta.fence = undefined;
      meta.fences += 1;
    }
    return true;
  }

  /** Whether the fence is open, and this copy of Redis the one that the pass is over. */
  #isOn({ incident, pass, steps }: FencePass): boolean {
    const isSame =
      this.#without === "a pass is over one copy" || (this.#redis.passes.get(pass) ?? 0) === steps;
    return this.#redis.metas[0]!.fence === incident && isSame;
  }
}
