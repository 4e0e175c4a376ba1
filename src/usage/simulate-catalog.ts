import type { Fault } from "../catalog/read-catalog.ts";
import type { Period } from "../domain/period.ts";
import { catalogInForce } from "../ledger/catalog-versions.ts";
import type { Database } from "../ledger/database.ts";
import { readPeriodUsage, type BilledUsage } from "../ledger/period-usage.ts";
import { planOf, type Catalog } from "../rating/catalog.ts";
import { cliffsOfPlan, isAboveCliff, type Cliff } from "../rating/cliffs.ts";
import {
  plansOf,
  pricedParts,
  ratePeriod,
  type PeriodUsage,
  type PricedPart,
} from "../rating/rate-period.ts";
import { rateParts, type Rating } from "../rating/rate.ts";

/** Customers read by one statement. */
const PAGE = 2000;
/** Most customers of one simulation; the next goes on after them. */
export const MAX_SIMULATED = 10_000;

export interface SimulationInput {
  catalog: Catalog;
  /** The periods that start in `[fromMs, toMs)`. */
  range: { fromMs: number; toMs: number };
  /** Customers on a plan of the catalog in force are priced by another of the candidate. */
  planChanges: ReadonlyMap<string, string>;
  afterId: string;
  limit: number;
}

/** What one customer was billed, or would be by the catalog in force, and what by the candidate; in minor units. */
export interface SimulatedCustomer {
  customerId: string;
  period: Period;
  plan: string;
  simulatedPlan: string;
  isInvoiced: boolean;
  billedMinor: bigint;
  simulatedMinor: bigint;
  /** Cliffs of the candidate that the customer's usage stands before: more usage would cost it less. */
  cliffs: Cliff[];
}

export interface Simulation {
  customers: SimulatedCustomer[];
  /** Whether there are more customers after the last one. */
  hasMore: boolean;
}

/**
 * Prices what customers used by another catalog, beside what they were billed.
 *
 * Nothing is written. Answers faults when customers are on plans that the candidate does not have and `planChanges` gives no
 * other for, when it gives one that the candidate does not have or takes
 * one that no catalog of the period has, and when customers were billed in another currency.
 */
export async function simulateCatalog(
  database: Database,
  input: SimulationInput,
  nowMs: number,
): Promise<Simulation | { faults: Fault[] }> {
  const unknown = unknownTargets(input);
  if (unknown.length > 0) {
    return { faults: unknown };
  }
  const versions = new VersionsInForce(database, nowMs);
  const customers: SimulatedCustomer[] = [];
  const missing: Missing = { plans: new Set(), currencies: new Set(), together: new Set() };
  let afterId = input.afterId;
  for (;;) {
    const wanted = Math.min(PAGE, input.limit + 1 - customers.length);
    const page = await readPeriodUsage(database, input.range, afterId, wanted);
    for (const usage of page) {
      const inForce = await versions.of(usage);
      const simulated = inForce && simulateOne(input, usage, inForce, missing);
      if (inForce === undefined) {
        missing.together.add(plansOf(usage).join(", "));
      } else if (simulated !== undefined) {
        customers.push(simulated);
      }
    }
    const last = page.at(-1);
    if (missing.plans.size + missing.currencies.size + missing.together.size > 0) {
      return { faults: faultsOf(missing) };
    }
    if (last === undefined || page.length < wanted || customers.length > input.limit) {
      break;
    }
    afterId = last.customerId;
  }
  const misspelt = [...input.planChanges.keys()].filter(
    (from) => customers.length > 0 && !versions.hasPlan(from),
  );
  if (misspelt.length > 0) {
    return { faults: misspelt.map(unknownSource) };
  }
  const end = endOfCustomer(customers, input.limit);
  return { customers: customers.slice(0, end), hasMore: customers.length > end };
}

/** A customer whose billing day has changed can have two periods that start in a month: the next page goes on after both. */
function endOfCustomer(customers: readonly SimulatedCustomer[], limit: number): number {
  let end = limit;
  while (end < customers.length && customers[end]?.customerId === customers[end - 1]?.customerId) {
    end += 1;
  }
  return end;
}

/** What the candidate would need to have to price all usage. */
interface Missing {
  plans: Set<string>;
  currencies: Set<string>;
  /** Plans of one customer's period that no published version has together. */
  together: Set<string>;
}

