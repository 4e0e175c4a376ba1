import type { RedisClient } from "../../src/counters/redis.ts";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { checkAfterFlush, noAlerts } from "../../src/alerts/after-flush.ts";
import type { AlertDeps, AlertReport } from "../../src/alerts/check-alerts.ts";
import type { FlushDeps } from "../../src/flush/flush-buckets.ts";
import { insertCatalog } from "../../src/ledger/catalog-versions.ts";
import type { Database } from "../../src/ledger/database.ts";
import { catalogSchema } from "../../src/rating/catalog.ts";
import { type FlushFixture, startFlushFixture } from "./flush-fixture.ts";

/** Calls that the plan of everybody includes. */
export const INCLUDED_CALLS = 10_000n;

/** Counters, ledger and flush, with the demo catalog published. */
export async function startAlertFixture(): Promise<FlushFixture> {
  const fixture = await startFlushFixture();
  await insertCatalog(fixture.database, 0, catalogSchema.parse(demoCatalog), 0, "admin");
  return fixture;
}

/** An isolate that checks alerts; what it logs is kept. */
export function alertIsolate(
  database: Database,
  redis: RedisClient,
): AlertDeps & { redis: RedisClient; logged: unknown[] } {
  const logged: unknown[] = [];
  return {
    database,
    redis,
    catalogMemory: { held: undefined, others: [], readAtMs: 0, reading: undefined },
    randomId: () => crypto.randomUUID(),
    log: (entry) => logged.push(entry),
    logged,
  };
}

/** What a flush is given to check alerts, and what comes of it. */
export function checking(deps: AlertDeps & { redis: RedisClient }): {
  onWritten: NonNullable<FlushDeps["onWritten"]>;
  report: AlertReport;
} {
  const report = noAlerts();
  return { onWritten: checkAfterFlush(deps, report), report };
}

/** Access to the ledger that keeps the text of each statement. */
export function noting(database: Database): { database: Database; statements: string[] } {
  const statements: string[] = [];
  return {
    statements,
    database: {
      query: (text, ...rest) => {
        statements.push(text.trim());
        return database.query(text, ...rest);
      },
      transaction: (all) => {
        statements.push(...all.map(({ text }) => text.trim()));
        return database.transaction(all);
      },
    },
  };
}

/** Alerts as `customer threshold` words, with what was told of them as `customer threshold told`. */
export async function firedAndTold({ sql }: FlushFixture): Promise<{ fired: string[]; told: string[] }> {
  const fired = await sql.query<{ words: string }>(
    "select customer_id || ' ' || threshold::text as words from alerts order by customer_id, period_start, threshold",
  );
  const told = await sql.query<{ words: string }>(
    "select customer_id || ' ' || (data ->> 'threshold') as words from notifications where subject like 'alert:%' order by 1",
  );
  return { fired: fired.rows.map(({ words }) => words), told: told.rows.map(({ words }) => words) };
}
