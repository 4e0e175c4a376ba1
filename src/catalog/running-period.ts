import type { CustomerSettings } from "../domain/customer.ts";
import { periodContaining } from "../domain/period.ts";
import { hourStart } from "../domain/window.ts";
import { catalogInForce } from "../ledger/catalog-versions.ts";
import type { Database } from "../ledger/database.ts";
import { readUsage, type UsageReading } from "../ledger/usage-reading.ts";
import type { PublishedVersion } from "../rating/catalog-version.ts";
import type { Fault } from "./read-catalog.ts";

/**
 * Tells what of a customer's settings the running period cannot be priced by, or only by prices that are for the next one.
 *
 * The settings are right by the latest version, which may not be the one that prices the period.
 */
export async function runningPeriodFaults(
  database: Database,
  customerId: string,
  settings: CustomerSettings,
  latest: PublishedVersion,
  nowMs: number,
): Promise<Fault[]> {
  const { plan, prices, budget } = settings;
  if (plan === undefined && prices === undefined && budget === undefined) {
    return [];
  }
  const running = await readUsage(database, customerId, currentPeriod(nowMs), []);
  // A change of this hour is replaced by this one.
  const before = running.changes.filter(({ fromMs }) => fromMs < hourStart(nowMs));
  const plans = [...new Set([...before.map(({ planName }) => planName ?? undefined), plan])];
  const priced = await catalogInForce(database, running.period, nowMs, plans);
  if (priced === undefined) {
    if (running.catalog === undefined) {
      // It was so before: this changes nothing about it.
      return [];
    }
    const names = plans.filter((name) => name !== undefined).join(", ");
    const message = `no version of the catalog has all plans of the running period, ${names}: publish one that has, or wait for the next period`;
    return [{ path: "plan", message }];
  }
  const faults: Fault[] = [];
  if (plan !== undefined && before.length > 0 && isOfNextPeriod(priced, running)) {
    const message = `${plan} is for the next period: what was used in this one would have its prices, too; publish it with effective: now, or wait`;
    faults.push({ path: "plan", message });
  }
  if (priced.catalog.currency !== latest.catalog.currency) {
    const message = `the running period is in ${priced.catalog.currency}, the catalog for the next in ${latest.catalog.currency}: wait for it`;
    const given = [...(prices === undefined ? [] : ["prices"]), ...(budget === undefined ? [] : ["budget"])];
    faults.push(...given.map((path) => ({ path, message })));
  }
  return faults;
}

/** Whether a version prices the period only because of the plan that is asked for. */
function isOfNextPeriod(priced: PublishedVersion, { period, catalog }: UsageReading): boolean {
  return (
    priced.version !== catalog?.version &&
    priced.effective === "nextPeriod" &&
    priced.publishedAtMs > period.startMs
  );
}

function currentPeriod(nowMs: number): Parameters<typeof readUsage>[2] {
  return { startFromMs: 0, startToMs: nowMs, endAfterMs: nowMs, otherwise: periodContaining(nowMs), nowMs };
}
