import type { FencePass, FenceReason } from "../counters/fence.ts";
import type { Claim, NoClaim } from "../counters/flush-claim.ts";
import type { FlushStores } from "./flush-stores.ts";

/** Most pages of a run, within the subrequests of a Worker: 90 million keys. */
const MAX_PAGES = 9_000;

export interface FenceDeps {
  stores: FlushStores;
  /** Fresh randomness with each call. */
  randomId: () => string;
}

export interface FenceReport {
  incident: string;
  /** Buckets that were begun anew. */
  buckets: number;
}

/** What a claim tells of Redis: one that was taken, that the ledger knows its number for another's. */
export function reasonOf({ kind, shard, born, fences }: Claim | NoClaim): FenceReason {
  return { kind: kind === "taken" ? "set_back" : kind, shard, born, fences };
}

/**
 * Begins all counters anew after Redis was set back: what they held before is never written again, ids stay.
 *
 * Several runs may do it at once, or take it over half done. Undefined when another has closed it since, or when Redis was
 * replaced meanwhile: the next run begins again.
 */
export async function fenceCounters(
  { stores, randomId }: FenceDeps,
  reason: FenceReason,
  nowMs: number,
): Promise<FenceReport | undefined> {
  const incident = await stores.openFence(randomId(), reason);
  if (incident === undefined) {
    return undefined;
  }
  const kind = reason === "by_hand" ? "fenced_by_hand" : "set_back";
  const shard = reason === "by_hand" ? 0 : reason.shard;
  await stores.noteLoss({ lossId: incident, kind, shard, noticedMs: nowMs });
  const report: FenceReport = { incident, buckets: 0 };
  const pass: FencePass = { incident, pass: randomId(), steps: 0 };
  let cursor = "0";
  do {
    if (pass.steps >= MAX_PAGES) {
      throw new Error(
        "Redis has more keys than a fence can look at: empty it, what is flushed is in the ledger",
      );
    }
    const page = await stores.fencePage(pass, cursor, randomId());
    if (page === undefined) {
      return undefined;
    }
    pass.steps += 1;
    report.buckets += page.begun;
    cursor = page.cursor;
  } while (cursor !== "0");
  const raised = await stores.raiseNumbers(pass, await stores.readUnreached());
  if (raised === undefined) {
    return undefined;
  }
  pass.steps += 1;
  // Before claims go on: none from before the fence is written after it.
  await stores.fenceShards(raised);
  if (await stores.closeFence(pass)) {
    await stores.noteFenced(incident, nowMs);
  }
  return report;
}
