import type { Hono } from "hono";
import { rulesInForce, type AlertRule } from "../../domain/alert-rule.ts";
import { readCustomerId } from "../../http/customer-id.ts";
import { ApiProblem } from "../../http/problem.ts";
import { getAlertRules } from "../../ledger/alerts.ts";
import { currentCatalog } from "../../catalog/current-catalog.ts";
import type { Meter } from "../../domain/meter.ts";
import type { Problem } from "../api-calls.ts";
import { Card } from "../card.tsx";
import { Choice, Field, Form } from "../form.tsx";
import { Head, Page } from "../layout.tsx";
import { DoneNotice, ProblemNotice } from "../notice.tsx";
import { worded } from "../printed.ts";
import { refusedStatus, respond } from "../respond.ts";
import type { DashboardContext, DashboardEnv, View } from "../view.ts";

/** `/customers/{id}/rules`: which thresholds tell. */
export function addAlertRules(app: Hono<DashboardEnv>): void {
  app.get("/customers/:id/rules", (context) => show(context, undefined));
  app.post("/customers/:id/rules", async (context) => {
    const { api } = context.get("view");
    const customerId = readCustomerId(context);
    const form = await context.req.parseBody();
    const kept = (await readRules(context, customerId)).flatMap((rule) => changed(rule, form));
    const added = newRule(form);
    const rules = added === undefined ? kept : [...kept, added];
    const path = `/v1/customers/${encodeURIComponent(customerId)}/alert-rules`;
    const { problem, status } = await api("PUT", path, { rules });
    return problem === undefined
      ? context.redirect(`/customers/${encodeURIComponent(customerId)}/rules?done=saved`, 303)
      : show(context, problem, status);
  });
}

type Fields = Record<string, unknown>;

async function readRules(context: DashboardContext, customerId: string): Promise<AlertRule[]> {
  const own = await getAlertRules(context.get("view").deps.database, customerId);
  if (own === undefined) {
    throw new ApiProblem("not_found", "No customer of that id was put: make it one first.");
  }
  return rulesInForce(own);
}

/** A rule as the form has it; none when it is to be removed. */
function changed(rule: AlertRule, form: Fields): unknown[] {
  if (form[`remove:${rule.id}`] !== undefined) {
    return [];
  }
  const enabled = form[`enabled:${rule.id}`] !== undefined;
  return [
    rule.kind === "forecast"
      ? { ...rule, enabled }
      : { ...rule, enabled, thresholds: thresholdsOf(form[`thresholds:${rule.id}`]) },
  ];
}

function newRule(form: Fields): unknown {
  const text = (name: string): string => {
    const value = form[name];
    return typeof value === "string" ? value.trim() : "";
  };
  if (text("new-thresholds") === "") {
    return undefined;
  }
  const thresholds = thresholdsOf(form["new-thresholds"]);
  const common = { id: text("new-id"), enabled: true, thresholds };
  const kind = text("new-kind");
  if (kind === "spend" || kind === "budget") {
    return { ...common, kind };
  }
  const metricName = text("new-metric");
  const metric = metricName === "" ? {} : { metricName };
  return { ...common, kind: "usage", measure: kind === "quantity" ? "quantity" : "percent", ...metric };
}

function thresholdsOf(value: unknown): string[] {
  return (typeof value === "string" ? value : "").split(/[\s,;]+/).filter((text) => text !== "");
}

async function show(
  context: DashboardContext,
  problem: Problem | undefined,
  status = 200,
): Promise<Response> {
  const view = context.get("view");
  const customerId = readCustomerId(context);
  const [rules, catalog] = await Promise.all([
    readRules(context, customerId),
    currentCatalog(view.deps, view.nowMs),
  ]);
  const page = (
    <RulesPage
      view={view}
      customerId={customerId}
      rules={rules}
      meters={catalog?.catalog.meters ?? []}
      problem={problem}
      done={context.req.query("done")}
    />
  );
  return respond(context, page, status === 200 ? 200 : refusedStatus(status));
}

interface RulesProps {
  view: View;
  customerId: string;
  rules: readonly AlertRule[];
  meters: readonly Meter[];
  problem: Problem | undefined;
  done: string | undefined;
}

function RulesPage({ view, customerId, rules, meters, problem, done }: RulesProps) {
  const address = `/customers/${encodeURIComponent(customerId)}`;
  return (
    <Page view={view} title={`Alert rules of ${customerId}`} room="/customers">
      <Head
        title="Alert rules"
        sub="Each threshold tells once in a period, at the first minute after it is crossed."
        above={[
          ["/customers", "Customers"],
          [address, customerId],
        ]}
      />
      <DoneNotice done={done} />
      <ProblemNotice problem={problem} />
      <Form view={view} action={`${address}/rules`}>
        <div class="grid">
          <Card title="Rules in force">
            <RuleTable rules={rules} />
          </Card>
          <Card title="One more rule" note="Left empty, none is added">
            <NewRuleFields meters={meters} />
          </Card>
        </div>
        <p class="actions">
          <button type="submit">Save rules</button>
        </p>
      </Form>
    </Page>
  );
}

function RuleTable({ rules }: { rules: readonly AlertRule[] }) {
  return (
    <div class="scroll" role="region" aria-label="Rules" tabindex={0}>
      <table>
        <thead>
          <tr>
            {["Rule", "Of", "Thresholds", "On", "Remove"].map((name) => (
              <th scope="col">{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rules.map((rule) => (
            <tr>
              <th scope="row">{rule.id}</th>
              <td>{subjectOf(rule)}</td>
              <td>
                {rule.kind === "forecast" ? (
                  <span class="minor">when the budget would be passed</span>
                ) : (
                  <input
                    name={`thresholds:${rule.id}`}
                    aria-label={`Thresholds of ${rule.id}`}
                    value={rule.thresholds.join(", ")}
                  />
                )}
              </td>
              <td>
                <input
                  type="checkbox"
                  name={`enabled:${rule.id}`}
                  checked={rule.enabled}
                  aria-label={`${rule.id} is on`}
                />
              </td>
              <td>
                {!rule.id.startsWith("default_") && (
                  <input type="checkbox" name={`remove:${rule.id}`} aria-label={`Remove ${rule.id}`} />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function subjectOf(rule: AlertRule): string {
  switch (rule.kind) {
    case "usage":
      return rule.measure === "quantity"
        ? `quantity of ${rule.metricName ?? ""}`
        : `% of what is included of ${rule.metricName ?? "each metric"}`;
    case "budget":
      return "% of the budget";
    case "spend":
      return "amount spent";
    case "forecast":
      return worded(rule.kind);
  }
}

function NewRuleFields({ meters }: { meters: readonly Meter[] }) {
  return (
    <div class="fields">
      <Field name="new-id" label="Id" hint="Letters, digits, _ . or -" />
      <Choice
        name="new-kind"
        label="Measured in"
        value="percent"
        options={[
          ["percent", "% of what is included"],
          ["quantity", "Quantity of one metric"],
          ["budget", "% of the budget"],
          ["spend", "Amount spent"],
        ]}
      />
      <Choice
        name="new-metric"
        label="Metric"
        value=""
        options={[["", "Each"], ...meters.map(({ name, displayName }) => [name, displayName] as const)]}
      />
      <Field name="new-thresholds" label="Thresholds" hint="Several with commas between" />
    </div>
  );
}
