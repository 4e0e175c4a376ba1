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

/** Keeps a copy for the edge unless a newer version is there already. */
export async function putCatalogCopy(redis: RedisClient, version: number, document: string): Promise<void> {
  await redis.run(putCatalogScript, [CATALOG_KEY], [String(version), document]);
}
