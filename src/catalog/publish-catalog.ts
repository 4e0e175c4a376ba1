import { insertCatalog, latestCatalog, plansInUse, publishedMeters } from "../ledger/catalog-versions.ts";
import { announceCatalog } from "../counters/catalog-copy.ts";
import type { Meter } from "../domain/meter.ts";
import { catalogSchema, type Catalog, type CatalogVersion } from "../rating/catalog.ts";
import { repairCatalogCopy, spreadCatalog, type CatalogDeps } from "./current-catalog.ts";

export interface Fault {
  path: string;
  message: string;
}

export type Publication =
  | { outcome: "published"; version: CatalogVersion; isFirst: boolean }
  | { outcome: "invalid"; faults: Fault[] }
  /** Somebody published since the caller looked. */
  | { outcome: "outdated"; version: number };

/**
 * Validates a catalog whole and publishes it as the next version.
 *
 * `expectedVersion` guards against overwriting what the caller has not seen; undefined takes whatever is there. Throws,
 * with nothing published, when Redis is away: the edge would go on calling a new meter unknown.
 */
export async function publishCatalog(
  deps: CatalogDeps,
  document: unknown,
  expectedVersion: number | undefined,
  publishedBy: string,
  nowMs: number,
): Promise<Publication> {
  const parsed = catalogSchema.safeParse(document);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => ({
      path: issue.path.join("."),
      message: issue.message,
    }));
    return { outcome: "invalid", faults };
  }
  // Read before what is checked against it: whoever publishes in between takes the version that this one wants.
  const latest = await latestCatalog(deps.database);
  const previous = latest?.version ?? 0;
  const faults = [
    ...frozenFaults(parsed.data, await publishedMeters(deps.database)),
    ...planFaults(parsed.data, await plansInUse(deps.database)),
  ];
  if (faults.length > 0) {
    return { outcome: "invalid", faults };
  }
  if (expectedVersion !== undefined && expectedVersion !== previous) {
    return { outcome: "outdated", version: previous };
  }
  const version = { version: previous + 1, catalog: parsed.data, publishedAtMs: nowMs };
  await announceCatalog(deps.redis, version);
  if (!(await insertCatalog(deps.database, previous, parsed.data, nowMs, publishedBy))) {
    await repairCatalogCopy(deps);
    return { outcome: "outdated", version: previous + 1 };
  }
  await spreadCatalog(deps, version, nowMs);
  return { outcome: "published", version, isFirst: previous === 0 };
}

/** A published meter keeps what its counters mean, for ever. */
function frozenFaults(catalog: Catalog, published: readonly Meter[]): Fault[] {
  return catalog.meters.flatMap((meter, index) => {
    const before = published.find(({ name }) => name === meter.name);
    if (before === undefined) {
      return [];
    }
    return (["aggregation", "scale", "dimensions"] as const)
      .filter((member) => JSON.stringify(meter[member]) !== JSON.stringify(before[member]))
      .map((member) => ({
        path: `meters.${index}.${member}`,
        message: `was published as ${JSON.stringify(before[member])} and cannot change; use a new meter name`,
      }));
  });
}

function planFaults(catalog: Catalog, inUse: readonly string[]): Fault[] {
  const names = new Set(catalog.plans.map(({ name }) => name));
  return inUse
    .filter((plan) => !names.has(plan))
    .map((plan) => ({ path: "plans", message: `customers are on plan ${plan}: move them before it goes` }));
}
