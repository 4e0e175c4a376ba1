import { localKeys } from "../../local/stores.ts";
import type { BenchStack } from "../bench-stack.ts";
import type { UsageEffort } from "../options.ts";
import { createDatabase } from "../../src/ledger/database.ts";
import { spreadOf, type Spread } from "../statistics.ts";
import { fillUsage, LEDGER_DAYS, LEDGER_HOURS, LEDGER_SERIES, type Ask } from "./usage-ledger.ts";

/** How long a customer's usage takes, in a ledger of a certain size. */
export interface UsageFigures {
  dailyRows: number;
  hourRows: number;
  ratePerSecond: number;
  p50Ms: Spread;
  p99Ms: Spread;
  /** Round trips of one query, with catalog and key in memory. */
  redisRoundTrips: number;
  ledgerRoundTrips: number;
}

const RATE = 100;
/** An index of all rows takes longer than a query may. */
const FILL_TIMEOUT_MS = 300_000;

/** Measures `GET /v1/customers/{id}/usage` over a ledger of so many customers. */
export async function measureUsage(
  stack: BenchStack,
  effort: UsageEffort,
  progress: (line: string) => void,
): Promise<UsageFigures> {
  const { stores } = stack;
  const database = createDatabase(stores.postgres.url, `${stores.neon.url}/sql`);
  await stack.forgetCounts();
  const ask: Ask = (text, params) => database.query(text, params, FILL_TIMEOUT_MS);
  await fillUsage(ask, effort.usageCustomers, Date.now(), progress);
  const trips = await countTrips(stack);
  const latencies: { p50: number; p99: number }[] = [];
  for (let number = 1; number <= effort.runs; number += 1) {
    const { latencyMs } = await stack.load.run({
      protocol: "http",
      port: Number(new URL(stack.ours.url).port),
      requests: Array.from({ length: 200 }, (_, index) =>
        usageRequest(1 + ((index * 7919 + number) % effort.usageCustomers)),
      ),
      expected: '"stale":false',
      connections: 32,
      inFlight: 1,
      warmUpMs: effort.warmUpMs,
      durationMs: effort.usageMs,
      ratePerSecond: RATE,
      pids: {},
    });
    latencies.push(latencyMs);
    progress(
      `run ${number} of ${effort.runs}: usage at ${RATE}/s: p50 ${latencyMs.p50.toFixed(2)} ms, ` +
        `p99 ${latencyMs.p99.toFixed(2)} ms`,
    );
  }
  return {
    dailyRows: effort.usageCustomers * LEDGER_SERIES.length * LEDGER_DAYS,
    hourRows: effort.usageCustomers * LEDGER_SERIES.length * LEDGER_HOURS,
    ratePerSecond: RATE,
    p50Ms: spreadOf(latencies.map(({ p50 }) => p50)),
    p99Ms: spreadOf(latencies.map(({ p99 }) => p99)),
    ...trips,
  };
}

async function countTrips({
  ours,
  stores,
}: BenchStack): Promise<{ redisRoundTrips: number; ledgerRoundTrips: number }> {
  const ask = async (): Promise<void> => {
    const answer = await fetch(`${ours.url}/v1/customers/cus_1/usage`, {
      headers: { authorization: `Bearer ${localKeys.readKey}` },
    });
    await answer.arrayBuffer();
  };
  // The first reads the catalog and has the script loaded.
  await ask();
  const { subjects: redis } = stores.upstash.faults;
  const { subjects: ledger } = stores.neon.faults;
  const before = [redis.length, ledger.length];
  await ask();
  return {
    redisRoundTrips: redis.length - (before[0] ?? 0),
    ledgerRoundTrips: ledger.length - (before[1] ?? 0),
  };
}

function usageRequest(customer: number): string {
  return [
    `GET /v1/customers/cus_${customer}/usage HTTP/1.1`,
    "host: bench",
    `authorization: Bearer ${localKeys.readKey}`,
    "\r\n",
  ].join("\r\n");
}
