import type { Hono } from "hono";
import { examineCandidate } from "../../catalog/catalog-faults.ts";
import type { Fault } from "../../catalog/read-catalog.ts";
import { latestCatalog } from "../../ledger/catalog-versions.ts";
import { diffCatalogs, type CatalogDiff } from "../../rating/catalog-diff.ts";
import { catalogSchema, type Catalog } from "../../rating/catalog.ts";
import type { Problem } from "../api-calls.ts";
import { Card } from "../card.tsx";
import { ChangeTable } from "../change-table.tsx";
import { Choice, Field, Form } from "../form.tsx";
import { Head, Page } from "../layout.tsx";
import { Notice, ProblemNotice } from "../notice.tsx";
import { refusedStatus, respond } from "../respond.ts";
import { SimulationResult, type SimulationAnswer } from "../simulation-result.tsx";
import type { DashboardContext, DashboardEnv, View } from "../view.ts";

const NOTHING = { meters: [], plans: [] };
const EXAMPLE = {
  currency: "usd",
  defaultPlan: "payg",
  meters: [{ name: "api_calls", displayName: "API Calls", unit: "calls", aggregation: "sum" }],
  plans: [
    {
      name: "payg",
      displayName: "Pay as you go",
      prices: [{ metricName: "api_calls", model: "perUnit", unitPrice: "0.05", includedFree: "1000" }],
    },
  ],
};

/** `/catalog/edit`: a catalog is checked as it is typed, simulated, and only then published. */
export function addCatalogEditor(app: Hono<DashboardEnv>): void {
  app.get("/catalog/edit", async (context) => {
    const latest = await latestCatalog(context.get("view").deps.database);
    const text = JSON.stringify(inOrder(latest?.catalog), null, 2);
    return show(context, { text, version: String(latest?.version ?? 0) });
  });
  app.post("/catalog/validate", async (context) => {
    const { text } = await readForm(context);
    const part = <Examined examined={await examine(context, text)} />;
    return context.html(part);
  });
  app.post("/catalog/simulate", (context) => simulate(context));
  app.post("/catalog/publish", (context) => publish(context));
}

/** Members in the order in which they are documented, which the ledger does not keep. */
function inOrder(catalog: Catalog | undefined): object {
  const read = catalogSchema.safeParse(catalog);
  return read.success ? read.data : (catalog ?? EXAMPLE);
}

interface EditorForm {
  text: string;
  version: string;
}

interface Examined {
  faults: readonly Fault[];
  catalog: Catalog | undefined;
  diff: CatalogDiff | undefined;
}

async function readForm(context: DashboardContext): Promise<EditorForm & Record<string, string>> {
  const form = await context.req.parseBody();
  const texts = Object.entries(form).flatMap(([name, value]) =>
    typeof value === "string" ? [[name, value]] : [],
  );
  const named = Object.fromEntries(texts) as Record<string, string>;
  const version = named["version"] ?? "0";
  return { ...named, text: named["catalog"] ?? "", version: /^\d{1,9}$/.test(version) ? version : "0" };
}

async function examine(context: DashboardContext, text: string): Promise<Examined> {
  const { database } = context.get("view").deps;
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : "is no JSON";
    return { faults: [{ path: "", message }], catalog: undefined, diff: undefined };
  }
  const [{ catalog, faults }, latest] = await Promise.all([
    examineCandidate(database, document),
    latestCatalog(database),
  ]);
  return { faults, catalog, diff: catalog && diffCatalogs(latest?.catalog ?? NOTHING, catalog) };
}

async function simulate(context: DashboardContext): Promise<Response> {
  const { api } = context.get("view");
  const form = await readForm(context);
  const examined = await examine(context, form.text);
  if (examined.catalog === undefined) {
    return show(context, form, { examined, status: 422 });
  }
  const period = /^\d{4}-\d\d$/.test(form["period"] ?? "") ? form["period"] : "current";
  const { body, problem, status } = await api("POST", "/v1/catalog/simulate", {
    catalog: examined.catalog,
    period,
  });
  return problem === undefined
    ? show(context, form, { examined, simulation: body as unknown as SimulationAnswer })
    : show(context, form, { examined, problem, status });
}

