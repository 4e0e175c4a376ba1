import type { IdentifiedGroup } from "../domain/identified-group.ts";
import type { Measurement } from "../domain/event.ts";
import type { Database, Row } from "./database.ts";
import { column, timeColumn } from "./row.ts";

/** A batch that the counters could not take, as it was identified at receipt. */
export interface SpooledBatch {
  spoolId: string;
  receivedAtMs: number;
  groups: readonly IdentifiedGroup[];
}

/** Keeps a batch; one that is there already stays. */
export async function insertSpooled(database: Database, batch: SpooledBatch): Promise<void> {
  const customerIds = new Set(
    batch.groups.flatMap(({ measurements }) =>
      measurements.flatMap((measured) => measured?.customerId ?? []),
    ),
  );
  await database.query(
    `
insert into spool (spool_id, received_at, customer_ids, groups)
select $1, to_timestamp($2::bigint / 1000.0), array(select jsonb_array_elements_text($3::jsonb)), $4::jsonb
on conflict do nothing`,
    [
      batch.spoolId,
      batch.receivedAtMs,
      JSON.stringify([...customerIds]),
      JSON.stringify(batch.groups, digits),
    ],
  );
}

/** Batches received since a moment and not replayed yet, oldest first. */
export async function pendingSpooled(
  database: Database,
  sinceMs: number,
  limit: number,
): Promise<SpooledBatch[]> {
  const rows = await database.query(
    `
select spool_id, (extract(epoch from received_at) * 1000)::bigint::text as received_ms, groups::text from spool
where received_at > to_timestamp($1::bigint / 1000.0)
order by received_at, spool_id limit $2`,
    [sinceMs, limit],
  );
  return rows.map(readBatch);
}

/** Removes batches that are counted. */
export async function deleteSpooled(database: Database, spoolIds: readonly string[]): Promise<void> {
  await database.query("delete from spool where spool_id in (select jsonb_array_elements_text($1::jsonb))", [
    JSON.stringify(spoolIds),
  ]);
}

/** How many batches were received before a moment: too old to be replayed, kept for an operator. */
export async function countExpiredSpooled(database: Database, beforeMs: number): Promise<number> {
  const [row] = await database.query(
    "select count(*)::text as expired from spool where received_at <= to_timestamp($1::bigint / 1000.0)",
    [beforeMs],
  );
  return Number(row?.["expired"] ?? 0);
}

function digits(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

function readBatch(row: Row): SpooledBatch {
  type Stored = Omit<Measurement, "value"> & { value: string };
  const groups = JSON.parse(column(row, "groups")) as (Omit<IdentifiedGroup, "measurements"> & {
    measurements: (Stored | null)[];
  })[];
  return {
    spoolId: column(row, "spool_id"),
    receivedAtMs: timeColumn(row, "received_ms"),
    groups: groups.map((group) => ({
      ...group,
      measurements: group.measurements.map((stored) => stored && { ...stored, value: BigInt(stored.value) }),
    })),
  };
}
