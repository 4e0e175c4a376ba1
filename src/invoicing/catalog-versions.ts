import { invariant } from "../domain/invariant.ts";
import { getCatalogVersion } from "../ledger/catalog-versions.ts";
import type { Database } from "../ledger/database.ts";
import type { UsageReading } from "../ledger/usage-reading.ts";
import type { CatalogVersion } from "../rating/catalog.ts";
import { plansOf } from "../rating/rate-period.ts";

/** The catalog versions of one run, each read once. */
export class CatalogVersions {
  readonly #database: Database;
  readonly #known = new Map<number, CatalogVersion>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** The version that prices what was read. */
  async of({ catalog, changes }: UsageReading): Promise<CatalogVersion> {
    if (catalog === undefined) {
      const plans = plansOf({ changes }).join(", ");
      throw new Error(
        `no catalog since the period's end has the plans ${plans}: put the customer on another`,
      );
    }
    return this.numbered(catalog.version);
  }

  /** The version of that number. */
  async numbered(version: number): Promise<CatalogVersion> {
    const known = this.#known.get(version) ?? (await getCatalogVersion(this.#database, version));
    invariant(known !== undefined, "versions are never removed");
    this.#known.set(version, known);
    return known;
  }
}
