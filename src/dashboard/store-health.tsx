import { duration } from "./printed.ts";

/** What `/readyz` answers. */
export interface Readiness {
  redis: boolean;
  postgres: boolean;
  flushLagSeconds: number | null;
  oldestDirtyBucket: string | null;
}

/** How long the oldest counter waits for the ledger. */
export function flushLag(readiness: Readiness | undefined): string {
  const lag = readiness?.flushLagSeconds;
  return typeof lag === "number" ? duration(lag) : "—";
}

/** Whether the stores answer, a word for each. */
export function StoreHealth({ readiness }: { readiness: Readiness | undefined }) {
  const stores = [
    ["Redis", readiness?.redis],
    ["Postgres", readiness?.postgres],
  ] as const;
  return (
    <>
      {stores.map(([name, isUp]) => (
        <>
          <span class={`tag ${isUp ? "good" : "bad"}`}>
            {name} {isUp ? "up" : "down"}
          </span>{" "}
        </>
      ))}
    </>
  );
}
