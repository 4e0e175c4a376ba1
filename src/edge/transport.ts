import { readAnswer } from "./answer.ts";
import type { Attempt, Transport } from "./attempt.ts";
import type { UsageBatch } from "./batch.ts";

/** The RPC side of the meter that a product's service binding gives (entrypoint `MeterEntrypoint`). */
export interface MeterBinding {
  record: (batch: UsageBatch) => Promise<unknown>;
}

/** Sends over a service binding, whatever its type says: no network between, no key. */
export function serviceBinding(binding: object): Transport {
  return {
    async send(batch): Promise<Attempt> {
      const answer = readAnswer(await (binding as MeterBinding).record(batch), batch.usage.length);
      return answer === undefined
        ? { kind: "unavailable", error: new Error("no results") }
        : { kind: "answered", answer };
    },
  };
}
