import type { Measurement } from "./event.ts";

/** What one id stands for: it is counted together, once. */
export interface IdentifiedGroup {
  /** Digest of who the id belongs to and the id itself. */
  idDigest: string;
  /** Digest of the content without its time; of one length for all. */
  fingerprint: string;
  /** In the order sent; null for what was refused before it could be measured. */
  measurements: (Measurement | null)[];
}
