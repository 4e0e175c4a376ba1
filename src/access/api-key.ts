import { Buffer } from "node:buffer";
import { sha256 } from "@noble/hashes/sha2.js";
import type { Scope } from "../domain/access.ts";

const RANDOM_BYTES = 32;
/** So much of the random part is shown in lists; more than 200 bits stay. */
const SHOWN_LENGTH = 6;
/** What every key of ours looks like: the scope, then 256 bits in base64url. Secret scanners know it by this. */
const API_KEY = /^em_(?:ingest|read|admin)_[A-Za-z0-9_-]{43}$/;

const utf8 = new TextEncoder();

/** A key that was just made; `text` is shown once and kept nowhere. */
export interface FreshKey {
  text: string;
  /** In hex. */
  sha256: string;
  prefix: string;
}

/** Makes a key; `randomBytes` must be fit for cryptography. */
export function freshKey(scope: Scope, randomBytes: (length: number) => Uint8Array): FreshKey {
  const label = `em_${scope}_`;
  const text = `${label}${Buffer.from(randomBytes(RANDOM_BYTES)).toString("base64url")}`;
  return { text, sha256: toHex(hashText(text)), prefix: text.slice(0, label.length + SHOWN_LENGTH) };
}

/** Whether a text can be a key of ours: no store is asked for one that cannot. */
export function hasKeyShape(text: string): boolean {
  return API_KEY.test(text);
}

/** SHA-256 of a text in UTF-8. */
export function hashText(text: string): Uint8Array {
  return sha256(utf8.encode(text));
}

/** Bytes in lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
