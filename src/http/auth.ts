import { timingSafeEqual } from "node:crypto";
import { sha256 as digest } from "@noble/hashes/sha2.js";
import type { MiddlewareHandler } from "hono";
import { ApiProblem } from "./problem.ts";

const utf8 = new TextEncoder();

export type Scope = "ingest" | "read" | "admin";

/** A key as it is held in memory: its SHA-256, never its text. */
export interface HashedKey {
  scope: Scope;
  sha256: Uint8Array;
}

/** Hashes keys for {@link requireScope}. */
export function hashKeys(keys: readonly { scope: Scope; key: string }[]): HashedKey[] {
  return keys.map(({ scope, key }) => ({ scope, sha256: sha256(key) }));
}

/** Lets through requests whose bearer key has one of the scopes; `admin` has all. */
export function requireScope(keys: readonly HashedKey[], ...scopes: Scope[]): MiddlewareHandler {
  return async function scopeRequired(context, next) {
    const scope = scopeOf(keys, context.req.header("authorization"));
    if (scope === undefined) {
      throw new ApiProblem("unauthorized", "send a known key: Authorization: Bearer <key>");
    }
    if (scope !== "admin" && !scopes.includes(scope)) {
      throw new ApiProblem(
        "forbidden",
        `this key has the scope ${scope}; needed is ${[...scopes, "admin"].join(" or ")}`,
      );
    }
    await next();
  };
}

/** Compares with every key in constant time, so that neither content nor order can be timed. */
function scopeOf(keys: readonly HashedKey[], header: string | undefined): Scope | undefined {
  const presented = /^Bearer +([^\s]+) *$/i.exec(header ?? "")?.[1];
  if (presented === undefined) {
    return undefined;
  }
  const hash = sha256(presented);
  let scope: Scope | undefined;
  for (const key of keys) {
    if (timingSafeEqual(hash, key.sha256)) {
      scope = key.scope;
    }
  }
  return scope;
}

function sha256(text: string): Uint8Array {
  return digest(utf8.encode(text));
}
