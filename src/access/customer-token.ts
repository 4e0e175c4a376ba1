import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { sign, verify } from "hono/jwt";
import * as z from "zod";
import { MAX_TOKEN_SECONDS } from "../domain/access.ts";
import { customerIdSchema } from "../domain/customer.ts";
import { toHex } from "./api-key.ts";

const ALGORITHM = "HS256";
const ISSUER = "edgemeter";
const AUDIENCE = "edgemeter:customer";
/** So much may another machine's clock be ahead. */
const MAX_SKEW_SECONDS = 60;
/** Tokens are signed with a key of their own: the secret has other uses, too. */
const PURPOSE = "edgemeter customer tokens, version 1";

const utf8 = new TextEncoder();

const claimsSchema = z
  .object({ sub: customerIdSchema, iat: z.int().min(0), exp: z.int().min(0) })
  .refine(({ iat, exp }) => exp > iat && exp - iat <= MAX_TOKEN_SECONDS);

/** Signs a token (JWT, HS256) with which a customer's usage can be read; answers when it ends, epoch ms. */
export async function mintToken(
  secret: string,
  customerId: string,
  seconds: number,
  nowMs: number,
): Promise<{ token: string; expiresMs: number }> {
  const iat = Math.floor(nowMs / 1000);
  const exp = iat + seconds;
  const claims = { iss: ISSUER, aud: AUDIENCE, sub: customerId, iat, exp };
  return { token: await sign(claims, signingKey(secret), ALGORITHM), expiresMs: exp * 1000 };
}

/**
 * Reads a token that was signed with one of the secrets; the one algorithm is ours, whatever its header says.
 *
 * Answers whose it is, `expired`, or `unknown` for whatever we have not made.
 */
export async function readToken(
  secrets: readonly string[],
  token: string,
  nowMs: number,
): Promise<{ customerId: string } | "expired" | "unknown"> {
  for (const secret of secrets) {
    const claims = claimsSchema.safeParse(await verified(secret, token));
    if (claims.success) {
      const { sub, iat, exp } = claims.data;
      if (iat > nowMs / 1000 + MAX_SKEW_SECONDS) {
        return "unknown";
      }
      return exp * 1000 <= nowMs ? "expired" : { customerId: sub };
    }
  }
  return "unknown";
}

async function verified(secret: string, token: string): Promise<unknown> {
  try {
    // Times are ours to judge: the library would read a clock of its own.
    const terms = { alg: ALGORITHM, iss: ISSUER, aud: AUDIENCE, exp: false, nbf: false, iat: false } as const;
    return await verify(token, signingKey(secret), terms);
  } catch {
    // Whatever the library says against it: it is none of ours.
    return undefined;
  }
}

function signingKey(secret: string): string {
  return toHex(hmac(sha256, utf8.encode(secret), utf8.encode(PURPOSE)));
}
