import { timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Context } from "hono";
import { deleteCookie, getSignedCookie, setSignedCookie } from "hono/cookie";
import * as z from "zod";
import type { Deps } from "../deps.ts";
import { hashKeys, type HashedKey } from "../http/auth.ts";
import { HOUR_MS } from "../domain/window.ts";

/** A session ends after this, whatever is done in it. */
export const SESSION_MS = 12 * HOUR_MS;
const TAG_LENGTH = 32;

const sessionSchema = z.strictObject({
  id: z.string(),
  scope: z.enum(["read", "admin"]),
  /** Tells which key it was opened with, not what the key is. */
  keyTag: z.string(),
  endsMs: z.int(),
});

/** Who looks at the dashboard. */
export type Session = z.infer<typeof sessionSchema>;

/** Opens a session for a key of scope `admin` or `read`; undefined when the key is not one of ours. */
export function openSession(
  deps: Deps,
  presented: string,
  nowMs: number,
): Session | undefined | "wrong_scope" {
  const key = findKey(deps.keys, presented);
  if (key === undefined) {
    return undefined;
  }
  if (key.scope === "ingest") {
    return "wrong_scope";
  }
  return { id: deps.randomId(), scope: key.scope, keyTag: tagOf(key), endsMs: nowMs + SESSION_MS };
}

/** The session of a request: signed by us, not over, and its key still one of ours; undefined otherwise. */
export async function readSession(context: Context, deps: Deps, nowMs: number): Promise<Session | undefined> {
  const text = await getSignedCookie(context, secretOf(deps, "session"), cookieName(context));
  if (typeof text !== "string") {
    return undefined;
  }
  const session = sessionSchema.parse(JSON.parse(Buffer.from(text, "base64url").toString("utf8")));
  const isKnown = deps.keys.some((key) => key.scope === session.scope && tagOf(key) === session.keyTag);
  return isKnown && nowMs < session.endsMs ? session : undefined;
}

/** Puts the session into a cookie that no script reads and no other site's request carries. */
export async function writeSession(context: Context, deps: Deps, session: Session): Promise<void> {
  const text = Buffer.from(JSON.stringify(session)).toString("base64url");
  await setSignedCookie(context, cookieName(context), text, secretOf(deps, "session"), {
    path: "/",
    httpOnly: true,
    sameSite: "Strict",
    secure: isSecure(context),
    maxAge: SESSION_MS / 1000,
  });
}

export function endSession(context: Context): void {
  deleteCookie(context, cookieName(context), { path: "/", secure: isSecure(context) });
}

/** The text that each form of a session carries beside what it sends. */
export function csrfToken(deps: Deps, session: Session): string {
  return bytesToHex(hmac(sha256, utf8ToBytes(secretOf(deps, "forms")), utf8ToBytes(session.id)));
}

/** Compares a form's token in constant time. */
export function isCsrfToken(deps: Deps, session: Session, given: unknown): boolean {
  const expected = utf8ToBytes(csrfToken(deps, session));
  const presented = utf8ToBytes(typeof given === "string" ? given : "");
  return expected.length === presented.length && timingSafeEqual(expected, presented);
}

function findKey(keys: readonly HashedKey[], presented: string): HashedKey | undefined {
  const [{ sha256: hash } = { sha256: new Uint8Array(32) }] = hashKeys([{ scope: "read", key: presented }]);
  let found: HashedKey | undefined;
  for (const key of keys) {
    if (timingSafeEqual(hash, key.sha256)) {
      found = key;
    }
  }
  return found;
}

function tagOf({ sha256: hash }: HashedKey): string {
  return bytesToHex(sha256(hash)).slice(0, TAG_LENGTH);
}

/** Made from the admin key's hash: another admin key ends all sessions. */
function secretOf({ keys }: Deps, use: "session" | "forms"): string {
  const admin = keys.find(({ scope }) => scope === "admin");
  return bytesToHex(
    hmac(sha256, admin?.sha256 ?? new Uint8Array(32), utf8ToBytes(`edgemeter dashboard ${use}`)),
  );
}

function isSecure(context: Context): boolean {
  return new URL(context.req.url).protocol === "https:";
}

/** With the prefix that binds it to this host, where browsers let it be. */
function cookieName(context: Context): string {
  return isSecure(context) ? "__Host-edgemeter" : "edgemeter";
}
