import type { Hono } from "hono";
import { customerIdSchema } from "../../domain/customer.ts";
import { currencyOf, formatMinor } from "../../domain/money.ts";
import { periodContaining } from "../../domain/period.ts";
import { isoTime } from "../../domain/window.ts";
import { readMonth } from "../../http/month.ts";
import { page, readPage } from "../../http/pagination.ts";
import { readFindings, type FindingRow } from "../../ledger/integrity-findings.ts";
import { INVOICE_STATUSES } from "../../ledger/invoice-status.ts";
import { listInvoices, type Invoice } from "../../ledger/invoices.ts";
import { Card, Empty } from "../card.tsx";
import { CSV_PAGE, csvResponse, everyPage, printed } from "../csv-download.ts";
import { Choice, Field, Form } from "../form.tsx";
import { InvoiceTable } from "../invoice-table.tsx";
import { Head, Page } from "../layout.tsx";
import { Moment } from "../moment.tsx";
import { DoneNotice } from "../notice.tsx";
import { worded } from "../printed.ts";
import { respond } from "../respond.ts";
import { settled, type Settled } from "../settled.ts";
import { Pager, Table } from "../table.tsx";
import type { DashboardEnv, View } from "../view.ts";

const PAGE = 50;
const MAX_FINDINGS = 20;

interface Listing {
  invoices: Invoice[];
  next: string | null;
  isFirst: boolean;
  filter: { status: string; customerId: string; period: string };
}

/** `/invoices`: what was billed, and what of it differs from Stripe. */
export function addInvoices(app: Hono<DashboardEnv>): void {
  app.get("/invoices", async (context) => {
    const view = context.get("view");
    const { database } = view.deps;
    const [listing, findings] = await Promise.all([
      readListing(view, context.req.query(), PAGE),
      settled(readFindings(database, MAX_FINDINGS), () => undefined),
    ]);
    const done = context.req.query("done");
    return respond(context, <InvoicesPage view={view} listing={listing} findings={findings} done={done} />);
  });

  app.get("/invoices/-/csv", async (context) => {
    const { items: invoices, isCut } = await everyPage(async (cursor) => {
      const asked = { ...context.req.query(), cursor };
      const listing = await readListing(context.get("view"), asked, CSV_PAGE);
      return { items: listing.invoices, next: listing.next };
    });
    const head = [
      "number",
      "customerId",
      "periodStart",
      "periodEnd",
      "status",
      "currency",
      "total",
      "stripeInvoiceId",
    ];
    const rows = invoices.map((invoice) => [
      printed(invoice.number),
      invoice.customerId,
      printed(isoTime(invoice.period.startMs)),
      printed(isoTime(invoice.period.endMs)),
      printed(invoice.status),
      printed(invoice.currency),
      printed(formatMinor(invoice.totalMinor, currencyOf(invoice.currency))),
      printed(invoice.stripeInvoiceId),
    ]);
    return csvResponse("invoices", head, rows, isCut);
  });
}

async function readListing(
  { deps }: View,
  query: Record<string, string | undefined>,
  limit: number,
): Promise<Listing> {
  const status = INVOICE_STATUSES.find((known) => known === query["status"]);
  const given = query["customerId"] ?? "";
  const customerId = customerIdSchema.safeParse(given).success ? given : undefined;
  const period = query["period"] ?? "";
  const month = period === "" ? undefined : periodContaining(readMonth(period, "period"));
  const periodStart = month && { fromMs: month.startMs, toMs: month.endMs };
  const { after } = readPage({ cursor: query["cursor"] });
  const found = await listInvoices(deps.database, { status, customerId, periodStart }, limit + 1, after);
  const { data, nextCursor } = page(
    found,
    limit,
    ({ createdAtMs, invoiceId }) => ({ timeMs: createdAtMs, id: invoiceId }),
    (invoice) => invoice,
  );
  const filter = { status: status ?? "", customerId: customerId ?? "", period };
  return { invoices: data, next: nextCursor, isFirst: after === undefined, filter };
}

interface InvoicesProps {
  view: View;
  listing: Listing;
  findings: Settled<FindingRow[]>;
  done: string | undefined;
}

function InvoicesPage({ view, listing, findings, done }: InvoicesProps) {
  const { invoices, next, isFirst, filter } = listing;
  const query = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== "")).toString();
  return (
    <Page view={view} title="Invoices" room="/invoices">
      <Head title="Invoices">
        <a class="button quiet" href={`/invoices/-/csv?${query}`}>
          CSV
        </a>
        {view.session.scope === "admin" && (
          <Form
            view={view}
            action="/invoices/-/run"
            confirm="Close every period that is due, and send its invoices?"
            yes="Run invoicing"
          >
            <button type="submit">Run invoicing</button>
          </Form>
        )}
      </Head>
      <DoneNotice done={done} />
      <Filters filter={filter} />
      <div class="grid">
        <section class="card" aria-label="Invoices">
          <InvoiceTable invoices={invoices} empty="No invoices" />
          <Pager
            first={isFirst ? undefined : `/invoices?${query}`}
            next={next === null ? undefined : `/invoices?${query}&cursor=${next}`}
          />
        </section>
        <Differences view={view} findings={findings} />
      </div>
    </Page>
  );
}

function Filters({ filter }: { filter: Listing["filter"] }) {
  return (
    <form class="filters" method="get" action="/invoices" role="search">
      <Choice
        name="status"
        label="Status"
        value={filter.status}
        isAuto
        options={[["", "All"], ...INVOICE_STATUSES.map((status) => [status, worded(status)] as const)]}
      />
      <Field name="period" label="Period from" type="month" value={filter.period} />
      <Field name="customerId" label="Customer id" value={filter.customerId} />
      <button class="quiet" type="submit">
        Show
      </button>
    </form>
  );
}

function Differences({ view, findings }: { view: View; findings: Settled<FindingRow[]> }) {
  return (
    <Card title="Differences" note="Ledger against counters, days and Stripe; open ones first">
      {!findings.isRead ? (
        <Empty title="Not available now" />
      ) : findings.value.length === 0 ? (
        <Empty title="Nothing differs">The hourly run compares all of them.</Empty>
      ) : (
        <Table
          label="Differences"
          rows={findings.value}
          columns={[
            { name: "What", cell: ({ kind }) => worded(kind) },
            { name: "Found", cell: ({ foundAt }) => <Moment at={foundAt} /> },
            {
              name: "State",
              cell: ({ goneAt }) =>
                goneAt === null ? (
                  <span class="tag bad">Open</span>
                ) : (
                  <>
                    <span class="tag good">Gone</span> <Moment at={goneAt} />
                  </>
                ),
            },
            { name: "Detail", cell: ({ detail }) => <Detail detail={detail} /> },
          ]}
        />
      )}
      {view.session.scope === "admin" && (
        <Form view={view} action="/invoices/-/compare">
          <button class="quiet small" type="submit">
            Compare now
          </button>
        </Form>
      )}
    </Card>
  );
}

function Detail({ detail }: { detail: Record<string, unknown> }) {
  return (
    <div class="wide">
      {Object.entries(detail).map(([name, value]) => (
        <div>
          <span class="minor">{worded(name)}</span>{" "}
          <code>{typeof value === "string" ? value : JSON.stringify(value)}</code>
        </div>
      ))}
    </div>
  );
}
