import type { Claim } from "../counters/flush-claim.ts";
import type { Bucket } from "../domain/bucket.ts";
import { HOUR_MS, isoTime } from "../domain/window.ts";
import { isOfTheData } from "../ledger/database.ts";
import type { ClaimVerdict } from "../ledger/flush-claims.ts";
import type { FlushStores } from "./flush-stores.ts";

/** How long a bucket that cannot be written is left alone. */
const PUT_OFF_MS = HOUR_MS;

/** A bucket that the ledger refused. */
export interface PutOff {
  customerId: string;
  hour: string;
  /** SQLSTATE. */
  code: string;
}

export interface WrittenPage {
  verdict: ClaimVerdict;
  rowsChanged: number;
  written: Bucket[];
  putOff: PutOff[];
}

/** Writes a claim's buckets; a page that fails is split until the bad one stands alone, and that one is put off. */
export async function writePage(
  stores: FlushStores,
  claim: Claim,
  buckets: readonly Bucket[],
  nowMs: number,
): Promise<WrittenPage> {
  try {
    const { verdict, rowsChanged } = await stores.write(claim, buckets, nowMs);
    return { verdict, rowsChanged, written: [...buckets], putOff: [] };
  } catch (error) {
    // Others are not a bucket's fault.
    if (!isOfTheData(error)) {
      throw error;
    }
    const [first] = buckets;
    if (buckets.length === 1 && first !== undefined) {
      await stores.putOff(claim, first, nowMs + PUT_OFF_MS);
      const { customerId, hourMs } = first;
      const putOff = [{ customerId, hour: isoTime(hourMs), code: error.code }];
      return { verdict: "accepted", rowsChanged: 0, written: [], putOff };
    }
  }
  const middle = Math.ceil(buckets.length / 2);
  const left = await writePage(stores, claim, buckets.slice(0, middle), nowMs);
  if (left.verdict === "set_back" || left.verdict === "fenced") {
    return left;
  }
  const right = await writePage(stores, claim, buckets.slice(middle), nowMs);
  return {
    verdict: left.verdict === "emptied" && right.verdict === "accepted" ? "emptied" : right.verdict,
    rowsChanged: left.rowsChanged + right.rowsChanged,
    written: [...left.written, ...right.written],
    putOff: [...left.putOff, ...right.putOff],
  };
}
