import type { Hono } from "hono";
import { currentCatalog } from "../../catalog/current-catalog.ts";
import type { Meter } from "../../domain/meter.ts";
import { DAY_MS } from "../../domain/window.ts";
import { listAlerts } from "../../ledger/alerts.ts";
import { listInvoices } from "../../ledger/invoices.ts";
import { AlertTable } from "../alert-table.tsx";
import { Card, Empty, Stat } from "../card.tsx";
import type { ChartData } from "../usage-reading.ts";
import { lastDays, readChart, readRate } from "../usage-reading.ts";
import { InvoiceTable } from "../invoice-table.tsx";
import { Head, Page } from "../layout.tsx";
import { readRevenue, type MonthRevenue, type RevenueMemory } from "../month-revenue.ts";
import { Moment } from "../moment.tsx";
import { isoTime } from "../../domain/window.ts";
import { Notice } from "../notice.tsx";
import { grouped, money } from "../printed.ts";
import { respond } from "../respond.ts";
import { settled, type Settled } from "../settled.ts";
import { StoreHealth, flushLag, type Readiness } from "../store-health.tsx";
import { Table } from "../table.tsx";
import { Trend } from "../charts/trend.tsx";
import type { DashboardEnv, View } from "../view.ts";

/** Metrics that the overview has. */
const MAX_METERS = 6;
const DAYS = 30;
const LISTED = 6;
const REFRESH_SECONDS = "30";

/** `/`: what is going on. */
export function addOverview(app: Hono<DashboardEnv>): void {
  const memory: RevenueMemory = { known: undefined };
  app.get("/", async (context) => {
    const view = context.get("view");
    const overview = await readOverview(view, memory);
    return respond(context, <OverviewPage view={view} overview={overview} />);
  });
}

interface MeterNow {
  meter: Meter;
  chart: ChartData;
  perMinute: string | undefined;
}

type Overview = Awaited<ReturnType<typeof readOverview>>;

async function readOverview(view: View, memory: RevenueMemory) {
  const { deps, api, nowMs } = view;
  const failed = (error: unknown): void =>
    deps.log({ level: "error", event: "dashboard_part_failed", error });
  const [meters, revenue, alerts, inReview, blocked, readiness] = await Promise.all([
    settled(readMeters(view), failed),
    settled(readRevenue(deps, memory, nowMs), failed),
    settled(listAlerts(deps.database, { fromMs: nowMs - (nowMs % DAY_MS) }, LISTED + 1, undefined), failed),
    settled(listInvoices(deps.database, { status: "in_review" }, LISTED + 1, undefined), failed),
    settled(listInvoices(deps.database, { status: "blocked" }, LISTED + 1, undefined), failed),
    settled(
      api("GET", "/readyz").then(({ body }) => body as unknown as Readiness),
      failed,
    ),
  ]);
  return { meters, revenue, alerts, inReview, blocked, readiness };
}

async function readMeters({ deps, nowMs }: View): Promise<MeterNow[]> {
  const catalog = await currentCatalog(deps, nowMs);
  return Promise.all(
    (catalog?.catalog.meters ?? []).slice(0, MAX_METERS).map(async (meter) => {
      const range = { ...lastDays(DAYS, nowMs), window: "day", groupBy: undefined } as const;
      const isAdded = meter.aggregation === "sum" || meter.aggregation === "count";
      const [chart, perMinute] = await Promise.all([
        readChart(deps, { meter, customerId: undefined, ...range }, nowMs),
        isAdded ? readRate(deps, meter, nowMs) : undefined,
      ]);
      return { meter, chart, perMinute };
    }),
  );
}

function OverviewPage({ view, overview }: { view: View; overview: Overview }) {
  const { revenue, inReview, blocked, readiness, meters } = overview;
  return (
    <Page view={view} title="Overview" room="/">
      <Head
        title="Overview"
        sub={
          <>
            As of <Moment at={isoTime(view.nowMs)} />
          </>
        }
      />
      <div data-live={REFRESH_SECONDS}>
        <StoresNotice readiness={readiness} />
        <div class="grid">
          <RevenueStats revenue={revenue} />
          <Stat
            label="Flush lag"
            value={flushLag(readiness.isRead ? readiness.value : undefined)}
            note={<StoreHealth readiness={readiness.isRead ? readiness.value : undefined} />}
          />
          <Stat
            label="Waiting for review"
            value={inReview.isRead ? countOf(inReview.value) : "—"}
            note={<ReviewNote blocked={blocked} />}
          />
          <MeterCard meters={meters} />
          <TopCard revenue={revenue} />
          <WaitingCards overview={overview} />
        </div>
      </div>
    </Page>
  );
}

