import type { IdentifiedGroup } from "../domain/identified-group.ts";
import type { Measurement } from "../domain/event.ts";
import { EVENT_PATH_TIMEOUT_MS, type Database, type Row } from "./database.ts";
import { formatSeries } from "../domain/series.ts";
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
  const measurements = batch.groups.reduce((sum, group) => sum + group.measurements.length, 0);
  await database.query(
    `
insert into spool (spool_id, received_at, customer_ids, measurements, groups)
select $1, to_timestamp($2::bigint / 1000.0), array(select jsonb_array_elements_text($3::jsonb)), $5::integer, $4::jsonb
on conflict do nothing`,
    [
      batch.spoolId,
      batch.receivedAtMs,
      JSON.stringify([...customerIds]),
      JSON.stringify(batch.groups, stored),
      measurements,
    ],
    EVENT_PATH_TIMEOUT_MS,
  );
}

/**
 * Batches received since a moment, not replayed yet and not refused at or after `nowMs`: one, or as many as have at most
 * `maxMeasurements` together; oldest first, those that were refused before after the others.
 */
export async function pendingSpooled(
  database: Database,
  sinceMs: number,
  nowMs: number,
  maxMeasurements: number,
): Promise<SpooledBatch[]> {
  const rows = await database.query(
    `
with waiting as (
  (select * from spool where failed_at is null and received_at > to_timestamp($1::bigint / 1000.0)
  order by received_at, spool_id limit $3)
  union all
  (select * from spool
  where failed_at < to_timestamp($2::bigint / 1000.0) and received_at > to_timestamp($1::bigint / 1000.0)
  order by failed_at, received_at, spool_id limit $3)
), pending as (
  select *, sum(measurements) over (order by failed_at nulls first, received_at, spool_id) as running from waiting
)
select spool_id, (extract(epoch from received_at) * 1000)::bigint::text as received_ms, groups::text
from pending where running <= $3::integer or running = measurements
order by failed_at nulls first, received_at, spool_id limit $3`,
    [sinceMs, nowMs, maxMeasurements],
  );
  return rows.map(readBatch);
}

/** Keeps that batches were refused. */
export async function markUnreplayed(
  database: Database,
  spoolIds: readonly string[],
  nowMs: number,
): Promise<void> {
  await database.query(
    `
update spool set failed_at = to_timestamp($2::bigint / 1000.0)
where spool_id = any (array(select jsonb_array_elements_text($1::jsonb)))`,
    [JSON.stringify(spoolIds), nowMs],
  );
}

/** Removes batches that are counted. */
export async function deleteSpooled(database: Database, spoolIds: readonly string[]): Promise<void> {
  await database.query(
    "delete from spool where spool_id = any (array(select jsonb_array_elements_text($1::jsonb)))",
    [JSON.stringify(spoolIds)],
  );
}

/** How many batches were received before a moment: too old to be replayed, kept for an operator. */
export async function countExpiredSpooled(database: Database, beforeMs: number): Promise<number> {
  const [row] = await database.query(
    "select count(*)::text as expired from spool where received_at <= to_timestamp($1::bigint / 1000.0)",
    [beforeMs],
  );
  return Number(row?.["expired"] ?? 0);
}

/** Digits as a string; the text of a series is made again. */
function stored(key: string, value: unknown): unknown {
  if (key === "seriesText") {
    return undefined;
  }
  return typeof value === "bigint" ? value.toString() : value;
}

function readBatch(row: Row): SpooledBatch {
  type Stored = Omit<Measurement, "value" | "seriesText"> & { value: string };
  const groups = JSON.parse(column(row, "groups")) as (Omit<IdentifiedGroup, "measurements"> & {
    measurements: (Stored | null)[];
  })[];
  return {
    spoolId: column(row, "spool_id"),
    receivedAtMs: timeColumn(row, "received_ms"),
    groups: groups.map((group) => ({
      ...group,
      measurements: group.measurements.map(
        (kept) => kept && { ...kept, seriesText: formatSeries(kept.series), value: BigInt(kept.value) },
      ),
    })),
  };
}
