import { Hono } from "hono";
import * as z from "zod";
import type { Deps } from "../../deps.ts";
import { isoTime } from "../../domain/window.ts";
import { listJobRuns, type JobRun } from "../../ledger/job-runs.ts";
import { requireScope } from "../auth.ts";
import { page, pagingParameters, readPage, type Position } from "../pagination.ts";
import { ApiProblem } from "../problem.ts";
import { readQuery } from "../query.ts";

/** The address of `GET /v1/job-runs`. */
export const jobRunQuerySchema = z.strictObject({
  job: z
    .string()
    .regex(/^[a-z_]{1,40}$/, "the name of one, such as minute, hourly or integrity")
    .optional(),
  ...pagingParameters,
});

/** `GET /v1/job-runs`: what scheduled work did. */
export function jobRunRoutes(deps: Deps): Hono {
  const routes = new Hono();

  routes.get("/v1/job-runs", requireScope(deps.keys, "read"), async (context) => {
    const { job, ...paging } = readQuery(context.req.url, jobRunQuerySchema).parameters;
    const { limit, after } = readPage(paging);
    if (after !== undefined && !/^\d{1,18}$/.test(after.id)) {
      throw new ApiProblem("invalid_cursor", "take the cursor from nextCursor of the page before");
    }
    const runs = await listJobRuns(deps.database, job, limit + 1, after);
    return context.json(page(runs, limit, position, jobRunDocument));
  });

  return routes;
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
