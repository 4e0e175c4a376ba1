/** What a key may do: send events, read, or everything. */
export const SCOPES = ["ingest", "read", "admin"] as const;

export type Scope = (typeof SCOPES)[number];

/** Longest life of a customer token. */
export const MAX_TOKEN_SECONDS = 86_400;

/** Who asks. */
export type Caller =
  /** `id` is the key's, or the name of the Worker secret that it is. */
  | { kind: "key"; id: string; scope: Scope }
  /** The bearer of a customer token: reads that one customer and nothing else. */
  | { kind: "customer"; customerId: string };

/** Why nobody is known by what was presented: `busy` when so many unknown keys come that no more are looked up for now. */
export type Refusal = "unknown" | "expired" | "revoked" | "busy";

/** A key as the stores have it, without its text. */
export interface ApiKey {
  keyId: string;
  scope: Scope;
  /** Epoch ms, as all times here; null: never. */
  expiresMs: number | null;
  revokedMs: number | null;
  /** The hour in which it was last used. */
  lastUsedMs: number | null;
}

/** Who presents a text; `afterwards` is to be done when the request is answered, and may fail. */
export type Identified =
  | { caller: Caller; afterwards: (() => Promise<void>) | undefined }
  | { refused: Refusal };

/** Bounds how much one caller asks. */
export interface Limiter {
  /** About so many requests in so many seconds. */
  limit: number;
  seconds: number;
  mayPass: (name: string) => Promise<boolean>;
}

/** Tells who presents a key or token, and whose an invoice is. */
export interface Access {
  identify: (presented: string) => Promise<Identified>;
  invoiceCustomer: (invoiceId: string) => Promise<string | undefined>;
  /** Undefined where nothing is limited. */
  limiter: Limiter | undefined;
}
