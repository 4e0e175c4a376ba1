import type { Database } from "./database.ts";

/** Keeps what a scheduled run did; counts and durations, never contents. */
export async function insertJobRun(
  database: Database,
  run: { job: string; scheduledMs: number; startedMs: number; finishedMs: number; outcome: object },
): Promise<void> {
  await database.query(
    `
insert into job_runs (job, scheduled_at, started_at, finished_at, outcome)
values ($1, to_timestamp($2::bigint / 1000.0), to_timestamp($3::bigint / 1000.0), to_timestamp($4::bigint / 1000.0),
  $5::jsonb)`,
    [run.job, run.scheduledMs, run.startedMs, run.finishedMs, JSON.stringify(run.outcome)],
  );
}
