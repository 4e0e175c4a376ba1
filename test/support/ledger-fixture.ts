import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { migrate } from "../../local/migrate.ts";
import { startLocalNeon } from "../../local/neon/server.ts";
import { startPostgres } from "../../local/postgres-server.ts";
import { periodContaining, type Period } from "../../src/domain/period.ts";
import { createDatabase, type Database } from "../../src/ledger/database.ts";

/** Those that refer to others first; deleting a few rows is quicker than truncating. */
const TABLES = [
  "alerts",
  "alert_rules",
  "budget_forecasts",
  "invoice_steps",
  "invoice_voids",
  "stripe_events",
  "stripe_sweeps",
  "invoice_lines",
  "invoices",
  "billing_periods",
  "customer_plans",
  "alert_rules",
  "budget_forecasts",
  "alerts",
  "customers",
  "catalog_versions",
  "usage_records",
  "usage_daily",
  "flush_shards",
  "flush_claims",
  "redis_losses",
  "adjustments",
  "delivery_attempts",
  "deliveries",
  "webhook_endpoints",
  "notifications",
  "integrity_findings",
  "job_runs",
  "spool",
  "api_keys",
];

/** A real Postgres with the ledger's tables, behind the endpoint that the Worker uses. */
export interface LedgerFixture {
  /** The product's access. */
  database: Database;
  /** A bare connection, to look behind the statements; answers rows as text. */
  raw: (text: string, params?: unknown[]) => Promise<Record<string, string | null>[]>;
  /** Empties every table. */
  clear: () => Promise<void>;
  stop: () => Promise<void>;
}

/** A customer's current period, and the month before it. */
export function withMonthBefore(current: Period): { current: Period; before: Period } {
  return { current, before: periodContaining(current.startMs - 1) };
}

function print(): void {}

/** Starts a Postgres of its own in a folder of its own. */
export async function startLedgerFixture(): Promise<LedgerFixture> {
  const dir = await mkdtemp(join(tmpdir(), "edgemeter-ledger-"));
  const server = await startPostgres({ dir, fresh: true, print });
  await migrate(server.url, { print });
  const neon = await startLocalNeon({ databaseUrl: server.url });
  const client = new Client({ connectionString: server.url });
  await client.connect();
  // What a test writes need not outlive a crash of the machine.
  await client.query(`alter database ${client.database} set synchronous_commit = off`);
  const types = { getTypeParser: () => (text: string) => text };
  return {
    database: createDatabase(server.url, `${neon.url}/sql`),
    raw: async (text, values = []) => {
      const { rows } = await client.query<Record<string, string | null>>({ text, values, types });
      return rows;
    },
    clear: async () => {
      await client.query(TABLES.map((table) => `delete from ${table}`).join("; "));
    },
    stop: async () => {
      await client.end();
      await neon.stop();
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
