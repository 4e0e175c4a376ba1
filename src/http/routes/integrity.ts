import { Hono } from "hono";
import { announceDue } from "../../counters/due.ts";
import type { Deps } from "../../deps.ts";
import { HOUR_MS, isoTime } from "../../domain/window.ts";
import { readFindings } from "../../ledger/integrity-findings.ts";
import { insertJobRun, lastRunWith } from "../../ledger/job-runs.ts";
import { readLosses } from "../../ledger/redis-losses.ts";
import { requireScope } from "../auth.ts";
import { ApiProblem } from "../problem.ts";
import { stripeRefusal } from "./invoice-document.ts";

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
      lastRunWith(deps.database, ["days", "counters", "reconciliation"]),
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
    return context.json(await compareNow(deps));
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

/** All that the hourly run compares, now; what is not Stripe's is compared also when Stripe fails. */
async function compareNow(deps: Deps): Promise<object> {
  const [{ checks }, { reconcile }, { stripeFailure }] = await Promise.all([
    import("../../integrity/run-integrity.ts"),
    import("../../invoicing/reconcile.ts"),
    import("../../invoicing/run-step.ts"),
  ]);
  const startedMs = deps.now();
  const { days, counters } = checks(deps, startedMs);
  const compared = { days: await days(), counters: await counters() };
  let failure: unknown;
  const reconciliation = await reconcile(deps, startedMs, true).catch((error: unknown) => {
    failure = error;
  });
  const report = { ...compared, ...(reconciliation && { reconciliation }) };
  // What was found is told; the next tick sends it.
  await announceDue(deps.redis, deps.randomId());
  const finishedMs = deps.now();
  const run = { job: "integrity", scheduledMs: startedMs, startedMs, finishedMs, outcome: report };
  await insertJobRun(deps.database, run);
  if (reconciliation === undefined) {
    throw stripeRefusal(stripeFailure(failure), "what is not Stripe's was compared; run it again") ?? failure;
  }
  const { invoices, stripeInvoices } = reconciliation;
  const parts = [compared.days, compared.counters, invoices, stripeInvoices];
  const isDrift = parts.some(({ drifted }) => drifted > 0);
  return { status: isDrift ? "drift" : "ok", ...report, checkedAt: isoTime(finishedMs) };
}
