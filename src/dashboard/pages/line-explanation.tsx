import type { Hono } from "hono";
import { ApiProblem } from "../../http/problem.ts";
import type { LineExplanation } from "../../invoicing/explain-line.ts";
import { Card, Empty } from "../card.tsx";
import { Head, Page } from "../layout.tsx";
import { Day, Span } from "../moment.tsx";
import { grouped, money } from "../printed.ts";
import { csvResponse, printed } from "../csv-download.ts";
import { respond } from "../respond.ts";
import { Table } from "../table.tsx";
import { readInvoice } from "./invoice.tsx";
import type { DashboardContext, DashboardEnv, View } from "../view.ts";

/** `/invoices/{id}/why`: why a line has its amount. */
export function addLineExplanation(app: Hono<DashboardEnv>): void {
  app.get("/invoices/:id/why", async (context) => {
    const explanation = await explain(context);
    return respond(context, <WhyPage view={context.get("view")} explanation={explanation} />);
  });
  app.get("/invoices/:id/why.csv", async (context) => {
    const { number, days } = await explain(context);
    const rows = days.map(({ day, used, adjusted, total, cost }) =>
      [day, used, adjusted, total, cost].map((cell) => printed(cell)),
    );
    return csvResponse(`${number}-days`, ["day", "used", "adjusted", "total", "cost"], rows);
  });
}

async function explain(context: DashboardContext): Promise<LineExplanation> {
  const { explainLine } = await import("../../invoicing/explain-line.ts");
  const invoice = await readInvoice(context);
  const explanation = await explainLine(
    context.get("view").deps.database,
    invoice,
    context.req.query("ref") ?? "",
  );
  if (explanation === undefined) {
    throw new ApiProblem("not_found", "The invoice has no such line.");
  }
  return explanation;
}

function WhyPage({ view, explanation }: { view: View; explanation: LineExplanation }) {
  const { number, invoiceId, line, currency, reasons, span, plan } = explanation;
  const address = `/invoices/${encodeURIComponent(invoiceId)}`;
  const sub = (
    <>
      {plan !== null && `Plan ${plan}, `}
      {span !== null && <Span {...span} />}, catalog{" "}
      <a href={`/catalog/versions/${explanation.catalogVersion}`}>version {explanation.catalogVersion}</a>
    </>
  );
  return (
    <Page view={view} title={`Why ${line.description}`} room="/invoices">
      <Head
        title={`Why ${money(line.amount, currency)} for ${line.description}?`}
        sub={sub}
        above={[
          ["/invoices", "Invoices"],
          [address, number],
        ]}
      />
      <div class="grid">
        <Card title="What it is made of">
          <Table
            label="Reasons"
            rows={reasons}
            columns={[
              { name: "Reason", cell: ({ text }) => text },
              { name: "Amount", isNumber: true, cell: ({ amount }) => money(amount, currency) },
            ]}
            foot={["Amount of the line", money(line.amount, currency)]}
          />
        </Card>
        <DaysCard explanation={explanation} />
      </div>
    </Page>
  );
}

function DaysCard({ explanation: { days, line, currency, invoiceId } }: { explanation: LineExplanation }) {
  const address = `/invoices/${encodeURIComponent(invoiceId)}`;
  return (
    <Card
      title="Day by day"
      note={days.length > 0 && <a href={`${address}/why.csv?ref=${encodeURIComponent(line.ref)}`}>CSV</a>}
    >
      {days.length === 0 ? (
        <Empty title="This line is not of usage by day" />
      ) : (
        <Table
          label="Usage and cost by day"
          rows={days}
          columns={[
            {
              name: "Day",
              cell: ({ day }) => (day === null ? <em>Since the line was priced</em> : <Day at={day} />),
            },
            { name: "Used", isNumber: true, cell: ({ used }) => grouped(used) },
            { name: "Adjusted", isNumber: true, cell: ({ adjusted }) => grouped(adjusted) },
            { name: "Total", isNumber: true, cell: ({ total }) => grouped(total) },
            { name: "Cost by then", isNumber: true, cell: ({ cost }) => money(cost, currency) },
          ]}
        />
      )}
    </Card>
  );
}
