import type { Database, Row } from "./database.ts";
import { column, timeColumn } from "./row.ts";

/** What a scheduled run did. */
export interface NewJobRun {
  job: string;
  /** The trigger's time. */
  scheduledMs: number;
  startedMs: number;
  finishedMs: number;
  outcome: object;
}

export interface JobRun extends NewJobRun {
  runId: string;
}

/** Keeps what a scheduled run did; counts and durations, never contents. */
export async function insertJobRun(database: Database, run: NewJobRun): Promise<void> {
  await database.query(
    `
insert into job_runs (job, scheduled_at, started_at, finished_at, outcome)
values ($1, to_timestamp($2::bigint / 1000.0), to_timestamp($3::bigint / 1000.0), to_timestamp($4::bigint / 1000.0),
  $5::jsonb)`,
    [run.job, run.scheduledMs, run.startedMs, run.finishedMs, JSON.stringify(run.outcome)],
  );
}

/** Runs from newest to oldest, after the one that `after` names; its id is a number in digits. */
export async function listJobRuns(
  database: Database,
  job: string | undefined,
  limit: number,
  after: { timeMs: number; id: string } | undefined,
): Promise<JobRun[]> {
  const rows = await database.query(
    `
select run_id::text, job, (extract(epoch from scheduled_at) * 1000)::bigint::text as scheduled_ms,
  (extract(epoch from started_at) * 1000)::bigint::text as started_ms,
  (extract(epoch from finished_at) * 1000)::bigint::text as finished_ms, outcome::text
from job_runs
where (started_at, run_id) < (coalesce(to_timestamp($1::bigint / 1000.0), 'infinity'), $2::bigint)
  and ($3::text is null or job = $3)
order by started_at desc, job_runs.run_id desc limit $4`,
    [after?.timeMs ?? null, after?.id ?? 0, job ?? null, limit],
  );
  return rows.map(readRun);
}

/** When the newest run ended whose outcome tells of all the named parts, epoch ms; undefined when none has. */
export async function lastRunWith(database: Database, parts: readonly string[]): Promise<number | undefined> {
  const [row] = await database.query(
    `
select (extract(epoch from finished_at) * 1000)::bigint::text as finished_ms from job_runs
where outcome ?& array(select jsonb_array_elements_text($1::jsonb))
order by started_at desc, run_id desc limit 1`,
    [JSON.stringify(parts)],
  );
  return row && timeColumn(row, "finished_ms");
}

/**
 * When the first run of a job was due since its last one whose outcome tells of a part, epoch ms; undefined when that was
 * its newest run, or it has none.
 */
export async function firstRunWithout(
  database: Database,
  job: string,
  part: string,
): Promise<number | undefined> {
  const [row] = await database.query(
    `
select (extract(epoch from scheduled_at) * 1000)::bigint::text as scheduled_ms from job_runs
where job = $1 and started_at > coalesce((
  select started_at from job_runs where job = $1 and outcome ? $2 order by started_at desc, run_id desc limit 1),
  '-infinity')
order by started_at, run_id limit 1`,
    [job, part],
  );
  return row && timeColumn(row, "scheduled_ms");
}

/** Forgets runs that began before a moment, the oldest first; at most `limit`. */
export async function pruneJobRuns(database: Database, beforeMs: number, limit: number): Promise<number> {
  const rows = await database.query(
    `
delete from job_runs where ctid = any (array(
  select ctid from job_runs where started_at < to_timestamp($1::bigint / 1000.0) order by started_at limit $2))
returning 1`,
    [beforeMs, limit],
  );
  return rows.length;
}

function readRun(row: Row): JobRun {
  return {
    runId: column(row, "run_id"),
    job: column(row, "job"),
    scheduledMs: timeColumn(row, "scheduled_ms"),
    startedMs: timeColumn(row, "started_ms"),
    finishedMs: timeColumn(row, "finished_ms"),
    outcome: JSON.parse(column(row, "outcome")) as object,
  };
}