function faultsOf({ plans, currencies, together }: Missing): Fault[] {
  return [
    ...[...together].toSorted().map((names) => ({
      path: "period",
      message: `no published version has all plans of a customer's period, ${names}: publish one that has`,
    })),
    ...[...currencies].toSorted().map((currency) => ({
      path: "catalog.currency",
      message: `customers were billed in ${currency} for this period: amounts of two currencies have no difference`,
    })),
    ...[...plans].toSorted().map((plan) => ({
      path: "planChanges",
      message: `customers are on plan ${plan}, which the catalog does not have: say to which of its plans they move`,
    })),
  ];
}

function unknownSource(from: string): Fault {
  return { path: `planChanges.${from}`, message: `the catalog of the period has no plan named ${from}` };
}

function unknownTargets({ catalog, planChanges }: SimulationInput): Fault[] {
  return [...planChanges].flatMap(([from, to]) =>
    planOf(catalog, to) === undefined
      ? [{ path: `planChanges.${from}`, message: `the catalog has no plan named ${to}` }]
      : [],
  );
}

/** Prices one customer's period both ways; undefined when something is missing, which is added to `missing`. */
function simulateOne(
  { catalog, planChanges }: SimulationInput,
  usage: BilledUsage,
  inForce: Catalog,
  missing: Missing,
): SimulatedCustomer | undefined {
  const changes = usage.changes.map((change) => {
    const current = change.planName ?? inForce.defaultPlan;
    const planName = planChanges.get(current) ?? change.planName;
    if (planName !== null && planOf(catalog, planName) === undefined) {
      missing.plans.add(planName);
    }
    return { ...change, planName };
  });
  const moved: PeriodUsage = { ...usage, changes };
  const billedIn = usage.billedCurrency ?? inForce.currency;
  if (billedIn !== catalog.currency) {
    missing.currencies.add(billedIn);
    return undefined;
  }
  const before = ratePeriod(inForce, usage);
  const parts = pricedParts(catalog, moved);
  if (parts === undefined || before === undefined) {
    return undefined;
  }
  const after = rateParts(catalog, parts);
  return {
    customerId: usage.customerId,
    period: usage.period,
    plan: usage.changes.at(-1)?.planName ?? inForce.defaultPlan,
    simulatedPlan: parts.at(-1)?.plan.name ?? catalog.defaultPlan,
    isInvoiced: usage.billedMinor !== null,
    billedMinor: usage.billedMinor ?? before.totalMinor,
    simulatedMinor: after.totalMinor,
    cliffs: cliffsAbove(catalog, parts, after),
  };
}

function cliffsAbove(catalog: Catalog, parts: readonly PricedPart[], rating: Rating): Cliff[] {
  return parts.flatMap((part) =>
    cliffsOfPlan(catalog, part.plan).filter((cliff) => {
      const line = rating.lines.find(({ ref }) => ref === `metric:${cliff.metricName}${part.refSuffix}`);
      return line !== undefined && isAboveCliff(cliff, line.quantity, line.amountMinor);
    }),
  );
}

/** The catalogs that price the periods of one simulation, each read once. */
class VersionsInForce {
  readonly #database: Database;
  readonly #nowMs: number;
  readonly #known = new Map<string, Catalog>();

  constructor(database: Database, nowMs: number) {
    this.#database = database;
    this.#nowMs = nowMs;
  }

  /** Undefined when no version has all plans of the period. */
  /** Whether a plan is in any catalog that was read. */
  hasPlan(name: string): boolean {
    return [...this.#known.values()].some(
      (catalog) => catalog !== undefined && planOf(catalog, name) !== undefined,
    );
  }

  async of({ period, changes }: PeriodUsage): Promise<Catalog | undefined> {
    const plans = [...new Set(plansOf({ changes }))].map((plan) => plan ?? undefined);
    const key = JSON.stringify([period, plans]);
    const known = this.#known.get(key);
    if (known !== undefined) {
      return known;
    }
    const found = await catalogInForce(this.#database, period, this.#nowMs, plans);
    if (found !== undefined) {
      this.#known.set(key, found.catalog);
    }
    return found?.catalog;
  }
}
