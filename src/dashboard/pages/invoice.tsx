import type { Hono } from "hono";
import { currencyOf, formatMinor } from "../../domain/money.ts";
import { isStorableText } from "../../domain/text.ts";
import { isoTime } from "../../domain/window.ts";
import { ApiProblem } from "../../http/problem.ts";
import { getInvoice, type Invoice } from "../../ledger/invoices.ts";
import { lineDocument } from "../../rating/printed-line.ts";
import { BillTable } from "../bill-table.tsx";
import { Card } from "../card.tsx";
import { InvoiceActions, InvoiceSteps } from "../invoice-parts.tsx";
import { Head, Page } from "../layout.tsx";
import { Span } from "../moment.tsx";
import { DoneNotice, Notice, ProblemNotice } from "../notice.tsx";
import type { Problem } from "../api-calls.ts";
import { csvResponse, printed } from "../csv-download.ts";
import { apiProblem } from "../api-calls.ts";
import { refusedStatus, respond } from "../respond.ts";
import { StatusTag } from "../status-tag.tsx";
import type { DashboardContext, DashboardEnv, View } from "../view.ts";

/** `/invoices/{id}`: one invoice, and what can be done with it. */
export function addInvoice(app: Hono<DashboardEnv>): void {
  app.post("/invoices/-/run", (context) => act(context, "/v1/invoices/run", {}, "/invoices?done=invoiced"));
  app.post("/invoices/-/compare", (context) =>
    act(context, "/v1/integrity/run", {}, "/invoices?done=compared"),
  );
  app.get("/invoices/:id", async (context) => show(context, await readInvoice(context), undefined, 200));
  app.get("/invoices/:id/lines.csv", async (context) => linesCsv(await readInvoice(context)));
  app.post("/invoices/:id/finalize", async (context) => {
    const id = context.req.param("id");
    return changeInvoice(context, id, "finalize", undefined, "finalised");
  });
  app.post("/invoices/:id/void", async (context) => {
    const { reason, reissue } = await context.req.parseBody();
    const request = {
      reason: typeof reason === "string" ? reason.trim() : "",
      reissue: reissue !== undefined,
    };
    return changeInvoice(context, context.req.param("id"), "void", request, "voided");
  });
}

async function act(context: DashboardContext, path: string, body: object, next: string): Promise<Response> {
  const { problem } = await context.get("view").api("POST", path, body);
  if (problem !== undefined) {
    throw apiProblem(problem);
  }
  return context.redirect(next, 303);
}

async function changeInvoice(
  context: DashboardContext,
  id: string,
  what: "finalize" | "void",
  body: object | undefined,
  done: string,
): Promise<Response> {
  const { api } = context.get("view");
  const path = `/v1/invoices/${encodeURIComponent(id)}/${what}`;
  const { problem, status } = await api("POST", path, body);
  if (problem !== undefined) {
    return show(context, await readInvoice(context), problem, status);
  }
  const told = status === 202 ? "voiding" : done;
  return context.redirect(`/invoices/${encodeURIComponent(id)}?done=${told}`, 303);
}

/** The invoice of the address; a problem when there is none. */
export async function readInvoice(context: DashboardContext): Promise<Invoice> {
  const id = context.req.param("id") ?? "";
  const invoice = isStorableText(id) ? await getInvoice(context.get("view").deps.database, id) : undefined;
  if (invoice === undefined) {
    throw new ApiProblem("not_found", "There is no invoice of that id.");
  }
  return invoice;
}

function show(
  context: DashboardContext,
  invoice: Invoice,
  problem: Problem | undefined,
  status: number,
): Promise<Response> {
  const view = context.get("view");
  const done = context.req.query("done");
  const page = <InvoicePage view={view} invoice={invoice} problem={problem} done={done} />;
  return respond(context, page, status === 200 ? 200 : refusedStatus(status));
}

function linesCsv({ number, lines, currency }: Invoice): Response {
  const rows = lines.map((line) => {
    const { ref, metric, description, quantity, amount } = lineDocument(line, currencyOf(currency));
    return [ref, metric ?? "", description, printed(quantity), printed(amount)];
  });
  return csvResponse(number, ["ref", "metric", "description", "quantity", `amount (${currency})`], rows);
}

