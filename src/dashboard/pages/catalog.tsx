import type { Hono } from "hono";
import { currencyOf } from "../../domain/money.ts";
import { isoTime } from "../../domain/window.ts";
import { ApiProblem } from "../../http/problem.ts";
import { getCatalogVersion, latestCatalog, listCatalogVersions } from "../../ledger/catalog-versions.ts";
import { diffCatalogs, type CatalogDiff } from "../../rating/catalog-diff.ts";
import type { PublishedVersion, VersionSummary } from "../../rating/catalog-version.ts";
import type { Catalog, Plan } from "../../rating/catalog.ts";
import { Card, Empty } from "../card.tsx";
import { ChangeTable } from "../change-table.tsx";
import { CurveChart } from "../charts/curve-chart.tsx";
import { csvResponse, printed } from "../csv-download.ts";
import { Head, Page } from "../layout.tsx";
import { Moment } from "../moment.tsx";
import { DoneNotice } from "../notice.tsx";
import { priceCurve } from "../price-curve.ts";
import { money } from "../printed.ts";
import { respond } from "../respond.ts";
import { Table } from "../table.tsx";
import type { DashboardEnv, View } from "../view.ts";

const LISTED = 20;
/** Curves of one page: each is some kilobytes. */
const MAX_CURVES = 12;
const NOTHING = { meters: [], plans: [] };

/** `/catalog`: what is counted, what it costs, and how that came about. */
export function addCatalog(app: Hono<DashboardEnv>): void {
  app.get("/catalog", async (context) => {
    const view = context.get("view");
    const { database } = view.deps;
    const [latest, versions] = await Promise.all([
      latestCatalog(database),
      listCatalogVersions(database, LISTED, undefined),
    ]);
    const done = context.req.query("done");
    const page = (
      <CatalogPage view={view} version={latest} versions={versions} diff={undefined} done={done} />
    );
    return respond(context, page);
  });

  app.get("/catalog/versions/:version", async (context) => {
    const view = context.get("view");
    const { database } = view.deps;
    const number = Number(context.req.param("version"));
    const known = Number.isInteger(number) && number > 0 && number < 1e9;
    const [version, before] = known
      ? await Promise.all([getCatalogVersion(database, number), getCatalogVersion(database, number - 1)])
      : [];
    if (version === undefined) {
      throw new ApiProblem("not_found", "There is no version of that number.");
    }
    const diff = diffCatalogs(before?.catalog ?? NOTHING, version.catalog);
    return respond(
      context,
      <CatalogPage view={view} version={version} versions={[]} diff={diff} done={undefined} />,
    );
  });

  app.get("/catalog/csv", async (context) => {
    const latest = await latestCatalog(context.get("view").deps.database);
    const rows = (latest?.catalog.plans ?? []).flatMap((plan) =>
      plan.prices.map((price) => [plan.name, price.metricName, price.model, JSON.stringify(price)]),
    );
    const base = (latest?.catalog.plans ?? []).map(({ name, baseFee }) => [
      name,
      "",
      "baseFee",
      printed(baseFee),
    ]);
    return csvResponse("catalog", ["plan", "metric", "model", "price"], [...base, ...rows]);
  });
}

interface CatalogProps {
  view: View;
  version: PublishedVersion | undefined;
  versions: readonly VersionSummary[];
  /** Of the page of one version: what it changed. */
  diff: CatalogDiff | undefined;
  done: string | undefined;
}

