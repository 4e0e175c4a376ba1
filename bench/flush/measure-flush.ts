import { createRedis } from "../../src/counters/redis.ts";
import { formatSeries } from "../../src/domain/series.ts";
import { flushBuckets } from "../../src/flush/flush-buckets.ts";
import { flushStores } from "../../src/flush/flush-stores.ts";
import { createDatabase, type Database } from "../../src/ledger/database.ts";
import { localKeys } from "../../local/stores.ts";
import type { BenchStack } from "../bench-stack.ts";
import type { FlushEffort } from "../options.ts";
import { spreadOf, type Spread } from "../statistics.ts";
import { dirtyBuckets, putDirty, SERIES, type DirtyBucket } from "./dirty-buckets.ts";

/** What flushing so many buckets took. */
export interface FlushFigures {
  buckets: number;
  rows: number;
  /** Hour rows a second, days kept with them. */
  rowsPerSecond: Spread;
  /** The same rows by one bare INSERT … SELECT FROM jsonb_to_recordset a page, through the same endpoint. */
  bareRowsPerSecond: Spread;
  percentOfBare: Spread;
  /** Counted in the last run. */
  statements: number;
  ledgerRoundTrips: number;
  redisRoundTrips: number;
  redisCommands: number;
  /** Sent to Postgres as parameters. */
  bytes: number;
}

/** What the flush writes in one transaction. */
const PAGE = 500;
const BARE = `
insert into bare_records (customer_id, window_start, epoch, series, metric_name, dimensions, aggregation, value, last_at,
  version, flushed_at)
select customer_id, to_timestamp(hour_ms / 1000.0), epoch, sha256(convert_to(series, 'UTF8')), metric_name, dimensions,
  aggregation, value, to_timestamp(at_ms / 1000.0), version, now()
from jsonb_to_recordset($1::jsonb) as page (customer_id text, hour_ms bigint, epoch text, series text, metric_name text,
  dimensions jsonb, aggregation text, value numeric, at_ms bigint, version bigint)`;

/** Measures the flush at every size, beside the bare insertion of the same rows. */
export async function measureFlush(
  stack: BenchStack,
  effort: FlushEffort,
  progress: (line: string) => void,
): Promise<FlushFigures[]> {
  const { stores } = stack;
  const database = createDatabase(stores.postgres.url, `${stores.neon.url}/sql`);
  await database.query("create table if not exists bare_records (like usage_records including all)", []);
  const runs = new Map<number, Run[]>(effort.flushSizes.map((size) => [size, []]));
  for (let number = 1; number <= effort.flushRuns; number += 1) {
    for (const size of effort.flushSizes) {
      const run = await measureOnce(stack, database, size, number);
      runs.get(size)?.push(run);
      progress(
        `run ${number} of ${effort.flushRuns}: flush of ${size.toLocaleString("en")} buckets: ` +
          `${Math.round(run.rowsPerSecond).toLocaleString("en")} rows/s, bare ${Math.round(run.bareRowsPerSecond).toLocaleString("en")}`,
      );
    }
  }
  await database.query("drop table bare_records", []);
  return [...runs].map(([buckets, all]) => summarize(buckets, all));
}

type Run = Omit<
  FlushFigures,
  "buckets" | "rows" | "rowsPerSecond" | "bareRowsPerSecond" | "percentOfBare"
> & {
  rowsPerSecond: number;
  bareRowsPerSecond: number;
};

async function measureOnce(
  stack: BenchStack,
  database: Database,
  size: number,
  number: number,
): Promise<Run> {
  const { stores, redis } = stack;
  const nowMs = Date.now();
  const buckets = dirtyBuckets(size, number * 1_000_000 + size, nowMs);
  const bareRowsPerSecond = await insertBare(database, buckets);
  await stack.forgetCounts();
  await putDirty(redis, buckets, nowMs);
  const counted = counting(database);
  stores.upstash.commands.reset();
  const before = stores.upstash.faults.subjects.length;
  const startMs = performance.now();
  const report = await flushBuckets(
    {
      stores: flushStores(createRedis(stores.upstash.url, localKeys.upstashToken), counted.database),
      randomId: () => crypto.randomUUID(),
      maxBuckets: 2 * size + 16,
    },
    nowMs,
  );
  const tookMs = performance.now() - startMs;
  if (report.buckets !== size || report.rowsChanged !== size * SERIES.length) {
    throw new Error(`${report.buckets} buckets and ${report.rowsChanged} rows were flushed of ${size}`);
  }
  return {
    rowsPerSecond: (1000 * report.rowsChanged) / tookMs,
    bareRowsPerSecond,
    statements: counted.statements(),
    ledgerRoundTrips: counted.roundTrips(),
    redisRoundTrips: stores.upstash.faults.subjects.length - before,
    redisCommands: stores.upstash.commands.read().billed,
    bytes: counted.bytes(),
  };
}

/** Rows a second of the bare insertion, as many pages at a time as the flush has under way. */
async function insertBare(database: Database, buckets: readonly DirtyBucket[]): Promise<number> {
  const pages: string[] = [];
  for (let first = 0; first < buckets.length; first += PAGE) {
    pages.push(JSON.stringify(buckets.slice(first, first + PAGE).flatMap(bareRows)));
  }
  const startMs = performance.now();
  const lanes = Array.from({ length: 4 }, async () => {
    for (let page = pages.pop(); page !== undefined; page = pages.pop()) {
      await database.query(BARE, [page]);
    }
  });
  await Promise.all(lanes);
  return (1000 * buckets.length * SERIES.length) / (performance.now() - startMs);
}

function bareRows({ customerId, hourMs, epoch, values }: DirtyBucket): object[] {
  return SERIES.map((series, index) => ({
    customer_id: customerId,
    hour_ms: hourMs,
    epoch,
    series: formatSeries(series),
    metric_name: series.metricName,
    dimensions: series.dimensions,
    aggregation: series.aggregation,
    value: values[index],
    at_ms: null,
    version: "1",
  }));
}

/** A database that counts what it is asked. */
function counting(database: Database) {
  let [statements, roundTrips, bytes] = [0, 0, 0];
  const note = (all: readonly { params: readonly unknown[] }[]): void => {
    roundTrips += 1;
    statements += all.length;
    bytes += all
      .flatMap(({ params }) => params)
      .reduce((sum: number, param) => sum + String(param).length, 0);
  };
  const counted: Database = {
    query: (text, params, timeoutMs) => {
      note([{ params }]);
      return database.query(text, params, timeoutMs);
    },
    transaction: (all) => {
      note(all);
      return database.transaction(all);
    },
  };
  return {
    database: counted,
    statements: () => statements,
    roundTrips: () => roundTrips,
    bytes: () => bytes,
  };
}

function summarize(buckets: number, runs: readonly Run[]): FlushFigures {
  const last = runs.at(-1);
  if (last === undefined) {
    throw new Error("nothing was measured");
  }
  const { statements, ledgerRoundTrips, redisRoundTrips, redisCommands, bytes } = last;
  return {
    buckets,
    rows: buckets * SERIES.length,
    rowsPerSecond: spreadOf(runs.map((run) => run.rowsPerSecond)),
    bareRowsPerSecond: spreadOf(runs.map((run) => run.bareRowsPerSecond)),
    percentOfBare: spreadOf(runs.map((run) => (100 * run.rowsPerSecond) / run.bareRowsPerSecond)),
    statements,
    ledgerRoundTrips,
    redisRoundTrips,
    redisCommands,
    bytes,
  };
}
