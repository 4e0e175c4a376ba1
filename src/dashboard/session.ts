import { timingSafeEqual } from "node:crypto";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import * as z from "zod";
import type { Deps } from "../deps.ts";
import type { Caller } from "../domain/access.ts";
import { HOUR_MS } from "../domain/window.ts";
import { ApiProblem } from "../http/problem.ts";
import { openSecretBox, UnreadableSecret, type SecretBox } from "../notifications/secret-box.ts";

/** A session ends after this, whatever is done in it. */
export const SESSION_MS = 12 * HOUR_MS;
/** What the cookie is sealed for: nothing else that is sealed can be taken for one. */
const PURPOSE = "dashboard session";

const sealedSchema = z.strictObject({ id: z.string(), key: z.string(), endsMs: z.int() });

/** Who looks at the dashboard. */
export interface Session {
  id: string;
  scope: "read" | "admin";
  key: string;
  endsMs: number;
}

/** Why a key opens no session. */
export type SignInRefusal =
  | "unknown"
  | "expired"
  | "revoked"
  | "busy"
  | "ingest"
  | "customer"
  | "not_configured";

/** Opens a session for a key of scope `admin` or `read`, or tells why not. */
export async function openSession(
  context: Context,
  deps: Deps,
  key: string,
  nowMs: number,
): Promise<Session | SignInRefusal> {
  if (deps.tokenSecret === undefined) {
    return "not_configured";
  }
  const caller = await callerOf(context, deps, key);
  if (typeof caller === "string") {
    return caller;
  }
  if (caller.kind === "customer" || caller.scope === "ingest") {
    return caller.kind === "customer" ? "customer" : "ingest";
  }
  return { id: deps.randomId(), scope: caller.scope, key, endsMs: nowMs + SESSION_MS };
}

/** The session of a request: sealed by us, not over, and its key still one that may look; undefined otherwise. */
export async function readSession(context: Context, deps: Deps, nowMs: number): Promise<Session | undefined> {
  const sealed = getCookie(context, cookieName(context));
  const box = await boxOf(deps);
  if (sealed === undefined || box === undefined) {
    return undefined;
  }
  const opened = await open(box, sealed);
  if (opened === undefined || nowMs >= opened.endsMs) {
    return undefined;
  }
  const caller = await callerOf(context, deps, opened.key);
  if (caller === "busy") {
    throw new ApiProblem(
      "rate_limited",
      "too many unknown keys come at once: load the page again in a moment",
    );
  }
  return typeof caller === "string" || caller.kind === "customer" || caller.scope === "ingest"
    ? undefined
    : { ...opened, scope: caller.scope };
}

/** Puts the session into a cookie that no script reads and no other site's request carries. */
export async function writeSession(context: Context, deps: Deps, session: Session): Promise<void> {
  const { id, key, endsMs } = session;
  const box = await boxOf(deps);
  const sealed = (await box?.seal(PURPOSE, JSON.stringify({ id, key, endsMs }))) ?? "";
  setCookie(context, cookieName(context), sealed, {
    path: "/",
    httpOnly: true,
    sameSite: "Strict",
    secure: isSecure(context),
    maxAge: SESSION_MS / 1000,
  });
}

/** Takes the cookie back. */
export function endSession(context: Context): void {
  deleteCookie(context, cookieName(context), { path: "/", secure: isSecure(context) });
}

/** The text that each form of a session carries beside what it sends. */
export function csrfToken({ tokenSecret = "" }: Deps, session: Session): string {
  return bytesToHex(hmac(sha256, utf8ToBytes(`dashboard forms ${tokenSecret}`), utf8ToBytes(session.id)));
}

/** Compares a form's token in constant time. */
export function isCsrfToken(deps: Deps, session: Session, given: unknown): boolean {
  const expected = utf8ToBytes(csrfToken(deps, session));
  const presented = utf8ToBytes(typeof given === "string" ? given : "");
  return expected.length === presented.length && timingSafeEqual(expected, presented);
}

async function callerOf(
  context: Context,
  deps: Deps,
  key: string,
): Promise<Caller | "unknown" | "expired" | "revoked" | "busy"> {
  const identified = await deps.keys.identify(key);
  if ("refused" in identified) {
    return identified.refused;
  }
  if (identified.afterwards !== undefined) {
    context.executionCtx.waitUntil(identified.afterwards().catch(() => undefined));
  }
  return identified.caller;
}

async function open(box: SecretBox, sealed: string): Promise<z.infer<typeof sealedSchema> | undefined> {
  try {
    return sealedSchema.parse(JSON.parse(await box.open(PURPOSE, sealed)));
  } catch (error) {
    if (error instanceof UnreadableSecret) {
      return undefined;
    }
    throw error;
  }
}

async function boxOf(deps: Deps): Promise<SecretBox | undefined> {
  const { tokenSecret, previousTokenSecret, randomBytes } = deps;
  return tokenSecret === undefined ? undefined : openSecretBox(tokenSecret, randomBytes, previousTokenSecret);
}

function isSecure(context: Context): boolean {
  return new URL(context.req.url).protocol === "https:";
}

/** With the prefix that binds it to this host, where browsers let it be. */
function cookieName(context: Context): string {
  return isSecure(context) ? "__Host-edgemeter" : "edgemeter";
}
