import { CATALOG_KEY } from "./keys.ts";
import putCatalogSource from "./put-catalog.lua";
import type { RedisClient } from "./redis.ts";
import { Script } from "./script.ts";

const putCatalogScript = new Script(putCatalogSource);

/** Reads the edge's copy of the catalog; undefined when Redis has none. */
export async function readCatalogCopy(redis: RedisClient): Promise<string | undefined> {
  const [document] = await redis.hmget(CATALOG_KEY, ["document"]);
  return document ?? undefined;
}

/** Version of the edge's copy; empty when Redis has none. */
export async function readCatalogVersion(redis: RedisClient): Promise<string> {
  const [version] = await redis.hmget(CATALOG_KEY, ["version"]);
  return version ?? "";
}

/** Puts another copy in place of the one of version `from`; false when that one is there no more. */
export async function replaceCatalogCopy(
  redis: RedisClient,
  from: string,
  version: number,
  document: string,
): Promise<boolean> {
  return (await redis.run(putCatalogScript, [CATALOG_KEY], [String(version), document, from])) === 1;
}

/** Keeps a copy for the edge unless a newer version is there already. */
export async function putCatalogCopy(redis: RedisClient, version: number, document: string): Promise<void> {
  await redis.run(putCatalogScript, [CATALOG_KEY], [String(version), document]);
}
