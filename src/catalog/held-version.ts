import { invariant } from "../domain/invariant.ts";
import { getCatalogVersion } from "../ledger/catalog-versions.ts";
import type { Database } from "../ledger/database.ts";
import { holdCatalog, type CatalogMemory, type HeldCatalog } from "./current-catalog.ts";

/** Most catalogs that an isolate keeps beside the current one, for periods that others price. */
const MAX_OTHERS = 4;

/** A published version as the ledger names it. */
export interface VersionName {
  version: number;
  /** After a Postgres set back a number may stand for another catalog. */
  publishedAtMs: number;
}

/** A version that the ledger has named: from memory, where it was read before. */
export async function heldVersion(
  deps: { database: Database; catalogMemory: CatalogMemory },
  name: VersionName,
): Promise<HeldCatalog> {
  const { catalogMemory: memory } = deps;
  const others = [...(memory.held === undefined ? [] : [memory.held]), ...memory.others];
  const known = others.find(
    ({ version, publishedAtMs }) => version === name.version && publishedAtMs === name.publishedAtMs,
  );
  if (known !== undefined) {
    return known;
  }
  const found = await getCatalogVersion(deps.database, name.version);
  invariant(found !== undefined, "versions are never removed");
  const held = holdCatalog(found);
  const kept = memory.others.filter(({ version }) => version !== held.version);
  memory.others = [held, ...kept].slice(0, MAX_OTHERS);
  return held;
}