async function publish(context: DashboardContext): Promise<Response> {
  const { api } = context.get("view");
  const form = await readForm(context);
  const examined = await examine(context, form.text);
  if (examined.catalog === undefined) {
    return show(context, form, { examined, status: 422 });
  }
  const terms = new URLSearchParams({
    effective: form["effective"] === "nextPeriod" ? "nextPeriod" : "now",
    ...((form["reason"] ?? "").trim() !== "" && { reason: (form["reason"] ?? "").trim() }),
  });
  const headers: Record<string, string> = form.version === "0" ? {} : { "if-match": `"${form.version}"` };
  const path = `/v1/catalog?${terms.toString()}`;
  const { body, problem, status } = await api("PUT", path, examined.catalog, headers);
  if (problem !== undefined) {
    return show(context, form, { examined, problem, status });
  }
  const isNew = Number(body["version"]) !== Number(form.version);
  return context.redirect(`/catalog?done=${isNew ? "published" : "unchanged"}`, 303);
}

interface Outcome {
  examined?: Examined;
  simulation?: SimulationAnswer;
  problem?: Problem;
  status?: number;
}

function show(context: DashboardContext, form: EditorForm, outcome: Outcome = {}): Promise<Response> {
  const { status } = outcome;
  const page = <EditorPage view={context.get("view")} form={form} outcome={outcome} />;
  return respond(context, page, status === undefined ? 200 : refusedStatus(status));
}

function EditorPage({ view, form, outcome }: { view: View; form: EditorForm; outcome: Outcome }) {
  const { examined, simulation, problem } = outcome;
  return (
    <Page view={view} title="Edit the catalog" room="/catalog">
      <Head
        title="Edit the catalog"
        sub="It is checked as you type, and simulated against real usage before it can be published."
        above={[["/catalog", "Catalog"]]}
      />
      <ProblemNotice problem={problem} />
      <div class="grid">
        {simulation && <SimulationResult simulation={simulation} />}
        {simulation && view.session.scope === "admin" && <PublishCard view={view} form={form} />}
        <Card title="Document" width={7}>
          <Editor view={view} form={form} />
        </Card>
        <Card title="Check" width={5}>
          <div id="examined" aria-live="polite">
            {examined ? <Examined examined={examined} /> : <p class="minor">Nothing is changed yet.</p>}
          </div>
        </Card>
      </div>
    </Page>
  );
}

function Editor({ view, form }: { view: View; form: EditorForm }) {
  return (
    <Form view={view} action="/catalog/simulate">
      <input type="hidden" name="version" value={form.version} />
      <label>
        Catalog
        <span class="hint">
          unitPrice, flatFee and packagePrice in minor units, all other amounts in major ones
        </span>
        <textarea
          class="tall"
          name="catalog"
          spellcheck={false}
          data-validate="/catalog/validate"
          data-output="examined"
        >
          {form.text}
        </textarea>
      </label>
      <div class="filters">
        <Field name="period" label="Simulate against" hint="A month; empty: the running one" type="month" />
        <button type="submit">Check and simulate</button>
      </div>
    </Form>
  );
}

function PublishCard({ view, form }: { view: View; form: EditorForm }) {
  return (
    <Card title="Publish" note={`In place of version ${form.version}`}>
      <Form
        view={view}
        action="/catalog/publish"
        confirm="Publish this catalog? Versions are never changed or removed."
        yes="Publish"
      >
        <textarea name="catalog" hidden aria-label="Catalog">
          {form.text}
        </textarea>
        <input type="hidden" name="version" value={form.version} />
        <div class="filters">
          <Choice
            name="effective"
            label="Prices hold"
            value="now"
            options={[
              ["now", "For every period that ends from now on"],
              ["nextPeriod", "For periods that start from now on"],
            ]}
          />
          <Field name="reason" label="Reason" />
          <button type="submit">Publish</button>
        </div>
      </Form>
    </Card>
  );
}

function Examined({ examined: { faults, diff } }: { examined: Examined }) {
  if (diff === undefined) {
    return (
      <Notice tone="bad">
        <p>
          <strong>Not valid.</strong>
        </p>
        <ul>
          {faults.map(({ path, message }) => (
            <li>
              {path !== "" && <code>{path}</code>} {message}
            </li>
          ))}
        </ul>
      </Notice>
    );
  }
  return (
    <>
      <Notice tone="good">
        Valid; {diff.changes.length + diff.leftOff} changes to the version that is published.
      </Notice>
      <ChangeTable diff={diff} />
    </>
  );
}
