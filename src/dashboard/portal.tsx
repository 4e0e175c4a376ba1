import { Hono, type Context } from "hono";
import type { Deps, Portal } from "../deps.ts";
import { rulesInForce, type AlertRule } from "../domain/alert-rule.ts";
import { PROBLEMS } from "../http/problem-catalogue.ts";
import { ApiProblem } from "../http/problem.ts";
import { checkRate } from "../http/rate-limit.ts";
import { getAlertRules, listAlerts, type Alert } from "../ledger/alerts.ts";
import { getCustomer } from "../ledger/customers.ts";
import { listInvoices, type Invoice } from "../ledger/invoices.ts";
import { billDocument } from "../rating/bill.ts";
import { usageDocument } from "../usage/usage-document.ts";
import { BillTable } from "./bill-table.tsx";
import { Card, Empty } from "./card.tsx";
import { readCustomerNow, type CustomerNow } from "./customer-reading.ts";
import { InvoiceTable } from "./invoice-table.tsx";
import { Document } from "./layout.tsx";
import { Notice, StaleNotice } from "./notice.tsx";
import { PortalAlerts, PortalCosts } from "./portal-parts.tsx";
import { refusedStatus, respond } from "./respond.ts";
import { pageHeaders } from "./security-headers.ts";
import { UsageBars } from "./usage-bars.tsx";
import { UsageChart } from "./usage-chart.tsx";

const LISTED = 24;

/** `/portal?token=`: the customer's own page, for the bearer of a customer token; it changes nothing. */
export function portalPages(deps: Deps): Hono {
  const portal = new Hono();
  const { origins, color } = deps.portal;
  portal.use(pageHeaders(origins.length === 0 ? "'none'" : ["'self'", ...origins].join(" "), "no-referrer"));
  portal.get("/brand.css", (context) => {
    context.header("content-type", "text/css; charset=utf-8");
    context.header("cache-control", "public, max-age=300");
    return context.body(color === undefined ? "" : `:root{--s0:${color};--brand:${color}}`);
  });
  portal.get("/", async (context) => {
    const identified = await deps.keys.identify(context.req.query("token") ?? "");
    if ("refused" in identified || identified.caller.kind !== "customer") {
      const hasExpired = "refused" in identified && identified.refused === "expired";
      return respond(context, <RefusedPage portal={deps.portal} hasExpired={hasExpired} />, 401);
    }
    await checkRate(deps.keys, context, identified.caller);
    return showCustomer(context, deps, identified.caller.customerId);
  });
  // Never the sign-in of those who bill: an address with a token goes nowhere else.
  portal.all("*", (context) =>
    respond(context, <RefusedPage portal={deps.portal} hasExpired={false} />, 404),
  );
  portal.onError((error, context) => {
    if (error instanceof ApiProblem) {
      return respond(context, <AwayPage portal={deps.portal} />, refusedStatus(PROBLEMS[error.code][0]));
    }
    deps.log({ level: "error", event: "portal_failed", error });
    return respond(context, <AwayPage portal={deps.portal} />, 503);
  });
  return portal;
}

interface Reading {
  portal: Portal;
  token: string;
  name: string;
  now: CustomerNow;
  invoices: Invoice[];
  alerts: Alert[];
  rules: AlertRule[];
}

async function showCustomer(context: Context, deps: Deps, customerId: string): Promise<Response> {
  const { database, portal } = deps;
  const [customer, now, invoices, alerts, rules] = await Promise.all([
    getCustomer(database, customerId),
    // Of the running period alone, whatever the address says.
    readCustomerNow(deps, customerId, { ...context.req.query(), period: "" }, deps.now()),
    listInvoices(database, { customerId, isForCustomer: true }, LISTED, undefined),
    listAlerts(database, { customerId }, LISTED, undefined),
    getAlertRules(database, customerId),
  ]);
  const reading: Reading = {
    portal,
    token: context.req.query("token") ?? "",
    name: customer?.settings.name ?? customerId,
    now,
    invoices,
    alerts,
    rules: rulesInForce(rules ?? []),
  };
  return respond(context, <PortalPage reading={reading} />);
}

function PortalPage({ reading }: { reading: Reading }) {
  const { portal, name, now, invoices, alerts, rules } = reading;
  const document = now.usage && usageDocument(now.usage);
  return (
    <PortalDocument portal={portal} title={`Usage of ${name}`}>
      <h1>Usage of {name}</h1>
      <StaleNotice isStale={now.usage?.isStale ?? false} />
      <div class="grid">
        {document && <PortalCosts document={document} />}
        <Card title="Usage against what is included">
          <UsageBars metrics={document?.metrics ?? []} />
        </Card>
        <ChartCard reading={reading} />
        {now.usage && <CostCard usage={now.usage} />}
        <Card title="Invoices">
          <InvoiceTable invoices={invoices} hasCustomer={false} isLinked={false} empty="No invoices yet" />
        </Card>
        <PortalAlerts alerts={alerts} rules={rules} />
      </div>
    </PortalDocument>
  );
}

function ChartCard({ reading: { now, token } }: { reading: Reading }) {
  const { choice, chart, meters } = now;
  return choice === undefined || chart === undefined ? (
    <></>
  ) : (
    <Card title="Usage by day">
      <UsageChart meters={meters} choice={choice} data={chart} action="/portal" kept={{ token }} />
    </Card>
  );
}

function CostCard({ usage }: { usage: NonNullable<CustomerNow["usage"]> }) {
  const { lines, total, currency } = billDocument(usage.rating);
  return (
    <Card title="Cost so far" note="The invoice as it would be now">
      {lines.length === 0 ? (
        <Empty title="Nothing to pay" />
      ) : (
        <BillTable lines={lines} total={total} currency={currency} />
      )}
    </Card>
  );
}

interface PortalDocumentProps {
  portal: Portal;
  title: string;
  children?: unknown;
}

function PortalDocument({ portal, title, children }: PortalDocumentProps) {
  return (
    <Document title={`${title} · ${portal.name}`} styles={["/portal/brand.css"]}>
      <div class="portal">
        <header class="top">
          <span class="brand">
            {portal.logo !== undefined && <img class="logo" src={portal.logo} alt="" />}
            {portal.name}
          </span>
        </header>
        <main>{children}</main>
      </div>
    </Document>
  );
}

function RefusedPage({ portal, hasExpired }: { portal: Portal; hasExpired: boolean }) {
  return (
    <PortalDocument portal={portal} title="Sign in again">
      <h1>{hasExpired ? "This link has expired" : "This link is not valid"}</h1>
      <Notice tone="warn">
        Open the usage page again from where you came: a link is good for a day at most.
      </Notice>
    </PortalDocument>
  );
}

function AwayPage({ portal }: { portal: Portal }) {
  return (
    <PortalDocument portal={portal} title="Not available">
      <h1>Usage cannot be shown now</h1>
      <Notice tone="warn">
        Nothing is lost: what you use is counted all the same. Try again in a few minutes.
      </Notice>
    </PortalDocument>
  );
}
