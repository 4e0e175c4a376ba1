import { isoTime } from "../domain/window.ts";
import type { Database } from "./database.ts";
import { insertNotification } from "./notifications.ts";
import { column } from "./row.ts";

/** Redis has lost its past, or an operator said so. */
export interface RedisLoss {
  /** Names the incident: every run that notices it gives the same. */
  lossId: string;
  kind: "emptied" | "set_back" | "fenced_by_hand";
  shard: number;
  noticedMs: number;
}

/**
 * Writes a loss down, with what is uncertain by it, and has it told; one that is known already gains a shard.
 *
 * Uncertain is what was recorded since the claim, of the shards that noticed it, that was written last: of the shard that
 * was behind most.
 */
export async function noteLoss(
  database: Database,
  { lossId, kind, shard, noticedMs }: RedisLoss,
): Promise<void> {
  await database.transaction([
    {
      text: `
insert into redis_losses as held (loss_id, kind, shards, flushed_at, noticed_at)
select $1, $2, array[$3::int],
  (select max(claimed_at) from flush_claims where shard = $3::int and claimed_at < noticed_at), noticed_at
from to_timestamp($4::bigint / 1000.0) as noticed_at
on conflict (loss_id) do update set shards = held.shards || excluded.shards,
  flushed_at = least(held.flushed_at, excluded.flushed_at)
where not held.shards @> excluded.shards`,
      params: [lossId, kind, shard, noticedMs],
    },
    insertNotification(
      {
        type: "operations.redis_reset",
        subject: `redis_reset:${lossId}`,
        customerId: null,
        data: { kind, noticedAt: isoTime(noticedMs) },
      },
      noticedMs,
    ),
  ]);
}

/** Keeps that the counters are fenced after a loss. */
export async function noteFenced(database: Database, lossId: string, nowMs: number): Promise<void> {
  await database.query(
    `
update redis_losses set fenced_at = to_timestamp($2::bigint / 1000.0) where loss_id = $1 and fenced_at is null`,
    [lossId, nowMs],
  );
}

/** A loss as finance and operators see it: what was recorded between `flushedAt` and `noticedAt` is uncertain. */
export interface LossRow {
  id: string;
  kind: string;
  flushedAt: string | null;
  noticedAt: string;
  fencedAt: string | null;
}

/** The newest losses. */
export async function readLosses(database: Database, limit: number): Promise<LossRow[]> {
  const rows = await database.query(
    `
select loss_id, kind, (extract(epoch from flushed_at) * 1000)::bigint::text as flushed_ms,
  (extract(epoch from noticed_at) * 1000)::bigint::text as noticed_ms,
  (extract(epoch from fenced_at) * 1000)::bigint::text as fenced_ms
from redis_losses order by noticed_at desc, loss_id desc limit $1`,
    [limit],
  );
  return rows.map((row) => ({
    id: column(row, "loss_id"),
    kind: column(row, "kind"),
    flushedAt: timeOrNull(row["flushed_ms"]),
    noticedAt: isoTime(Number(column(row, "noticed_ms"))),
    fencedAt: timeOrNull(row["fenced_ms"]),
  }));
}

function timeOrNull(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : isoTime(Number(text));
}
