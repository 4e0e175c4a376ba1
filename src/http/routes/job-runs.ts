import { Hono } from "hono";
import type { Deps } from "../../deps.ts";
import { isoTime } from "../../domain/window.ts";
import { listJobRuns, type JobRun } from "../../ledger/job-runs.ts";
import { requireScope } from "../auth.ts";
import { page, readPage, type Position } from "../pagination.ts";
import { ApiProblem } from "../problem.ts";

/** `GET /v1/job-runs`: what scheduled work did. */
export function jobRunRoutes(deps: Deps): Hono {
  const routes = new Hono();

  routes.get("/v1/job-runs", requireScope(deps.keys, "read"), async (context) => {
    const query = context.req.query();
    const { limit, after } = readPage(query);
    if (after !== undefined && !/^\d{1,18}$/.test(after.id)) {
      throw new ApiProblem("invalid_cursor", "take the cursor from nextCursor of the page before");
    }
    const runs = await listJobRuns(deps.database, readJob(query["job"]), limit + 1, after);
    return context.json(page(runs, limit, position, jobRunDocument));
  });

  return routes;
}

function readJob(job: string | undefined): string | undefined {
  if (job !== undefined && !/^[a-z_]{1,40}$/.test(job)) {
    throw new ApiProblem("invalid_request", "job: the name of one, such as minute, hourly or integrity");
  }
  return job;
}

function position({ startedMs, runId }: JobRun): Position {
  return { timeMs: startedMs, id: runId };
}

function jobRunDocument({ runId, job, scheduledMs, startedMs, finishedMs, outcome }: JobRun): object {
  return {
    id: runId,
    job,
    scheduledAt: isoTime(scheduledMs),
    startedAt: isoTime(startedMs),
    finishedAt: isoTime(finishedMs),
    outcome,
  };
}
