import { Hono } from "hono";
import * as z from "zod";
import type { Deps } from "../../deps.ts";
import { alertRulesSchema, rulesInForce } from "../../domain/alert-rule.ts";
import { customerIdSchema } from "../../domain/customer.ts";
import { isoTime } from "../../domain/window.ts";
import { getAlertRules, listAlerts, putAlertRules, type Alert } from "../../ledger/alerts.ts";
import { latestCatalog } from "../../ledger/catalog-versions.ts";
import { currencyOf, parseMajor } from "../../domain/money.ts";
import { quantityAt } from "../../domain/quantity.ts";
import type { AlertRule } from "../../domain/alert-rule.ts";
import type { Catalog } from "../../rating/catalog.ts";
import { requireScope } from "../auth.ts";
import { checkAlertsNow } from "../../alerts/check-now.ts";
import { checked, readJson } from "../body.ts";
import { readCustomerId } from "../customer-id.ts";
import { page, pagingParameters, readPage, type Position } from "../pagination.ts";
import { ApiProblem, type InputFault } from "../problem.ts";
import { readQuery } from "../query.ts";
import { momentSchema } from "../moment.ts";

const INVALID = "the rules are not valid; nothing was changed";
/** The address of `GET /v1/alerts`. */
export const alertQuerySchema = z.strictObject({
  customerId: customerIdSchema.optional(),
  from: momentSchema.optional(),
  ...pagingParameters,
});

/** `/v1/alerts` and `/v1/customers/{id}/alert-rules`: which thresholds were crossed, and which ones count. */
export function alertRoutes(deps: Deps): Hono {
  const routes = new Hono();

  routes.get("/v1/alerts", requireScope(deps.keys, "read"), async (context) => {
    const { customerId, from, ...paging } = readQuery(context.req.url, alertQuerySchema).parameters;
    const { limit, after } = readPage(paging);
    const alerts = await listAlerts(deps.database, { customerId, fromMs: from }, limit + 1, after);
    return context.json(page(alerts, limit, position, alertDocument));
  });

  routes.get("/v1/customers/:id/alert-rules", requireScope(deps.keys, "read"), async (context) => {
    return context.json(rulesDocument(known(await getAlertRules(deps.database, readCustomerId(context)))));
  });

  routes.put("/v1/customers/:id/alert-rules", requireScope(deps.keys, "admin"), async (context) => {
    const customerId = readCustomerId(context);
    const { rules } = checked(alertRulesSchema, await readJson(context), INVALID);
    const [before, latest] = await Promise.all([
      getAlertRules(deps.database, customerId),
      latestCatalog(deps.database),
    ]);
    checkAgainstCatalog(rules, known(before), latest?.catalog);
    const nowMs = deps.now();
    if (!(await putAlertRules(deps.database, customerId, rules, nowMs))) {
      known(undefined);
    }
    // A rule that comes after its threshold was passed fires at once.
    await checkAlertsNow(deps, customerId, nowMs);
    return context.json(rulesDocument(rules));
  });

  return routes;
}

function known(rules: AlertRule[] | undefined): AlertRule[] {
  if (rules === undefined) {
    throw new ApiProblem("not_found", "no customer of that id was put");
  }
  return rules;
}

/** All rules that count, the defaults among them, so that the document can be changed and put again. */
function rulesDocument(own: readonly AlertRule[]): object {
  return { rules: rulesInForce(own) };
}

/**
 * What only the catalog can tell: whether a metric is there, and a threshold not finer than it is counted. A rule that the
 * customer has already stays, whatever has become of the catalog since.
 */
function checkAgainstCatalog(
  rules: readonly AlertRule[],
  before: readonly AlertRule[],
  catalog: Catalog | undefined,
): void {
  const errors: InputFault[] = [];
  const currency = currencyOf(catalog?.currency ?? "usd");
  const kept = new Set(alertRulesSchema.parse({ rules: before }).rules.map((rule) => JSON.stringify(rule)));
  for (const [index, rule] of rules.entries()) {
    if (kept.has(JSON.stringify(rule))) {
      continue;
    }
    const metricName = rule.kind === "usage" ? rule.metricName : undefined;
    const meter = catalog?.meters.find(({ name }) => name === metricName);
    if (metricName !== undefined && meter === undefined) {
      errors.push({ path: `rules.${index}.metricName`, message: `no meter is named ${metricName}` });
    }
    if (rule.kind === "forecast" || rule.kind === "budget") {
      continue;
    }
    for (const [at, threshold] of rule.thresholds.entries()) {
      const isTooFine =
        rule.kind === "spend"
          ? parseMajor(threshold, currency) === undefined
          : rule.measure === "quantity" &&
            meter !== undefined &&
            quantityAt(threshold, meter.scale) === undefined;
      if (isTooFine) {
        errors.push({ path: `rules.${index}.thresholds.${at}`, message: "is finer than it is counted" });
      }
    }
  }
  if (errors.length > 0) {
    throw new ApiProblem("invalid_content", INVALID, { errors });
  }
}

function position(alert: Alert): Position {
  return { timeMs: alert.firedAtMs, id: alert.alertId };
}

function alertDocument(alert: Alert): object {
  return {
    id: alert.alertId,
    customerId: alert.customerId,
    rule: alert.ruleId,
    kind: alert.kind,
    metric: alert.metricName === "" ? null : alert.metricName,
    threshold: alert.measure === "percent" ? Number(alert.threshold) : alert.threshold,
    thresholdUnit: alert.measure,
    current: alert.current,
    included: alert.kind === "usage" ? alert.whole : null,
    budget: alert.kind === "usage" ? null : alert.whole,
    currency: alert.currency,
    period: { start: isoTime(alert.period.startMs), end: isoTime(alert.period.endMs) },
    firedAt: isoTime(alert.firedAtMs),
  };
}
