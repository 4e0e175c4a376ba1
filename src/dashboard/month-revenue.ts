import type { Deps } from "../deps.ts";
import { divideHalfAwayFromZero } from "../domain/decimal.ts";
import { currencyOf, formatMinor } from "../domain/money.ts";
import { periodContaining } from "../domain/period.ts";
import { latestCatalog } from "../ledger/catalog-versions.ts";

/** How long an isolate's sum stands: it prices every customer. */
const REMEMBERED_MS = 60_000;
const TOP = 8;

/** What the periods that began this month come to so far, by the ledger. */
export interface MonthRevenue {
  currency: string;
  soFar: string;
  /** The same by the month's end if it goes on at this pace. */
  projected: string;
  customers: number;
  /** Whether there are more customers than are in it. */
  isPartial: boolean;
  top: { customerId: string; plan: string; amount: string }[];
  asOfMs: number;
}

/** An isolate's memory of the last sum: plain data. */
export interface RevenueMemory {
  known: MonthRevenue | undefined;
}

/** Prices this month's usage of all customers, as a simulation of the catalog in force does; undefined without a catalog. */
export async function readRevenue(
  deps: Deps,
  memory: RevenueMemory,
  nowMs: number,
): Promise<MonthRevenue | undefined> {
  if (memory.known !== undefined && nowMs - memory.known.asOfMs < REMEMBERED_MS) {
    return memory.known;
  }
  const latest = await latestCatalog(deps.database);
  if (latest === undefined) {
    return undefined;
  }
  const { MAX_SIMULATED, simulateCatalog } = await import("../usage/simulate-catalog.ts");
  const month = periodContaining(nowMs);
  const input = {
    catalog: latest.catalog,
    range: { fromMs: month.startMs, toMs: month.endMs },
    planChanges: new Map<string, string>(),
    afterId: "",
    limit: MAX_SIMULATED,
  };
  const simulation = await simulateCatalog(deps.database, input, nowMs);
  if ("faults" in simulation) {
    throw new Error(`this month's usage cannot be priced: ${simulation.faults[0]?.message ?? ""}`);
  }
  const { customers, hasMore } = simulation;
  const currency = currencyOf(latest.catalog.currency);
  const sum = customers.reduce((total, { billedMinor }) => total + billedMinor, 0n);
  const elapsedMs = BigInt(Math.max(1, nowMs - month.startMs));
  const projected = divideHalfAwayFromZero(sum * BigInt(month.endMs - month.startMs), elapsedMs);
  const top = customers
    .filter(({ billedMinor }) => billedMinor > 0n)
    .toSorted((left, right) => (left.billedMinor < right.billedMinor ? 1 : -1))
    .slice(0, TOP);
  memory.known = {
    currency: currency.code,
    soFar: formatMinor(sum, currency),
    projected: formatMinor(projected, currency),
    customers: customers.length,
    isPartial: hasMore,
    top: top.map(({ customerId, plan, billedMinor }) => ({
      customerId,
      plan,
      amount: formatMinor(billedMinor, currency),
    })),
    asOfMs: nowMs,
  };
  return memory.known;
}
