import { Hono } from "hono";
import { announceDue } from "../../counters/due.ts";
import type { Deps } from "../../deps.ts";
import { HOUR_MS, isoTime } from "../../domain/window.ts";
import { readFindings } from "../../ledger/integrity-findings.ts";
import { insertJobRun, lastRunWith } from "../../ledger/job-runs.ts";
import { readLosses } from "../../ledger/redis-losses.ts";
import { requireScope } from "../auth.ts";
import { ApiProblem } from "../problem.ts";

/** Most findings and losses of one answer: open findings first, the newest first. */
const MAX_LISTED = 100;
/** A check runs each hour; two may fail. */
const CHECKED_WITHIN_MS = 3 * HOUR_MS;

/** `/v1/integrity`: what does not agree, what Redis has lost, and what an operator can do about either. */
export function integrityRoutes(deps: Deps): Hono {
  const routes = new Hono();

  routes.get("/v1/integrity", requireScope(deps.keys, "read"), async (context) => {
    const [findings, redisLosses, checkedMs] = await Promise.all([
      readFindings(deps.database, MAX_LISTED),
      readLosses(deps.database, MAX_LISTED),
      lastRunWith(deps.database, ["days", "counters"]),
    ]);
    const isDrift = findings.some(({ goneAt }) => goneAt === null);
    // A check that has not run for hours says nothing: that must not look like all is well.
    const isChecked = checkedMs !== undefined && deps.now() - checkedMs < CHECKED_WITHIN_MS;
    return context.json({
      status: isDrift ? "drift" : isChecked ? "ok" : "unknown",
      findings: findings.map(({ kind, detail, ...times }) => ({ kind, ...detail, ...times })),
      redisLosses,
      checkedAt: checkedMs === undefined ? null : isoTime(checkedMs),
    });
  });

  routes.post("/v1/integrity/run", requireScope(deps.keys, "admin"), async (context) => {
    const { checks } = await import("../../integrity/run-integrity.ts");
    const startedMs = deps.now();
    const { days, counters } = checks(deps, startedMs);
    const report = { days: await days(), counters: await counters() };
    // What was found is told; the next tick sends it.
    await announceDue(deps.redis, deps.randomId());
    const finishedMs = deps.now();
    const run = { job: "integrity", scheduledMs: startedMs, startedMs, finishedMs, outcome: report };
    await insertJobRun(deps.database, run);
    const isDrift = report.days.drifted + report.counters.drifted > 0;
    return context.json({ status: isDrift ? "drift" : "ok", ...report, checkedAt: isoTime(finishedMs) });
  });

  routes.post("/v1/integrity/fence", requireScope(deps.keys, "admin"), async (context) => {
    const [{ fenceCounters }, { flushStores }] = await Promise.all([
      import("../../flush/fence.ts"),
      import("../../flush/flush-stores.ts"),
    ]);
    const stores = flushStores(deps.redis, deps.database);
    const fenced = await fenceCounters({ stores, randomId: deps.randomId }, "by_hand", deps.now());
    await announceDue(deps.redis, deps.randomId());
    if (fenced === undefined) {
      throw new ApiProblem("conflict", "another run has put up and closed this fence; see GET /v1/integrity");
    }
    return context.json({ incident: fenced.incident, buckets: fenced.buckets });
  });

  return routes;
}
