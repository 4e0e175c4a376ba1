import { timingSafeEqual } from "node:crypto";
import type { RedisClient } from "../counters/redis.ts";
import type { Access, ApiKey, Identified, Limiter, Refusal, Scope } from "../domain/access.ts";
import { isStorableText } from "../domain/text.ts";
import type { Database } from "../ledger/database.ts";
import { invoiceCustomer } from "../ledger/invoice-owner.ts";
import { hasKeyShape, hashText, toHex } from "./api-key.ts";
import { findKey } from "./find-key.ts";
import type { KeyMemory } from "./key-memory.ts";

/** Longest text that is looked at: a token of the longest customer id fits. */
const MAX_LENGTH = 4096;
/** A JSON object in base64url, twice, and a signature. */
const TOKEN = /^eyJ[\w-]*\.eyJ[\w-]*\.[\w-]+$/;

/** A key that is a Worker secret. */
export interface SecretKey {
  /** The secret's name. */
  name: string;
  scope: Scope;
  key: string;
}

export interface AccessDeps {
  now: () => number;
  redis: RedisClient;
  database: Database;
  memory: KeyMemory;
  secretKeys: readonly SecretKey[];
  /** What customer tokens may be signed with; the first signs new ones. */
  tokenSecrets: readonly string[];
  limiter: Limiter | undefined;
}

/** Knows the Worker's own keys, those of the ledger, and customer tokens. */
export function createAccess(deps: AccessDeps): Access {
  const secretKeys = deps.secretKeys.map(({ name, scope, key }) => ({ name, scope, hash: hashText(key) }));
  return {
    identify: async (presented) => {
      if (presented.length > MAX_LENGTH) {
        return { refused: "unknown" };
      }
      const hash = hashText(presented);
      const secretKey = matching(secretKeys, hash);
      if (secretKey !== undefined) {
        const { name: id, scope } = secretKey;
        return { caller: { kind: "key", id, scope }, afterwards: undefined };
      }
      if (hasKeyShape(presented)) {
        return identifyKey(deps, toHex(hash));
      }
      return TOKEN.test(presented) ? identifyToken(deps, presented) : { refused: "unknown" };
    },
    limiter: deps.limiter,
    invoiceCustomer: async (invoiceId) =>
      isStorableText(invoiceId) ? invoiceCustomer(deps.database, invoiceId) : undefined,
  };
}

/** Compares with every one, in constant time: neither content nor order can be timed. */
function matching<Known extends { hash: Uint8Array }>(
  keys: readonly Known[],
  hash: Uint8Array,
): Known | undefined {
  let found: Known | undefined;
  for (const key of keys) {
    if (timingSafeEqual(hash, key.hash)) {
      found = key;
    }
  }
  return found;
}

/** What is looked up by is a digest: nobody can choose it, so that the time it takes tells nothing. */
async function identifyKey(deps: AccessDeps, sha256: string): Promise<Identified> {
  const nowMs = deps.now();
  const found = await findKey(deps, sha256, nowMs);
  if (typeof found === "string") {
    return { refused: found };
  }
  const refused = refusalOf(found.key, nowMs);
  if (refused !== undefined) {
    return { refused };
  }
  const { keyId: id, scope } = found.key;
  return { caller: { kind: "key", id, scope }, afterwards: found.afterwards };
}

function refusalOf({ revokedMs, expiresMs }: ApiKey, nowMs: number): Refusal | undefined {
  if (revokedMs !== null) {
    return "revoked";
  }
  return expiresMs !== null && expiresMs <= nowMs ? "expired" : undefined;
}

async function identifyToken(deps: AccessDeps, token: string): Promise<Identified> {
  if (deps.tokenSecrets.length === 0) {
    return { refused: "unknown" };
  }
  // Loaded with the first token: counting starts without it.
  const { readToken } = await import("./customer-token.ts");
  const read = await readToken(deps.tokenSecrets, token, deps.now());
  return typeof read === "string"
    ? { refused: read }
    : { caller: { kind: "customer", customerId: read.customerId }, afterwards: undefined };
}
