import type { Hono } from "hono";
import { isoTime } from "../../domain/window.ts";
import type { Customer } from "../../domain/customer.ts";
import { readCustomerId } from "../../http/customer-id.ts";
import { ApiProblem } from "../../http/problem.ts";
import { listAdjustments, type StoredAdjustment } from "../../ledger/adjustments.ts";
import { listAlerts, type Alert } from "../../ledger/alerts.ts";
import { getCustomer } from "../../ledger/customers.ts";
import { listInvoices, type Invoice } from "../../ledger/invoices.ts";
import { billDocument } from "../../rating/bill.ts";
import type { CustomerUsage } from "../../usage/customer-usage.ts";
import { usageDocument, type UsageDocument } from "../../usage/usage-document.ts";
import { AdjustmentsCard } from "../adjustments-card.tsx";
import { AlertTable } from "../alert-table.tsx";
import { BillTable } from "../bill-table.tsx";
import { Card, Empty, Stat } from "../card.tsx";
import { readCustomerNow, type CustomerNow } from "../customer-reading.ts";
import { InvoiceTable } from "../invoice-table.tsx";
import { Head, Page } from "../layout.tsx";
import { Moment, Span } from "../moment.tsx";
import { DoneNotice, StaleNotice } from "../notice.tsx";
import { money } from "../printed.ts";
import { respond } from "../respond.ts";
import { UsageBars } from "../usage-bars.tsx";
import { UsageChart } from "../usage-chart.tsx";
import { ShareBar } from "../charts/share-bar.tsx";
import type { DashboardContext, DashboardEnv, View } from "../view.ts";

const LISTED = 8;

/** `/customers/{id}`: what a customer uses, what it costs, and what was done about it. */
export function addCustomer(app: Hono<DashboardEnv>): void {
  app.get("/customers/:id", async (context) => {
    const reading = await readAll(context);
    const { view } = reading;
    return respond(context, <CustomerPage reading={reading} view={view} done={context.req.query("done")} />);
  });
}

interface Reading {
  view: View;
  customerId: string;
  customer: Customer | undefined;
  now: CustomerNow;
  invoices: Invoice[];
  alerts: Alert[];
  adjustments: StoredAdjustment[];
  address: string;
  query: Record<string, string>;
}

async function readAll(context: DashboardContext): Promise<Reading> {
  const view = context.get("view");
  const { deps, nowMs } = view;
  const customerId = readCustomerId(context);
  const query = context.req.query();
  const [customer, now, invoices, alerts, adjustments] = await Promise.all([
    getCustomer(deps.database, customerId),
    readCustomerNow(deps, customerId, query, nowMs),
    listInvoices(deps.database, { customerId }, LISTED, undefined),
    listAlerts(deps.database, { customerId }, LISTED, undefined),
    listAdjustments(deps.database, customerId, LISTED, undefined),
  ]);
  if (customer === undefined && now.usage === undefined && invoices.length === 0) {
    throw new ApiProblem("not_found", "No customer of that id was put, and nothing was used under it.");
  }
  const address = `/customers/${encodeURIComponent(customerId)}`;
  return { view, customerId, customer, now, invoices, alerts, adjustments, address, query };
}

function CustomerPage({ reading, view, done }: { reading: Reading; view: View; done: string | undefined }) {
  const { customerId, customer, now } = reading;
  const { usage } = now;
  const document = usage && usageDocument(usage);
  const name = customer?.settings.name ?? customerId;
  return (
    <Page view={view} title={name} room="/customers">
      <Head title={name} above={[["/customers", "Customers"]]} sub={<code>{customerId}</code>}>
        <CustomerActions reading={reading} />
      </Head>
      <DoneNotice done={done} />
      <StaleNotice isStale={(usage?.isStale ?? false) || (now.chart?.isStale ?? false)} />
      <div class="grid">
        {document && <CostStats document={document} />}
        {document && (
          <Card
            title="Usage against what is included"
            note={<PeriodChoice reading={reading} document={document} />}
          >
            <UsageBars metrics={document.metrics} />
          </Card>
        )}
        {document === undefined && (
          <Card title="Usage">
            <Empty title="Nothing used in this period" />
          </Card>
        )}
        <ChartCard reading={reading} />
        {usage && <CostCard usage={usage} />}
        <Records reading={reading} />
        {customer && <Details customer={customer} />}
      </div>
    </Page>
  );
}

