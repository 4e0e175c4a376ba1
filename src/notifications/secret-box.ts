import { Buffer } from "node:buffer";

const VERSION = "v1";
const IV_BYTES = 12;
const INFO = "edgemeter webhook secrets, version 1";
const utf8 = new TextEncoder();

/** What cannot be read under this key: it was kept under another, or changed. */
export class UnreadableSecret extends Error {
  override readonly name = "UnreadableSecret";
}

/** Keeps secrets that are needed in clear encrypted, each bound to the name of what it is for. */
export interface SecretBox {
  /** Encrypts under a fresh nonce. */
  seal: (name: string, secret: string) => Promise<string>;
  /** Throws {@link UnreadableSecret}. */
  open: (name: string, sealed: string) => Promise<string>;
}

/**
 * A box whose key is derived from the deployment's own secret: HKDF-SHA256 (RFC 5869), AES-256-GCM.
 *
 * What was sealed under the `previous` secret is opened, too, so that the secret can be changed. `randomBytes` must be fit for
 * cryptography.
 */
export async function openSecretBox(
  tokenSecret: string,
  randomBytes: (length: number) => Uint8Array,
  previous?: string,
): Promise<SecretBox> {
  const key = await deriveKey(tokenSecret);
  const keys = previous === undefined ? [key] : [key, await deriveKey(previous)];
  return {
    seal: async (name, secret) => {
      const iv = Uint8Array.from(randomBytes(IV_BYTES));
      const sealed = await crypto.subtle.encrypt(terms(name, iv), key, utf8.encode(secret));
      return [VERSION, toText(iv), toText(new Uint8Array(sealed))].join(".");
    },
    open: async (name, sealed) => {
      const [version, iv = "", ciphertext = ""] = sealed.split(".");
      if (version !== VERSION) {
        throw new UnreadableSecret("a secret is not sealed as this version does");
      }
      for (const known of keys) {
        try {
          const opened = await crypto.subtle.decrypt(terms(name, fromText(iv)), known, fromText(ciphertext));
          return new TextDecoder().decode(opened);
        } catch {
          // Not under this one.
        }
      }
      throw new UnreadableSecret("a secret was sealed under another TOKEN_SECRET, or changed");
    },
  };
}

async function deriveKey(tokenSecret: string): Promise<Awaited<ReturnType<typeof crypto.subtle.deriveKey>>> {
  const material = await crypto.subtle.importKey("raw", utf8.encode(tokenSecret), "HKDF", false, [
    "deriveKey",
  ]);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8.encode(INFO) },
    material,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

function terms(
  name: string,
  iv: Uint8Array<ArrayBuffer>,
): { name: string; iv: Uint8Array<ArrayBuffer>; additionalData: Uint8Array<ArrayBuffer> } {
  return { name: "AES-GCM", iv, additionalData: Uint8Array.from(utf8.encode(name)) };
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

function fromText(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(text, "base64url"));
}
