import type { Claim, NoClaim } from "../counters/flush-claim.ts";
import { SHARDS } from "../counters/keys.ts";
import type { Bucket } from "../domain/bucket.ts";
import { noteEmptied } from "./emptied.ts";
import { fenceCounters, reasonOf, type FenceReport } from "./fence.ts";
import type { FlushStores, Shards } from "./flush-stores.ts";
import { writePage, type PutOff } from "./write-page.ts";

/** Most buckets of one claim and one transaction. */
const PAGE_BUCKETS = 500;
/** Shards flushed at the same time. */
const PARALLEL_SHARDS = 4;
/** Refused buckets after which a run ends: by then it is not the buckets' fault. */
const MAX_PUT_OFF = 50;
/** Customers whose buckets are written before what follows from it is done for all of them together. */
const SETTLE_CUSTOMERS = 1000;

export interface FlushDeps {
  stores: FlushStores;
  /** Fresh randomness with each call. */
  randomId: () => string;
  maxBuckets: number;
  /**
   * What has to be done for the hours of written buckets before they are let go of, such as checking alerts. Called for the
   * buckets of many claims together, several times a run, also at the same time; may be repeated.
   */
  onWritten?: (buckets: readonly Bucket[], nowMs: number) => Promise<void>;
}

export interface FlushReport {
  claims: number;
  buckets: number;
  rowsChanged: number;
  /** How long the oldest bucket had waited, in ms. */
  lagMs: number;
  putOff: PutOff[];
  /** Shards that found Redis emptied. */
  emptied: number[];
  fence?: FenceReport;
}

/** A run's own facts: the ledger's word on the shards, asked before anything is claimed. */
interface Run {
  deps: FlushDeps;
  nowMs: number;
  ledger: Shards;
  report: FlushReport;
  /** Claims that are written and not let go of yet. */
  written: { claim: Claim; buckets: Bucket[] }[];
  /** The customers of these. */
  customers: Set<string>;
  /** The fence that this run is at: one for all of its shards. */
  fencing?: Promise<FenceReport | undefined>;
}

/** Brings dirty and abandoned buckets into the ledger, about `maxBuckets` of them. May run twice at once. */
export async function flushBuckets(deps: FlushDeps, nowMs: number): Promise<FlushReport> {
  const report: FlushReport = {
    claims: 0,
    buckets: 0,
    rowsChanged: 0,
    lagMs: 0,
    putOff: [],
    emptied: [],
  };
  // Claim nothing that could not be written: this asks the ledger first.
  const ledger = await deps.stores.readShards();
  if (ledger.size < SHARDS) {
    // The first of all flushes: from now on every copy of Redis tells which life it is of.
    await deps.stores.meetShards(await deps.stores.beginShards(deps.randomId()));
  }
  const run: Run = { deps, nowMs, ledger, report, written: [], customers: new Set() };
  const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
  const lanes = Array.from({ length: PARALLEL_SHARDS }, async () => {
    for (let shard = shards.shift(); shard !== undefined; shard = shards.shift()) {
      await flushShard(run, shard);
    }
  });
  // One that fails ends none of the others in the middle of a page.
  const ended = await Promise.allSettled(lanes);
  // Also when a lane has failed: what the others wrote need not wait for the run that takes it over.
  ended.push(...(await Promise.allSettled([settle(run)])));
  const failed = ended.find((lane) => lane.status === "rejected");
  if (failed !== undefined) {
    throw failed.reason;
  }
  return report;
}

/** Each shard has an equal part of the bound, so that none waits for another. */
async function flushShard(run: Run, shard: number): Promise<void> {
  let left = Math.ceil(run.deps.maxBuckets / SHARDS);
  while (left > 0) {
    const claim = await run.deps.stores.claim({
      shard,
      claimId: run.deps.randomId(),
      nowMs: run.nowMs,
      maxBuckets: Math.min(PAGE_BUCKETS, left),
      // Fresh with each call: one that hung must not give its name to another life.
      born: run.deps.randomId(),
      ledger: run.ledger.get(shard),
    });
    if (claim.kind !== "taken") {
      await fence(run, claim);
      return;
    }
    run.report.lagMs = Math.max(run.report.lagMs, run.nowMs - (claim.oldestMs ?? run.nowMs));
    if (!(await flushClaim(run, claim)) || !claim.hasMore) {
      return;
    }
    left -= claim.entries;
  }
}

/** Writes a claim, does what follows from it, and lets go; false when nothing of the shard may be written now. */
async function flushClaim(run: Run, claim: Claim): Promise<boolean> {
  if (claim.buckets.length === 0) {
    return true;
  }
  const { deps, nowMs, report } = run;
  const isTold = report.emptied.includes(claim.shard);
  if (!isTold && (await noteEmptied(deps.stores, claim, run.ledger.get(claim.shard), nowMs))) {
    report.emptied.push(claim.shard);
  }
  const page = await writePage(deps.stores, claim, claim.buckets, nowMs);
  if (page.verdict === "set_back") {
    await fence(run, claim);
    return false;
  }
  if (page.verdict === "fenced") {
    return false;
  }
  report.claims += 1;
  report.buckets += page.written.length;
  report.rowsChanged += page.rowsChanged;
  report.putOff.push(...page.putOff);
  run.written.push({ claim, buckets: page.written });
  for (const { customerId } of page.written) {
    run.customers.add(customerId);
  }
  if (deps.onWritten === undefined || run.customers.size >= SETTLE_CUSTOMERS) {
    await settle(run);
  }
  if (report.putOff.length > MAX_PUT_OFF) {
    throw new Error(`the ledger refuses more than ${MAX_PUT_OFF} buckets: ${report.putOff[0]?.code}`);
  }
  return true;
}

/** Does what follows from what is written, then lets go of it. */
async function settle(run: Run): Promise<void> {
  const written = run.written.splice(0);
  run.customers.clear();
  if (written.length === 0) {
    return;
  }
  await run.deps.onWritten?.(
    written.flatMap(({ buckets }) => buckets),
    run.nowMs,
  );
  await Promise.all(written.map(({ claim, buckets }) => run.deps.stores.acknowledge(claim, buckets)));
}

async function fence(run: Run, found: NoClaim | Claim): Promise<void> {
  const { deps, nowMs, report } = run;
  run.fencing ??= fenceCounters(deps, reasonOf(found), nowMs);
  const fenced = await run.fencing;
  if (fenced !== undefined) {
    report.fence = fenced;
  }
}
