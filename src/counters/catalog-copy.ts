import { CATALOG_KEY } from "./keys.ts";
import putCatalogSource from "./put-catalog.lua";
import type { RedisClient } from "./redis.ts";
import { Script } from "./script.ts";

const putCatalogScript = new Script(putCatalogSource);

/** A catalog version as the edge keeps it. */
export interface CatalogCopy {
  version: number;
  publishedAtMs: number;
  /** The version as JSON. */
  document: string;
}

/** Reads the edge's copy of the catalog; undefined when Redis has none. */
export async function readCatalogCopy(redis: RedisClient): Promise<string | undefined> {
  const [document] = await redis.hmget(CATALOG_KEY, ["document"]);
  return document ?? undefined;
}

/** What the edge's copy is of: version and time of publication as text, empty where Redis has none, and whether it is whole. */
export async function readCatalogState(
  redis: RedisClient,
): Promise<{ version: string; publishedMs: string; isWhole: boolean }> {
  const [version, publishedMs, document] = await redis.hmget(CATALOG_KEY, [
    "version",
    "published",
    "document",
  ]);
  return {
    version: version ?? "",
    publishedMs: publishedMs ?? "",
    isWhole: typeof document === "string",
  };
}

/** Puts another copy in place of the one of version `from`; false when that one is there no more. */
export async function replaceCatalogCopy(
  redis: RedisClient,
  from: string,
  copy: CatalogCopy,
): Promise<boolean> {
  return (await redis.run(putCatalogScript, [CATALOG_KEY], [...words(copy), from])) === 1;
}

/** Keeps a copy for the edge unless a newer version is there already. */
export async function putCatalogCopy(redis: RedisClient, copy: CatalogCopy): Promise<void> {
  await redis.run(putCatalogScript, [CATALOG_KEY], words(copy));
}

/**
 * Sends the edge to the ledger until the copy of this version, or a later one, is put.
 *
 * Comes before the version is published: whatever fails then, nothing of it is called unknown.
 */
export async function announceCatalog(
  redis: RedisClient,
  version: Omit<CatalogCopy, "document">,
): Promise<void> {
  await putCatalogCopy(redis, { ...version, document: "" });
}

function words({ version, publishedAtMs, document }: CatalogCopy): string[] {
  return [String(version), String(publishedAtMs), document];
}
