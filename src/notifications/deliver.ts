import type { DueMark } from "../counters/due.ts";
import { RedisError } from "../counters/redis.ts";
import { MINUTE_MS } from "../domain/window.ts";
import { LedgerError } from "../ledger/database.ts";
import type { ClaimedDelivery, ReleasedDelivery } from "../ledger/deliveries.ts";
import type { DeliveryStores } from "./delivery-stores.ts";
import { linesOf, type DeliveryLine } from "./delivery-line.ts";
import { workOff } from "./lanes.ts";
import { judge, type Verdict } from "./judge.ts";
import { GIVE_UP_AFTER_MS, heldUntilMs } from "./retry-schedule.ts";
import { tryDelivery, type TriedDelivery, type TryDeps } from "./try-delivery.ts";

/** Notifications addressed by one statement, and most such statements of a run. */
const ADDRESSED_PAGE = 500;
const MAX_ADDRESSED_PAGES = 20;
/** Most deliveries that a run takes, in all and for one target. */
const MAX_CLAIMED = 1000;
const MAX_PER_TARGET = 300;
/** What a run has taken and not settled for this long, another may take: it is dead. */
export const LEASE_MS = 5 * MINUTE_MS;
/** No attempt is begun later than this after the claim, so that it ends within the lease. */
const BEGIN_WITHIN_MS = 4 * MINUTE_MS;
/** Connections that a Worker may wait for at once are six. */
const LANES = { quick: 4, slow: 2 };

export interface DeliverDeps extends TryDeps {
  stores: DeliveryStores;
  /** Fresh randomness with each call. */
  randomId: () => string;
  /** In [0, 1), fresh with each call. */
  random: () => number;
}

export interface DeliveryReport {
  /** Notifications whose deliveries were made. */
  addressed: number;
  attempts: number;
  delivered: number;
  /** Tried again later. */
  failed: number;
  /** Not tried again. */
  givenUp: number;
  /** Taken and not tried: their target did not answer a moment before, or time was short. */
  released: number;
}

/** A run's own facts. */
interface Run {
  deps: DeliverDeps;
  nowMs: number;
  claimId: string;
  /** By the clock, when everything was claimed. */
  claimedMs: number;
  report: DeliveryReport;
  /** The ledger's refusals to keep what came of an attempt. */
  refusals: LedgerError[];
}

/**
 * Makes the deliveries of new notifications and tries those that are due. May run twice at once.
 *
 * Each is delivered at least once, under one id: a run that dies after a receiver has taken something, and before that is
 * kept, lets it be sent again.
 */
export async function deliverDue(deps: DeliverDeps, nowMs: number): Promise<DeliveryReport> {
  const { stores, randomId } = deps;
  const report = { addressed: 0, attempts: 0, delivered: 0, failed: 0, givenUp: 0, released: 0 };
  // Before Postgres is looked into: what is announced from now on is seen by the next tick, if not by this one.
  const found = await unlessAway(stores.readDue());
  const dueMs = await stores.nextDue();
  if (dueMs > nowMs) {
    await keepDue(deps, found, dueMs);
    return report;
  }
  await addressAll(deps, nowMs, report);
  const claimedMs = deps.now();
  const run: Run = { deps, nowMs, claimId: randomId(), claimedMs, report, refusals: [] };
  const claimed = await stores.claim({
    claimId: run.claimId,
    nowMs,
    // Triggers may come late: the lease is over by whichever clock is later.
    leaseEndMs: Math.max(nowMs, claimedMs) + LEASE_MS,
    limit: MAX_CLAIMED,
    perTarget: MAX_PER_TARGET,
    beginAfter: `whe_${randomId()}`,
  });
  const lines = linesOf(claimed);
  await workOff(lines, LANES, (line) => step(run, line));
  await releaseRest(run, lines);
  await keepDue(deps, found, await stores.nextDue());
  if (run.refusals.length > 0) {
    throw new AggregateError(run.refusals, "the ledger did not keep what came of some attempts");
  }
  return report;
}

/** A Redis that is away only does not know when something is due: the hourly run delivers without it. */
async function unlessAway<Value>(call: Promise<Value>): Promise<Value | undefined> {
  return call.catch((error: unknown) => {
    if (error instanceof RedisError) {
      return undefined;
    }
    throw error;
  });
}

async function keepDue(
  { stores, randomId }: DeliverDeps,
  found: DueMark | undefined,
  dueMs: number,
): Promise<void> {
  if (found !== undefined) {
    await unlessAway(stores.putDue(found, dueMs, randomId()));
  }
}

async function addressAll(deps: DeliverDeps, nowMs: number, report: DeliveryReport): Promise<void> {
  const terms = { nowMs, giveUpMs: nowMs + GIVE_UP_AFTER_MS, hasEmail: deps.email !== undefined };
  for (let pages = 0; pages < MAX_ADDRESSED_PAGES; pages += 1) {
    const addressed = await deps.stores.address(terms, ADDRESSED_PAGE);
    report.addressed += addressed;
    if (addressed < ADDRESSED_PAGE) {
      return;
    }
  }
}

/** Tries the next delivery of a line; answers whether another may follow. */
async function step(run: Run, line: DeliveryLine): Promise<boolean> {
  const { deps, nowMs, claimedMs } = run;
  if (line.heldBy !== undefined || deps.now() - claimedMs > BEGIN_WITHIN_MS) {
    return false;
  }
  const delivery = line.waiting.shift();
  if (delivery === undefined) {
    return false;
  }
  const tried = await tryDelivery(deps, delivery);
  const verdict = judge(tried, delivery, nowMs, deps.random());
  try {
    await keep(run, delivery, tried, verdict, line);
  } catch (error) {
    if (!(error instanceof LedgerError)) {
      throw error;
    }
    // It comes again when its lease is over. What else goes to this target may be refused, too; the others go on.
    run.refusals.push(error);
    line.heldBy ??= { failure: "abandoned", retryAfterMs: undefined };
    return false;
  }
  line.isSlow = verdict.isSlow;
  line.heldBy ??= verdict.holds;
  return line.waiting.length > 0;
}

async function keep(
  run: Run,
  delivery: ClaimedDelivery,
  tried: TriedDelivery,
  verdict: Verdict,
  line: DeliveryLine,
): Promise<void> {
  const { deps, nowMs, claimId, report } = run;
  await deps.stores.settle(
    {
      notificationId: delivery.notificationId,
      target: delivery.target,
      claimId,
      attempt: tried.attempt,
      failure: tried.failure ?? null,
      settlement: verdict.settlement,
      isSlow: verdict.isSlow === line.isSlow ? undefined : verdict.isSlow,
    },
    nowMs,
  );
  report.attempts += tried.attempt === null ? 0 : 1;
  report[REPORTED[verdict.settlement.state]] += 1;
}

const REPORTED = { delivered: "delivered", pending: "failed", failed: "givenUp" } as const;

/** What was taken and not tried comes again as if it had not been taken. */
async function releaseRest(
  { deps, nowMs, claimId, report }: Run,
  lines: readonly DeliveryLine[],
): Promise<void> {
  const released: ReleasedDelivery[] = lines.flatMap(({ waiting, heldBy }) =>
    waiting.map(({ notificationId, target, attempts }) => ({
      notificationId,
      target,
      dueMs: heldBy === undefined ? nowMs : heldUntilMs(nowMs, attempts, deps.random(), heldBy.retryAfterMs),
      failure: heldBy?.failure ?? "late",
    })),
  );
  if (released.length > 0) {
    await deps.stores.release(claimId, released, nowMs);
    report.released = released.length;
  }
}
