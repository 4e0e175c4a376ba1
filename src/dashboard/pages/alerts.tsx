import type { Hono } from "hono";
import { customerIdSchema } from "../../domain/customer.ts";
import { DAY_MS, isoTime } from "../../domain/window.ts";
import { page, readPage } from "../../http/pagination.ts";
import { listAlerts, type Alert } from "../../ledger/alerts.ts";
import { AlertTable } from "../alert-table.tsx";
import { CSV_PAGE, csvResponse, everyPage, printed } from "../csv-download.ts";
import { Choice, Field } from "../form.tsx";
import { Head, Page } from "../layout.tsx";
import { respond } from "../respond.ts";
import { Pager } from "../table.tsx";
import type { DashboardEnv, View } from "../view.ts";

const PAGE = 50;
const SINCE = { "1": "Today", "7": "7 days", "30": "30 days", "": "Ever" } as const;

interface Listing {
  alerts: Alert[];
  next: string | null;
  isFirst: boolean;
  filter: { customerId: string; days: string };
}

/** `/alerts`: every threshold that was crossed. */
export function addAlerts(app: Hono<DashboardEnv>): void {
  app.get("/alerts", async (context) => {
    const view = context.get("view");
    const listing = await readListing(view, context.req.query(), PAGE);
    return respond(context, <AlertsPage view={view} listing={listing} />);
  });

  app.get("/alerts/csv", async (context) => {
    const { items: alerts, isCut } = await everyPage(async (cursor) => {
      const asked = { ...context.req.query(), cursor };
      const listing = await readListing(context.get("view"), asked, CSV_PAGE);
      return { items: listing.alerts, next: listing.next };
    });
    const head = ["firedAt", "customerId", "kind", "metric", "threshold", "unit", "current", "currency"];
    const rows = alerts.map((alert) => [
      printed(isoTime(alert.firedAtMs)),
      alert.customerId,
      printed(alert.kind),
      alert.metricName,
      printed(alert.threshold),
      printed(alert.measure),
      printed(alert.current),
      printed(alert.currency),
    ]);
    return csvResponse("alerts", head, rows, isCut);
  });
}

async function readListing(
  { deps, nowMs }: View,
  query: Record<string, string | undefined>,
  limit: number,
): Promise<Listing> {
  const days = Object.keys(SINCE).find((known) => known === query["days"]) ?? "";
  const given = query["customerId"] ?? "";
  const customerId = customerIdSchema.safeParse(given).success ? given : undefined;
  const fromMs = days === "" ? undefined : nowMs - (nowMs % DAY_MS) - (Number(days) - 1) * DAY_MS;
  const { after } = readPage({ cursor: query["cursor"] });
  const found = await listAlerts(deps.database, { customerId, fromMs }, limit + 1, after);
  const { data, nextCursor } = page(
    found,
    limit,
    ({ firedAtMs, alertId }) => ({ timeMs: firedAtMs, id: alertId }),
    (alert) => alert,
  );
  const filter = { customerId: customerId ?? "", days };
  return { alerts: data, next: nextCursor, isFirst: after === undefined, filter };
}

function AlertsPage({ view, listing }: { view: View; listing: Listing }) {
  const { alerts, next, isFirst, filter } = listing;
  const query = new URLSearchParams(filter).toString();
  return (
    <Page view={view} title="Alerts" room="/alerts">
      <Head title="Alerts" sub="Thresholds are set with each customer.">
        <a class="button quiet" href={`/alerts/csv?${query}`}>
          CSV
        </a>
      </Head>
      <form class="filters" method="get" action="/alerts" role="search">
        <Choice name="days" label="Since" value={filter.days} isAuto options={Object.entries(SINCE)} />
        <Field name="customerId" label="Customer id" value={filter.customerId} />
        <button class="quiet" type="submit">
          Show
        </button>
      </form>
      <section class="card" aria-label="Alerts">
        <AlertTable alerts={alerts} hasCustomer />
        <Pager
          first={isFirst ? undefined : `/alerts?${query}`}
          next={next === null ? undefined : `/alerts?${query}&cursor=${next}`}
        />
      </section>
    </Page>
  );
}