function Records({ reading }: { reading: Reading }) {
  const { view, customerId, now, invoices, alerts, adjustments, address } = reading;
  return (
    <>
      <Card
        title="Invoices"
        width={6}
        note={<a href={`/invoices?customerId=${encodeURIComponent(customerId)}`}>All</a>}
      >
        <InvoiceTable invoices={invoices} hasCustomer={false} empty="No invoices yet" />
      </Card>
      <Card title="Alerts" width={6} note={<a href={`${address}/rules`}>Rules</a>}>
        <AlertTable alerts={alerts} />
      </Card>
      <AdjustmentsCard
        view={view}
        address={address}
        adjustments={adjustments}
        meters={now.meters}
        id={view.deps.randomId()}
      />
    </>
  );
}

function CustomerActions({ reading: { address, customer, view } }: { reading: Reading }) {
  if (view.session.scope !== "admin") {
    return <></>;
  }
  return (
    <>
      <a class="button quiet" href={`${address}/rules`}>
        Alert rules
      </a>
      <a class="button" href={`${address}/edit`}>
        {customer === undefined ? "Make it a customer" : "Edit plan and budget"}
      </a>
    </>
  );
}

function CostStats({ document }: { document: UsageDocument }) {
  const { currency, budget } = document;
  return (
    <>
      <Stat label="Cost so far" value={money(document.totalCost, currency)} note={`Plan ${document.plan}`} />
      <Stat
        label="Projected for the period"
        value={money(document.projectedTotal, currency)}
        note="if it goes on at this pace"
      />
      <Stat
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
      <Stat label="Period" value={document.period.start.slice(0, 7)} note={<Span {...document.period} />} />
    </>
  );
}

/** The running period and the one before. */
function PeriodChoice({
  reading: { address, query },
  document,
}: {
  reading: Reading;
  document: UsageDocument;
}) {
  const isCurrent = (query["period"] ?? "current") === "current";
  const before = new Date(Date.parse(document.period.start) - 1).toISOString().slice(0, 7);
  return (
    <>
      As of <Moment at={document.asOf} />
      {" · "}
      <a href={`${address}?period=${before}`}>Period before</a>
      {!isCurrent && (
        <>
          {" · "}
          <a href={address}>Current</a>
        </>
      )}
    </>
  );
}

function ChartCard({ reading: { now, address, customerId, query } }: { reading: Reading }) {
  const { choice, chart, meters } = now;
  if (choice === undefined || chart === undefined) {
    return <></>;
  }
  const csv = new URLSearchParams({ metric: choice.meter.name, range: choice.range, by: choice.by ?? "" });
  return (
    <Card title="Usage by day" note={<a href={`${address}/usage.csv?${csv.toString()}`}>CSV</a>}>
      <UsageChart
        meters={meters}
        choice={choice}
        data={chart}
        action={`/customers/${encodeURIComponent(customerId)}`}
        kept={query["period"] === undefined ? {} : { period: query["period"] }}
      />
    </Card>
  );
}

function CostCard({ usage }: { usage: CustomerUsage }) {
  const bill = billDocument(usage.rating);
  return (
    <Card title="Estimated cost" note="The invoice as it would be now">
      {bill.lines.length === 0 ? (
        <Empty title="Nothing to pay" />
      ) : (
        <BillTable lines={bill.lines} total={bill.total} currency={bill.currency} />
      )}
    </Card>
  );
}

function Details({ customer: { settings, createdAtMs } }: { customer: Customer }) {
  const facts: [string, string | undefined][] = [
    ["E-mail", settings.email],
    ["Stripe customer", settings.stripeCustomerId],
    ["Billing day", settings.billingAnchorDay === undefined ? "1" : String(settings.billingAnchorDay)],
    ["Collected", settings.collectionMethod === "send_invoice" ? "by invoice" : "automatically"],
    ["Own prices", settings.prices === undefined ? undefined : String(settings.prices.length)],
  ];
  return (
    <Card title="Details" width={5}>
      <dl class="facts">
        {facts.map(([name, value]) =>
          value === undefined ? null : (
            <>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </>
          ),
        )}
        {Object.entries(settings.metadata ?? {}).map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
        <dt>Since</dt>
        <dd>
          <Moment at={isoTime(createdAtMs)} />
        </dd>
      </dl>
    </Card>
  );
}
