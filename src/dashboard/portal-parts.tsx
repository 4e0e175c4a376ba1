import type { AlertRule } from "../domain/alert-rule.ts";
import type { Alert } from "../ledger/alerts.ts";
import type { UsageDocument } from "../usage/usage-document.ts";
import { AlertTable } from "./alert-table.tsx";
import { Card, Stat } from "./card.tsx";
import { ShareBar } from "./charts/share-bar.tsx";
import { Span } from "./moment.tsx";
import { money, worded } from "./printed.ts";

/** What it costs so far, by the end, and of which budget. */
export function PortalCosts({ document }: { document: UsageDocument }) {
  const { currency, budget } = document;
  return (
    <>
      <Stat
        width={4}
        label="Cost so far"
        value={money(document.totalCost, currency)}
        note={<Span {...document.period} />}
      />
      <Stat
        width={4}
        label="By the end of the period"
        value={money(document.projectedTotal, currency)}
        note="if it goes on at this pace"
      />
      <Stat
        width={4}
        label="Budget"
        value={budget === null ? "None" : money(budget.amount, currency)}
        note={
          budget !== null && (
            <>
              <ShareBar
                over="bad"
                percent={budget.percentUsed}
                label={`${budget.percentUsed} % of the budget`}
              />
              {budget.percentUsed} % used
            </>
          )
        }
      />
    </>
  );
}

/** What tells the customer, and what it has told. */
export function PortalAlerts({ alerts, rules }: { alerts: readonly Alert[]; rules: readonly AlertRule[] }) {
  return (
    <Card title="Alerts">
      <AlertTable alerts={alerts.slice(0, 8)} />
      <h3>You are told at</h3>
      <ul class="minor">
        {rules
          .filter(({ enabled }) => enabled)
          .map((rule) => (
            <li>{ruleText(rule)}</li>
          ))}
      </ul>
    </Card>
  );
}

function ruleText(rule: AlertRule): string {
  if (rule.kind === "forecast") {
    return "a forecast that passes the budget";
  }
  const thresholds = rule.thresholds.join(", ");
  switch (rule.kind) {
    case "usage":
      return rule.measure === "quantity"
        ? `${thresholds} of ${rule.metricName ?? ""}`
        : `${thresholds} % of what is included of ${rule.metricName ?? "each metric"}`;
    case "budget":
      return `${thresholds} % of the budget`;
    case "spend":
      return `${worded("spend")} of ${thresholds}`;
  }
}
