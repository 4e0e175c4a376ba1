import { Client } from "pg";
import { METRIC, parseUnits, total } from "./figures.ts";

/** Ticks of the minute cron after which the ledger must be complete. */
const MAX_TICKS = 50;

/** What the ledger holds per customer, read from Postgres itself. */
export async function readLedger(databaseUrl: string): Promise<Map<string, bigint>> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ customer_id: string; quantity: string }>(
      `select customer_id, sum(value)::text as quantity
         from usage_records where metric_name = $1 group by customer_id`,
      [METRIC],
    );
    return new Map(rows.map((row) => [row.customer_id, parseUnits(row.quantity)]));
  } finally {
    await client.end();
  }
}

/** Fires the minute cron until the ledger shows the expected sum or a tick brings nothing more. */
export async function flushToLedger(
  expected: bigint,
  { databaseUrl, fireMinute }: { databaseUrl: string; fireMinute: () => Promise<void> },
): Promise<Map<string, bigint>> {
  let ledger = new Map<string, bigint>();
  let before = -1n;
  for (let tick = 0; tick < MAX_TICKS && before !== total(ledger.values()); tick += 1) {
    before = total(ledger.values());
    // oxlint-disable-next-line no-await-in-loop -- a tick goes on where the one before stopped
    await fireMinute();
    // oxlint-disable-next-line no-await-in-loop -- and is judged by what it left
    ledger = await readLedger(databaseUrl);
    if (total(ledger.values()) === expected) {
      break;
    }
  }
  return ledger;
}
