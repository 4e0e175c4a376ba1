import type { Database, Statement } from "./database.ts";
import { column } from "./row.ts";

/** Advisory lock class of the flush; the second key is the shard. */
const FLUSH_LOCK = 1_702_389_091;

/** What the ledger knows of a shard. */
export interface ShardState {
  /** The life of Redis that its newest claim came from. */
  born: string;
  /** The highest number of a claim of that life that was written or fenced. */
  number: number;
  /** Set when a claim has shown that Redis was set back: how often that Redis had been fenced by then. */
  setBackAtFences: number | null;
}

/** A claim as it is written down with what it brings: number of a life of Redis, under a fresh id. */
export interface ClaimRecord {
  shard: number;
  born: string;
  number: number;
  claimId: string;
  /** How often its Redis had been fenced. */
  fences: number;
  /** The claims before it, as its Redis knows them. */
  recent: readonly { number: number; claimId: string }[];
}

/**
 * What the ledger says of a claim: `accepted`; `emptied` is accepted too, as the first of another life of Redis; not written
 * are `set_back`, where another claim has its number or that of one before it, and `fenced`, which is from before a fence.
 */
export type ClaimVerdict = "accepted" | "emptied" | "set_back" | "fenced";

/** More claims than can be between the counters and the ledger. */
const CLAIMS_UNDER_WAY = 1_000_000;

/** Takes the shard's lock until the transaction ends: what follows sees what its last holder wrote. */
export function lockShard(shard: number): Statement {
  return { text: "select pg_advisory_xact_lock($1::int, $2::int)::text", params: [FLUSH_LOCK, shard] };
}

/**
 * Writes a claim down, or says why not; answers one row with the verdict. Runs under the shard's lock.
 *
 * That Redis was set back is kept, for the run that finds it may die before it has fenced the counters.
 */
export function noteClaim(claim: ClaimRecord, nowMs: number): Statement {
  const { shard, born, number, claimId, fences, recent } = claim;
  return {
    text: `
with held as (
  select born, fenced_number from flush_shards where shard = $1::int
), line as (
  select $3::bigint as number, $4 as claim_id
  union all
  select number, "claimId" from jsonb_to_recordset($7::jsonb) as recent (number bigint, "claimId" text)
), other as (
  select 1 from line join flush_claims known using (number)
  where known.shard = $1::int and known.born = $2 and known.claim_id <> line.claim_id
), judged as (
  select case
    when exists (select 1 from held where born = $2 and fenced_number >= $3::bigint) then 'fenced'
    when exists (select 1 from other) then 'set_back'
    when exists (select 1 from held where born <> $2) then 'emptied'
    else 'accepted' end as verdict
), noted as (
  -- Those before it too, written or not: a claim of another line with one of their numbers is then known for one.
  insert into flush_claims (shard, born, number, claim_id, claimed_at)
  select $1::int, $2, number, claim_id, to_timestamp($5::bigint / 1000.0) from judged, line
  where verdict in ('accepted', 'emptied')
  on conflict do nothing
), moved as (
  insert into flush_shards as shards (shard, born)
  select $1::int, $2 from judged where verdict in ('accepted', 'emptied')
  on conflict (shard) do update set born = excluded.born, fenced_number = 0, set_back_at_fences = null
  where shards.born <> excluded.born
), suspected as (
  insert into flush_shards as shards (shard, born, set_back_at_fences)
  select $1::int, $2, $6::int from judged where verdict = 'set_back'
  on conflict (shard) do update set set_back_at_fences = excluded.set_back_at_fences
)
select verdict from judged`,
    params: [shard, born, number, claimId, nowMs, fences, JSON.stringify(recent)],
  };
}

/** What the ledger knows of each shard that it has seen a claim of. */
export async function readShards(database: Database): Promise<Map<number, ShardState>> {
  const rows = await database.query(
    `
select shard::text, born, set_back_at_fences::text as set_back,
  greatest(fenced_number, coalesce((
    select max(number) from flush_claims where flush_claims.shard = flush_shards.shard
      and flush_claims.born = flush_shards.born), 0))::text as number
from flush_shards`,
    [],
  );
  return new Map(
    rows.map((row) => [
      Number(column(row, "shard")),
      {
        born: column(row, "born"),
        number: Number(column(row, "number")),
        setBackAtFences: row["set_back"] === null ? null : Number(column(row, "set_back")),
      },
    ]),
  );
}

/**
 * A number for each shard that no claim of any life has reached: well above all that the ledger holds, for claims that are
 * on their way to it.
 */
export async function readUnreached(database: Database): Promise<Map<number, number>> {
  const rows = await database.query(
    `
with recursive lives (shard, born) as (
  (select shard, born from flush_claims order by shard, born limit 1)
  union all
  select next.shard, next.born from lives cross join lateral (
    select shard, born from flush_claims
    where (shard, born) > (lives.shard, lives.born) order by shard, born limit 1) as next
)
select shard::text, (max(number) + $1::bigint)::text as number from (
  select shard, (
    select max(number) from flush_claims where flush_claims.shard = lives.shard and flush_claims.born = lives.born
  ) as number from lives
  union all
  select shard, fenced_number from flush_shards
) as numbers group by shard`,
    [CLAIMS_UNDER_WAY],
  );
  return new Map(rows.map((row) => [Number(column(row, "shard")), Number(column(row, "number"))]));
}

/** Notes the lives of shards that the ledger has not met; those that it knows stay. */
export async function meetShards(database: Database, shards: readonly { born: string }[]): Promise<void> {
  const page = shards.map(({ born }, shard) => ({ shard, born }));
  await database.query(
    `
insert into flush_shards (shard, born)
select shard, born from jsonb_to_recordset($1::jsonb) as page (shard integer, born text)
on conflict do nothing`,
    [JSON.stringify(page)],
  );
}

/** Lets no claim be written any more that has one of these numbers or a lower one. */
export async function fenceShards(
  database: Database,
  shards: readonly { born: string; number: number }[],
): Promise<void> {
  const page = shards.flatMap(({ born, number }, shard) => (born === "" ? [] : [{ shard, born, number }]));
  await database.query(
    `
insert into flush_shards as held (shard, born, fenced_number)
select shard, born, number from jsonb_to_recordset($1::jsonb) as page (shard integer, born text, number bigint)
on conflict (shard) do update set
  fenced_number = case when held.born = excluded.born
    then greatest(held.fenced_number, excluded.fenced_number) else excluded.fenced_number end,
  born = excluded.born, set_back_at_fences = null`,
    [JSON.stringify(page)],
  );
}

/** Forgets claims that no copy of Redis can still hold a bucket of; at most `limit`. */
export async function pruneClaims(database: Database, beforeMs: number, limit: number): Promise<number> {
  const rows = await database.query(
    `
delete from flush_claims where ctid = any (array(
  select ctid from flush_claims where claimed_at < to_timestamp($1::bigint / 1000.0) order by claimed_at limit $2))
returning 1`,
    [beforeMs, limit],
  );
  return rows.length;
}