function CatalogPage({ view, version, versions, diff, done }: CatalogProps) {
  const title = diff === undefined ? "Catalog" : `Catalog, version ${version?.version ?? ""}`;
  return (
    <Page view={view} title={title} room="/catalog">
      <Head
        title={title}
        sub={version && <PublishedText version={version} />}
        above={diff === undefined ? [] : [["/catalog", "Catalog"]]}
      >
        <a class="button quiet" href="/catalog/csv">
          CSV
        </a>
        <a class="button" href="/catalog/edit">
          {view.session.scope === "admin" ? "Edit and simulate" : "Simulate"}
        </a>
      </Head>
      <DoneNotice done={done} />
      <div class="grid">
        {version === undefined && (
          <Card title="Plans">
            <Empty title="No catalog yet">
              <a href="/catalog/edit">Publish one</a> to say what is counted and what it costs.
            </Empty>
          </Card>
        )}
        {diff && (
          <Card title="What it changed">
            <ChangeTable diff={diff} />
          </Card>
        )}
        {version && <Plans catalog={version.catalog} />}
        {version && <Meters catalog={version.catalog} />}
        {versions.length > 0 && <Versions versions={versions} />}
      </div>
    </Page>
  );
}

function PublishedText({ version }: { version: VersionSummary }) {
  const { publishedAtMs, publishedBy, reason, effective } = version;
  return (
    <>
      Version {version.version}, published <Moment at={isoTime(publishedAtMs)} /> by {publishedBy}
      {effective === "nextPeriod" && ", for periods that start after it"}
      {reason !== undefined && `: ${reason}`}
    </>
  );
}

function Plans({ catalog }: { catalog: Catalog }) {
  return (
    <>
      {catalog.plans.map((plan) => (
        <Card
          title={plan.displayName}
          note={
            <>
              <code>{plan.name}</code>
              {plan.name === catalog.defaultPlan && " default"} · base fee{" "}
              {money(plan.baseFee, catalog.currency)}
            </>
          }
        >
          <Prices catalog={catalog} plan={plan} />
        </Card>
      ))}
    </>
  );
}

function Prices({ catalog, plan }: { catalog: Catalog; plan: Plan }) {
  const currency = currencyOf(catalog.currency);
  if (plan.prices.length === 0) {
    return <p class="minor">Everything used is within the base fee.</p>;
  }
  return (
    <div class="grid curves">
      {plan.prices.slice(0, MAX_CURVES).map((price) => {
        const meter = catalog.meters.find(({ name }) => name === price.metricName);
        return meter === undefined ? null : (
          <section class="w6" aria-label={meter.displayName}>
            <h3>
              {meter.displayName} <span class="tag">{price.model}</span>
            </h3>
            <CurveChart
              label={`Cost of ${meter.displayName} by quantity, plan ${plan.displayName}`}
              unit={meter.unit}
              currency={catalog.currency}
              curve={priceCurve(price, meter, currency)}
            />
            <details>
              <summary>As it is written</summary>
              <pre tabindex={0}>{JSON.stringify(price, null, 1)}</pre>
            </details>
          </section>
        );
      })}
    </div>
  );
}

function Meters({ catalog }: { catalog: Catalog }) {
  return (
    <Card title="Meters">
      <Table
        label="Meters"
        rows={catalog.meters}
        columns={[
          {
            name: "Meter",
            cell: ({ displayName, name }) => (
              <>
                {displayName} <div class="minor">{name}</div>
              </>
            ),
          },
          { name: "Unit", cell: ({ unit }) => unit },
          { name: "Aggregation", cell: ({ aggregation }) => aggregation },
          { name: "Dimensions", cell: ({ dimensions }) => dimensions.join(", ") },
          { name: "Decimals", isNumber: true, cell: ({ scale }) => String(scale) },
        ]}
      />
    </Card>
  );
}

function Versions({ versions }: { versions: readonly VersionSummary[] }) {
  return (
    <Card title="Versions">
      <Table
        label="Versions"
        rows={versions}
        columns={[
          { name: "Version", cell: ({ version }) => <a href={`/catalog/versions/${version}`}>{version}</a> },
          { name: "Published", cell: ({ publishedAtMs }) => <Moment at={isoTime(publishedAtMs)} /> },
          { name: "By", cell: ({ publishedBy }) => publishedBy },
          {
            name: "Prices hold",
            cell: ({ effective }) => (effective === "now" ? "at once" : "from the next period"),
          },
          { name: "Reason", cell: ({ reason }) => reason ?? "" },
        ]}
      />
    </Card>
  );
}
