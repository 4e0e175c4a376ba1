import type { Transport } from "./attempt.ts";
import { meterAddress, postUsage, type MeterAddress } from "./http-call.ts";

export type { Transport } from "./attempt.ts";
export type { MeterAddress } from "./http-call.ts";

const BATCH_TYPE = "application/vnd.edgemeter.batch+json";

/** Sends to `POST {url}/v1/events` under a bearer key with scope `ingest`; no error it gives names the key. */
export function httpTransport(options: MeterAddress): Transport {
  const address = meterAddress(options);
  return {
    send: (batch, signal) =>
      postUsage(address, { type: BATCH_TYPE, body: JSON.stringify(batch), size: batch.usage.length }, signal),
  };
}
