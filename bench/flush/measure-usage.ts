import { localKeys } from "../../local/stores.ts";
import type { BenchStack } from "../bench-stack.ts";
import type { UsageEffort } from "../options.ts";
import { createDatabase, type Database } from "../../src/ledger/database.ts";
import { spreadOf, type Spread } from "../statistics.ts";

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
const METRICS = 4;
const DAYS = 90;
const PAGE_CUSTOMERS = 500;

/** Days of 90 days and hours of two, for so many customers and four metrics each. */
const DAYS_OF_CUSTOMERS = `
insert into usage_daily (customer_id, day, series, metric_name, dimensions, aggregation, value)
select 'bench_' || customer, (now() at time zone 'UTC')::date - day, sha256(convert_to('m' || metric, 'UTF8')),
  (array['api_calls', 'storage_gb', 'compute_seconds', 'seats'])[metric], '{}',
  (array['sum', 'max', 'sum', 'max'])[metric], customer + day
from generate_series($1::int, $2::int) as customer, generate_series(0, $3::int - 1) as day, generate_series(1, 4) as metric`;
const HOURS_OF_CUSTOMERS = `
insert into usage_records (customer_id, window_start, epoch, series, metric_name, dimensions, aggregation, value, version,
  flushed_at)
select 'bench_' || customer, date_trunc('hour', now()) - hour * interval '1 hour', 'e' || hour,
  sha256(convert_to('m' || metric, 'UTF8')), (array['api_calls', 'storage_gb', 'compute_seconds', 'seats'])[metric], '{}',
  (array['sum', 'max', 'sum', 'max'])[metric], customer + hour, 1, now()
from generate_series($1::int, $2::int) as customer, generate_series(0, 47) as hour, generate_series(1, 4) as metric`;

/** Measures `GET /v1/customers/{id}/usage` over a ledger of so many customers. */
export async function measureUsage(
  stack: BenchStack,
  effort: UsageEffort,
  progress: (line: string) => void,
): Promise<UsageFigures> {
  const { stores } = stack;
  const database = createDatabase(stores.postgres.url, `${stores.neon.url}/sql`);
  await stack.forgetCounts();
  await fill(database, effort.usageCustomers, progress);
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
    dailyRows: effort.usageCustomers * METRICS * DAYS,
    hourRows: effort.usageCustomers * METRICS * 48,
    ratePerSecond: RATE,
    p50Ms: spreadOf(latencies.map(({ p50 }) => p50)),
    p99Ms: spreadOf(latencies.map(({ p99 }) => p99)),
    ...trips,
  };
}

async function fill(database: Database, customers: number, progress: (line: string) => void): Promise<void> {
  for (let first = 1; first <= customers; first += PAGE_CUSTOMERS) {
    const last = Math.min(customers, first + PAGE_CUSTOMERS - 1);
    await database.query(DAYS_OF_CUSTOMERS, [first, last, DAYS]);
    await database.query(HOURS_OF_CUSTOMERS, [first, last]);
    if (first % (4 * PAGE_CUSTOMERS) === 1) {
      progress(
        `usage: a ledger of ${last.toLocaleString("en")} of ${customers.toLocaleString("en")} customers`,
      );
    }
  }
  await database.query("analyze usage_daily", []);
  await database.query("analyze usage_records", []);
}

async function countTrips({
  ours,
  stores,
}: BenchStack): Promise<{ redisRoundTrips: number; ledgerRoundTrips: number }> {
  const ask = async (): Promise<void> => {
    const answer = await fetch(`${ours.url}/v1/customers/bench_1/usage`, {
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
    `GET /v1/customers/bench_${customer}/usage HTTP/1.1`,
    "host: bench",
    `authorization: Bearer ${localKeys.readKey}`,
    "\r\n",
  ].join("\r\n");
}