function WaitingCards({ overview: { alerts, inReview } }: { overview: Overview }) {
  return (
    <>
      <Card title="Alerts today" width={8} note={<a href="/alerts">All alerts</a>}>
        {alerts.isRead ? <AlertTable alerts={alerts.value.slice(0, LISTED)} hasCustomer /> : <NotAvailable />}
      </Card>
      <Card title="Invoices waiting for review" width={5} note={<a href="/invoices?status=in_review">All</a>}>
        {inReview.isRead ? (
          <InvoiceTable invoices={inReview.value.slice(0, LISTED)} isShort empty="Nothing waits" />
        ) : (
          <NotAvailable />
        )}
      </Card>
    </>
  );
}

/** As many as are there, or more than are listed. */
function countOf(items: readonly unknown[]): string {
  return items.length > LISTED ? `more than ${LISTED}` : String(items.length);
}

function ReviewNote({ blocked }: { blocked: Settled<readonly unknown[]> }) {
  if (!blocked.isRead || blocked.value.length === 0) {
    return <>invoices; none is blocked</>;
  }
  return (
    <a href="/invoices?status=blocked">
      <span class="tag bad">{countOf(blocked.value)} blocked</span>
    </a>
  );
}

function StoresNotice({ readiness }: { readiness: Settled<Readiness> }) {
  const { redis, postgres } = readiness.isRead ? readiness.value : { redis: true, postgres: true };
  if (redis && postgres) {
    return <></>;
  }
  return (
    <Notice tone="bad">
      <strong>
        {redis ? "Postgres does" : postgres ? "Redis does" : "Redis and Postgres do"} not answer.
      </strong>{" "}
      {postgres
        ? "Events are kept in the ledger's spool and counted when it is back; what is shown here is the ledger's."
        : "Events are counted all the same; what the ledger would show is not available now."}
    </Notice>
  );
}

function NotAvailable() {
  return <Empty title="Not available now">A store does not answer; load the page again in a moment.</Empty>;
}

function RevenueStats({ revenue }: { revenue: Settled<MonthRevenue | undefined> }) {
  const known = revenue.isRead ? revenue.value : undefined;
  const of =
    known === undefined
      ? revenue.isRead
        ? "No catalog is published yet"
        : "Not available now"
      : `${known.isPartial ? "the first " : ""}${grouped(String(known.customers))} customers`;
  return (
    <>
      <Stat
        label="Revenue this month so far"
        value={known === undefined ? "—" : money(known.soFar, known.currency)}
        note={of}
      />
      <Stat
        label="Projected for the month"
        value={known === undefined ? "—" : money(known.projected, known.currency)}
        note={known === undefined ? "" : "if it goes on at this pace"}
      />
    </>
  );
}

function MeterCard({ meters }: { meters: Settled<MeterNow[]> }) {
  return (
    <Card title="Usage, last 30 days" width={7}>
      {!meters.isRead ? (
        <NotAvailable />
      ) : meters.value.length === 0 ? (
        <Empty title="No catalog yet">
          <a href="/catalog/edit">Publish one</a> to say what is counted and what it costs.
        </Empty>
      ) : (
        <Table
          label="Usage by metric over the last 30 days"
          rows={meters.value}
          columns={[
            { name: "Metric", cell: ({ meter }) => meter.displayName },
            {
              name: "Each day",
              cell: ({ meter, chart }) => (
                <Trend
                  label={`${meter.displayName} per day over 30 days`}
                  values={(chart.series[0]?.points ?? []).map(({ value }) => value)}
                />
              ),
            },
            {
              name: "Today",
              isNumber: true,
              cell: ({ meter, chart }) =>
                `${grouped(chart.series[0]?.points.at(-1)?.value ?? "0")} ${meter.unit}`,
            },
            {
              name: "Per minute, this hour",
              isNumber: true,
              cell: ({ perMinute }) => (perMinute === undefined ? "—" : grouped(perMinute)),
            },
          ]}
        />
      )}
    </Card>
  );
}

function TopCard({ revenue }: { revenue: Settled<MonthRevenue | undefined> }) {
  const known = revenue.isRead ? revenue.value : undefined;
  return (
    <Card title="Top customers this month" width={5} note={<a href="/customers">All customers</a>}>
      {!revenue.isRead ? (
        <NotAvailable />
      ) : known === undefined || known.top.length === 0 ? (
        <Empty title="No customer owes anything yet" />
      ) : (
        <Table
          label="Top customers this month"
          rows={known.top}
          columns={[
            {
              name: "Customer",
              cell: ({ customerId }) => (
                <a href={`/customers/${encodeURIComponent(customerId)}`}>{customerId}</a>
              ),
            },
            { name: "Plan", cell: ({ plan }) => plan },
            { name: "So far", isNumber: true, cell: ({ amount }) => money(amount, known.currency) },
          ]}
        />
      )}
    </Card>
  );
}