interface InvoiceProps {
  view: View;
  invoice: Invoice;
  problem: Problem | undefined;
  done: string | undefined;
}

function InvoicePage({ view, invoice, problem, done }: InvoiceProps) {
  const { number, lines, status } = invoice;
  const currency = currencyOf(invoice.currency);
  const address = `/invoices/${encodeURIComponent(invoice.invoiceId)}`;
  return (
    <Page view={view} title={`Invoice ${number}`} room="/invoices">
      <Head
        title={`Invoice ${number}`}
        above={[["/invoices", "Invoices"]]}
        sub={<StatusTag status={status} />}
      >
        <a class="button quiet" href={`${address}/lines.csv`}>
          CSV
        </a>
        {view.session.scope === "admin" && <InvoiceActions view={view} invoice={invoice} address={address} />}
      </Head>
      <DoneNotice done={done} />
      <ProblemNotice problem={problem} />
      <StateNotice invoice={invoice} />
      <div class="grid">
        <Card title="Lines" width={8}>
          <BillTable
            lines={lines.map((line) => lineDocument(line, currency))}
            total={formatMinor(invoice.totalMinor, currency)}
            currency={invoice.currency}
            why={(ref) => `${address}/why?ref=${encodeURIComponent(ref)}`}
          />
        </Card>
        <Card title="About" width={4}>
          <Facts invoice={invoice} />
        </Card>
        <Card title="On the way to Stripe">
          <InvoiceSteps invoice={invoice} />
        </Card>
      </div>
    </Page>
  );
}

function StateNotice({ invoice: { status, voiding, snapshot } }: { invoice: Invoice }) {
  if (status === "blocked") {
    return (
      <Notice tone="bad">
        <strong>Blocked.</strong> Stripe's total differs from ours, so it does not go out. The steps below
        have both.
      </Notice>
    );
  }
  if (voiding !== null) {
    return (
      <Notice tone="warn">
        <strong>{status === "void" ? "Void" : "To be void"}:</strong> {voiding.reason}
      </Notice>
    );
  }
  if (status === "draft" && snapshot.stripeCustomerId === null) {
    return (
      <Notice tone="warn">
        It waits: the customer is not linked to a Stripe customer. It is sent once its settings name one.
      </Notice>
    );
  }
  return <></>;
}

function Facts({ invoice }: { invoice: Invoice }) {
  const { customerId, period, snapshot, voiding, replaces } = invoice;
  return (
    <dl class="facts">
      <dt>Customer</dt>
      <dd>
        <a href={`/customers/${encodeURIComponent(customerId)}`}>{customerId}</a>
      </dd>
      <dt>Period</dt>
      <dd>
        <Span start={isoTime(period.startMs)} end={isoTime(period.endMs)} />
      </dd>
      <dt>Plan</dt>
      <dd>{snapshot.plan}</dd>
      <dt>Catalog</dt>
      <dd>
        <a href={`/catalog/versions/${invoice.catalogVersion}`}>version {invoice.catalogVersion}</a>
      </dd>
      <dt>Stripe</dt>
      <dd>
        {invoice.stripeInvoiceId === null ? (
          "not sent yet"
        ) : (
          <a href={`https://dashboard.stripe.com/invoices/${invoice.stripeInvoiceId}`} rel="noreferrer">
            {invoice.stripeInvoiceId}
          </a>
        )}
      </dd>
      {replaces !== null && (
        <>
          <dt>In place of</dt>
          <dd>
            <InvoiceLink id={replaces} />
          </dd>
        </>
      )}
      {typeof voiding?.replacedBy === "string" && (
        <>
          <dt>Replaced by</dt>
          <dd>
            <InvoiceLink id={voiding.replacedBy} />
          </dd>
        </>
      )}
    </dl>
  );
}

function InvoiceLink({ id }: { id: string }) {
  return <a href={`/invoices/${encodeURIComponent(id)}`}>{id}</a>;
}
