import { formatTable } from "../../local/demo/table.ts";
import { SUBREQUEST_LIMIT, type InvoicingFigures } from "./measure-invoicing.ts";

const HOURS_OF_A_DAY = 24;

/** The part of the report that is about closing periods and sending invoices. */
export function printInvoicing(figures: InvoicingFigures): string {
  const { customers, runs, closedPerRun, mostSubrequests: most } = figures;
  const perDay = closedPerRun * HOURS_OF_A_DAY;
  return [
    `\nClosing a month of ${count(customers)} customers with 4 meters each, and sending the invoices\n\n`,
    formatTable(
      ["request to Stripe", "requests", "s at 25/s"],
      Object.entries(figures.stripeRequests).map(([subject, requests]) => [
        subject,
        count(requests),
        count(requests / 25),
      ]),
    ),
    `\n  ${figures.requestsPerInvoice} requests per invoice; at Stripe's 25/s for each endpoint and 100/s in all they take ` +
      `${count(figures.secondsAtStripeLimit)} s.\n` +
      `  Measured here, local Stripe: ${figures.seconds.toFixed(1)} s in ${runs} hourly runs, the longest ` +
      `${figures.longestRunSeconds.toFixed(1)} s.\n` +
      `  The largest run made ${count(most.all)} subrequests of ${count(SUBREQUEST_LIMIT)}: Postgres ${count(most.postgres)}, ` +
      `Redis ${count(most.redis)}, Stripe ${count(most.stripe)}.\n` +
      `  ${count(closedPerRun)} closed a run are ${count(perDay)} a day: ${count(customers)} customers are ` +
      `${runs <= HOURS_OF_A_DAY ? "closed within it" : "NOT CLOSED WITHIN IT"}.\n`,
  ].join("");
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}
