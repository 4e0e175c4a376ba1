import { announceCatalog } from "../counters/catalog-copy.ts";
import { periodContaining } from "../domain/period.ts";
import { catalogInForce, insertCatalog, latestCatalog } from "../ledger/catalog-versions.ts";
import { diffCatalogs, isSameCatalog, type CatalogDiff } from "../rating/catalog-diff.ts";
import type { Catalog } from "../rating/catalog.ts";
import {
  publicationTermsSchema,
  type Effective,
  type PublicationTerms,
  type PublishedVersion,
} from "../rating/catalog-version.ts";
import { examineCatalog } from "./catalog-faults.ts";
import { repairCatalogCopy, spreadCatalog, type CatalogDeps } from "./current-catalog.ts";
import { faultOf, MAX_FAULTS, type Fault } from "./read-catalog.ts";

/** What the first version is compared with. */
const NOTHING = { meters: [], plans: [] };

export type Publication =
  | { outcome: "published"; version: PublishedVersion; isFirst: boolean; diff: CatalogDiff }
  /** The latest version says the same, from the same time on: it stays the latest. */
  | { outcome: "unchanged"; version: PublishedVersion }
  | { outcome: "invalid"; faults: Fault[] }
  /** Somebody published since the caller looked. */
  | { outcome: "outdated"; version: number };

/**
 * Validates a catalog whole and publishes it as the next version, under terms that are validated with it.
 *
 * `expectedVersion` guards against overwriting what the caller has not seen; undefined takes whatever is there. May be
 * repeated: what is published already is not published again. Throws, with nothing published, when Redis is away: the edge
 * would go on calling a new meter unknown.
 */
export async function publishCatalog(
  deps: CatalogDeps,
  document: unknown,
  expectedVersion: number | undefined,
  publishedBy: string,
  nowMs: number,
  terms: unknown = {},
): Promise<Publication> {
  // Read before what is checked against it: whoever publishes in between takes the version that this one wants.
  const latest = await latestCatalog(deps.database);
  const asked = publicationTermsSchema.safeParse(terms);
  const { catalog, faults } = await examineCatalog(
    deps.database,
    document,
    latest?.catalog,
    asked.data?.effective ?? "now",
  );
  if (catalog === undefined || !asked.success) {
    const all = [...(asked.error?.issues.map(faultOf) ?? []), ...faults];
    return { outcome: "invalid", faults: all.slice(0, MAX_FAULTS) };
  }
  const previous = latest?.version ?? 0;
  if (expectedVersion !== undefined && expectedVersion !== previous) {
    return { outcome: "outdated", version: previous };
  }
  const { effective, reason } = asked.data;
  if (latest?.effective === effective && isSameCatalog(latest.catalog, catalog)) {
    // The one who published it may have failed to tell the edge.
    await spreadCatalog(deps, latest, nowMs);
    return { outcome: "unchanged", version: latest };
  }
  return insertVersion(deps, latest, catalog, { publishedBy, reason, effective }, nowMs);
}

/** Makes a catalog the next version, unless another one has become that meanwhile. */
async function insertVersion(
  deps: CatalogDeps,
  latest: PublishedVersion | undefined,
  catalog: Catalog,
  terms: PublicationTerms,
  nowMs: number,
): Promise<Publication> {
  const previous = latest?.version ?? 0;
  const version = { version: previous + 1, catalog, publishedAtMs: nowMs, ...terms };
  // Read before it is published: then it is in force itself.
  const before = await replacedCatalog(deps, latest, terms.effective, nowMs);
  await announceCatalog(deps.redis, version);
  if (!(await insertCatalog(deps.database, previous, catalog, nowMs, terms.publishedBy, terms))) {
    await repairCatalogCopy(deps);
    return { outcome: "outdated", version: previous + 1 };
  }
  await spreadCatalog(deps, version, nowMs);
  return {
    outcome: "published",
    version,
    isFirst: previous === 0,
    diff: diffCatalogs(before ?? NOTHING, catalog),
  };
}

/**
 * What a publication takes the place of: the latest version, or, where that is for the next period and this one prices
 * the running one, what prices that until now. So a price that comes into force early is told as a change.
 */
async function replacedCatalog(
  deps: CatalogDeps,
  latest: PublishedVersion | undefined,
  effective: Effective,
  nowMs: number,
): Promise<Catalog | undefined> {
  if (latest?.effective !== "nextPeriod" || effective !== "now") {
    return latest?.catalog;
  }
  const running = await catalogInForce(deps.database, periodContaining(nowMs), nowMs, []);
  return (running ?? latest).catalog;
}
