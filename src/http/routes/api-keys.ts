import { Hono } from "hono";
import * as z from "zod";
import { freshKey } from "../../access/api-key.ts";
import { dropKeyCopy } from "../../counters/key-copy.ts";
import { RedisError } from "../../counters/redis.ts";
import type { Deps } from "../../deps.ts";
import { SCOPES } from "../../domain/access.ts";
import { timestampMs, timestampSchema } from "../../domain/event.ts";
import { storableText } from "../../domain/text.ts";
import { isoTime } from "../../domain/window.ts";
import {
  insertApiKey,
  listApiKeys,
  MAX_API_KEYS,
  revokeApiKey,
  type ListedApiKey,
} from "../../ledger/api-keys.ts";
import { callerName, requireScope } from "../auth.ts";
import { checked, readJson } from "../body.ts";
import { page, pageQuerySchema, readPage, type Position } from "../pagination.ts";
import { ApiProblem } from "../problem.ts";
import { readQuery } from "../query.ts";

const INVALID = "the key is not valid; none was made";
const ID = /^key_[0-9a-f-]{36}$/;

/** What is later has no ISO 8601 of four digits for its year. */
const LAST_EXPIRY_MS = Date.UTC(9999, 11, 31);

/** A key as it is made. */
export const apiKeySchema = z.strictObject({
  name: storableText(100),
  scope: z.enum(SCOPES),
  expiresAt: timestampSchema
    .transform(timestampMs)
    .refine((timeMs) => timeMs <= LAST_EXPIRY_MS, "must be before the year 10000")
    .nullish(),
});

/** `/v1/api-keys`: keys beside those that are Worker secrets. A key's text is shown once, when it is made. */
export function apiKeyRoutes(deps: Deps): Hono {
  const routes = new Hono();

  routes.post("/v1/api-keys", requireScope(deps.keys, "admin"), async (context) => {
    const { name, scope, expiresAt } = checked(apiKeySchema, await readJson(context), INVALID);
    const nowMs = deps.now();
    if (typeof expiresAt === "number" && expiresAt <= nowMs) {
      throw new ApiProblem("invalid_content", INVALID, {
        errors: [{ path: "expiresAt", message: "must lie ahead" }],
      });
    }
    const { text, sha256, prefix } = freshKey(scope, deps.randomBytes);
    const made = await insertApiKey(
      deps.database,
      {
        keyId: `key_${deps.randomId()}`,
        sha256,
        prefix,
        scope,
        name,
        createdBy: callerName(context),
        expiresMs: expiresAt ?? null,
      },
      nowMs,
    );
    if (made === undefined) {
      throw new ApiProblem("too_many_keys", `at most ${MAX_API_KEYS} that are not revoked; revoke one first`);
    }
    context.header("cache-control", "no-store");
    return context.json({ ...keyDocument(made), key: text }, 201);
  });

  routes.get("/v1/api-keys", requireScope(deps.keys, "admin"), async (context) => {
    const { limit, after } = readPage(readQuery(context.req.url, pageQuerySchema).parameters);
    const keys = await listApiKeys(deps.database, limit + 1, after);
    context.header("cache-control", "no-store");
    return context.json(page(keys, limit, position, keyDocument));
  });

  routes.delete("/v1/api-keys/:id", requireScope(deps.keys, "admin"), async (context) => {
    const id = context.req.param("id");
    const sha256 = ID.test(id) ? await revokeApiKey(deps.database, id, deps.now()) : undefined;
    if (sha256 === undefined) {
      throw new ApiProblem("not_found", "there is no key of that id");
    }
    await forgetKey(deps, sha256);
    return context.body(null, 204);
  });

  return routes;
}

/** Sooner than by time alone, which needs no Redis: see `access/README.md`. */
async function forgetKey({ redis, keyMemory }: Deps, sha256: string): Promise<void> {
  keyMemory.known.delete(sha256);
  try {
    await dropKeyCopy(redis, sha256);
  } catch (error) {
    if (!(error instanceof RedisError)) {
      throw error;
    }
  }
}

function position({ createdMs, keyId }: ListedApiKey): Position {
  return { timeMs: createdMs, id: keyId };
}

function keyDocument(key: ListedApiKey): object {
  return {
    id: key.keyId,
    prefix: key.prefix,
    scope: key.scope,
    name: key.name,
    createdAt: isoTime(key.createdMs),
    createdBy: key.createdBy,
    expiresAt: timeOrNull(key.expiresMs),
    lastUsedAt: timeOrNull(key.lastUsedMs),
    revokedAt: timeOrNull(key.revokedMs),
  };
}

function timeOrNull(timeMs: number | null): string | null {
  return timeMs === null ? null : isoTime(timeMs);
}
