import type { Meter } from "../domain/meter.ts";
import { publishedMeters } from "../ledger/catalog-versions.ts";
import { customerInCurrency, ownPricedMeters, plansInUse, plansToBill } from "../ledger/catalog-use.ts";
import type { Database } from "../ledger/database.ts";
import type { Effective } from "../rating/catalog-version.ts";
import type { Catalog } from "../rating/catalog.ts";
import { listIn, MAX_FAULTS, namesIn, readCatalog, type CatalogReading, type Fault } from "./read-catalog.ts";

const FROZEN = ["aggregation", "scale", "dimensions"] as const;
/** What the schema gives a meter that does not say. */
const DEFAULTS: Record<string, unknown> = { scale: 0, dimensions: [] };

/**
 * Reads a document and tells all that keeps it from being published: by itself, after what was published, and by what is in use.
 *
 * A part that cannot be read keeps nothing else from being told.
 */
export async function examineCatalog(
  database: Database,
  document: unknown,
  latest: Catalog | undefined,
  effective: Effective,
): Promise<CatalogReading> {
  const reading = readCatalog(document);
  const published = await publishedMeters(database);
  const [plans, toBill, priced, holder] = await Promise.all([
    plansInUse(database),
    // Running periods are not priced by a catalog for the next ones.
    effective === "now" ? plansToBill(database) : [],
    ownPricedMeters(database, absentMeters(document, published)),
    changesCurrency(document, latest) ? customerInCurrency(database) : undefined,
  ]);
  const faults = [
    ...reading.faults,
    ...frozenFaults(document, reading.faults, published),
    ...planFaults(document, plans, (plan) => `customers are on plan ${plan}: move them before it goes`),
    ...planFaults(
      document,
      toBill.filter((plan) => !plans.includes(plan)),
      (plan) =>
        `customers were on plan ${plan} in a period that is still to be billed: drop it with effective: nextPeriod`,
    ),
    ...priced.map((name) => ({
      path: "meters",
      message: `customers have own prices for ${name}: remove them before it goes`,
    })),
    ...(holder === undefined ? [] : [currencyFault(holder, latest)]),
  ];
  return { catalog: faults.length === 0 ? reading.catalog : undefined, faults };
}

/** Reads a candidate and tells all that keeps real usage from being priced by it; nothing of it is published. */
export async function examineCandidate(database: Database, document: unknown): Promise<CatalogReading> {
  const reading = readCatalog(document);
  const faults = [
    ...reading.faults,
    ...frozenFaults(document, reading.faults, await publishedMeters(database)),
  ];
  return { catalog: faults.length === 0 ? reading.catalog : undefined, faults };
}

/** A published meter keeps what its counters mean, for ever. */
function frozenFaults(document: unknown, told: readonly Fault[], published: readonly Meter[]): Fault[] {
  const isTold = (path: string): boolean =>
    told.some((fault) => fault.path === path || fault.path.startsWith(`${path}.`));
  const meters = listIn(document, "meters")?.slice(0, MAX_FAULTS) ?? [];
  return meters.flatMap((meter, index) => {
    const before = published.find(({ name }) => name === meter["name"]);
    return FROZEN.flatMap((member) => {
      const path = `meters.${index}.${member}`;
      const value = meter[member] ?? DEFAULTS[member];
      return before === undefined || isTold(path) || JSON.stringify(value) === JSON.stringify(before[member])
        ? []
        : [{ path, message: frozenMessage(before[member]) }];
    });
  });
}

function frozenMessage(before: unknown): string {
  return `was published as ${JSON.stringify(before)} and cannot change; use a new meter name`;
}

function planFaults(
  document: unknown,
  inUse: readonly string[],
  messageOf: (plan: string) => string,
): Fault[] {
  const names = namesIn(document, "plans");
  return names === undefined
    ? []
    : inUse.filter((plan) => !names.has(plan)).map((plan) => ({ path: "plans", message: messageOf(plan) }));
}

/** Published meters that the document does not have; none as long as that cannot be told. */
function absentMeters(document: unknown, published: readonly Meter[]): string[] {
  const names = namesIn(document, "meters");
  return names === undefined ? [] : published.map(({ name }) => name).filter((name) => !names.has(name));
}

function changesCurrency(document: unknown, latest: Catalog | undefined): boolean {
  const currency = (document as { currency?: unknown } | null)?.currency;
  return latest !== undefined && typeof currency === "string" && currency !== latest.currency;
}

function currencyFault(customerId: string, latest: Catalog | undefined): Fault {
  return {
    path: "currency",
    message: `customers have budgets or own prices in ${latest?.currency}, for one ${customerId}: remove them before the currency changes`,
  };
}
