import { localKeys } from "../../local/stores.ts";
import { createRedis } from "../../src/counters/redis.ts";
import { periodContaining } from "../../src/domain/period.ts";
import { HOUR_MS } from "../../src/domain/window.ts";
import { runInvoicing, type InvoicingDeps } from "../../src/invoicing/run-invoicing.ts";
import { connectStripe } from "../../src/invoicing/stripe-client.ts";
import { createDatabase, type Database } from "../../src/ledger/database.ts";
import type { BenchStack } from "../bench-stack.ts";
import type { InvoicingEffort } from "../options.ts";
import { closingCustomer, fillClosingLedger, TOTAL_MINOR } from "./closing-ledger.ts";

/** Requests of one scheduled invocation that Cloudflare serves. */
export const SUBREQUEST_LIMIT = 10_000;
/** Requests a second that Stripe takes by default, of one endpoint and in all. */
const STRIPE_PER_ENDPOINT = 25;
const STRIPE_IN_ALL = 100;
const GRACE_HOURS = 25;
/** Requests at a time that make Stripe's customers. */
const LANES = 20;

/** What closing a month of so many customers, and sending their invoices, took. */
export interface InvoicingFigures {
  customers: number;
  /** Hourly runs until nothing was left. */
  runs: number;
  closedPerRun: number;
  seconds: number;
  longestRunSeconds: number;
  /** Requests to Stripe by endpoint, all runs together. */
  stripeRequests: Record<string, number>;
  requestsPerInvoice: number;
  /** What the requests take at Stripe's own limits, if nothing else took any time. */
  secondsAtStripeLimit: number;
  /** Requests to Postgres, Redis and Stripe of the run that made most of them. */
  mostSubrequests: { postgres: number; redis: number; stripe: number; all: number };
}

/** Closes the month before of every customer, run after run as the hourly cron would. */
export async function measureInvoicing(
  stack: BenchStack,
  { invoicingCustomers: customers }: InvoicingEffort,
  progress: (line: string) => void,
): Promise<InvoicingFigures> {
  const { stores } = stack;
  await stack.forgetCounts();
  const database = createDatabase(stores.postgres.url, `${stores.neon.url}/sql`);
  const current = periodContaining(Date.now());
  const period = periodContaining(current.startMs - 1);
  progress(`invoicing: ${customers.toLocaleString("en")} customers`);
  await fillClosingLedger(database, await stripeCustomers(stores.stripe.url, customers), period);
  const stripe = await connectStripe(localKeys.stripeKey, stores.stripe.url);
  const deps: InvoicingDeps = {
    database,
    redis: createRedis(stores.upstash.url, localKeys.upstashToken),
    stripe: () => Promise.resolve(stripe),
    catalogMemory: { held: undefined, others: [], readAtMs: 0, reading: undefined },
    randomId: () => crypto.randomUUID(),
    invoiceMode: "auto",
    sendZeroInvoices: false,
    graceHours: GRACE_HOURS,
    log: ({ event, error }) => progress(`${event}: ${error instanceof Error ? error.message : ""}`),
  };
  const runs = await runAll(stack, deps, period.endMs, progress);
  await check(database, customers);
  return summarize(customers, runs);
}

interface Run {
  closed: number;
  seconds: number;
  postgres: number;
  redis: number;
  stripe: string[];
}

async function runAll(
  { stores }: BenchStack,
  deps: InvoicingDeps,
  endMs: number,
  progress: (line: string) => void,
): Promise<Run[]> {
  const runs: Run[] = [];
  const endpoints = [stores.neon, stores.upstash, stores.stripe];
  for (let hour = 0; ; hour += 1) {
    for (const { faults } of endpoints) {
      faults.reset();
    }
    const startMs = performance.now();
    const report = await runInvoicing(deps, endMs + (GRACE_HOURS + hour) * HOUR_MS);
    const seconds = (performance.now() - startMs) / 1000;
    const [postgres = 0, redis = 0] = endpoints.map(({ faults }) => faults.subjects.length);
    runs.push({
      closed: report.closed,
      seconds,
      postgres,
      redis,
      stripe: stores.stripe.faults.subjects.map((subject) => subject.replace(/in_[A-Za-z0-9]+/, "{id}")),
    });
    progress(
      `invoicing: run ${runs.length}: ${report.closed} closed, ${report.sent} sent, ${report.remaining} left, ${seconds.toFixed(1)} s`,
    );
    if (report.failed > 0 || report.blocked > 0) {
      throw new Error(`${report.failed} failed and ${report.blocked} are blocked`);
    }
    if (report.remaining === 0) {
      return runs;
    }
  }
}

/** Every customer has one invoice, of what it used, and it is out. */
async function check(database: Database, customers: number): Promise<void> {
  const [row] = await database.query(
    `
select count(*)::text as invoices, count(distinct customer_id)::text as customers,
  (count(*) filter (where status = 'open' and total_minor = $2::numeric))::text as out
from invoices where customer_id like $1`,
    [closingCustomer(0).replace("0", "%"), TOTAL_MINOR],
  );
  const found = [row?.["invoices"], row?.["customers"], row?.["out"]].map(Number);
  if (found.some((count) => count !== customers)) {
    throw new Error(
      `of ${customers} customers there are ${found.join(", ")} invoices, customers, sent rightly`,
    );
  }
}

function summarize(customers: number, runs: readonly Run[]): InvoicingFigures {
  const stripeRequests: Record<string, number> = {};
  for (const subject of runs.flatMap(({ stripe }) => stripe)) {
    stripeRequests[subject] = (stripeRequests[subject] ?? 0) + 1;
  }
  const all = Object.values(stripeRequests).reduce((sum, count) => sum + count, 0);
  const most = runs
    .map(({ postgres, redis, stripe }) => ({
      postgres,
      redis,
      stripe: stripe.length,
      all: postgres + redis + stripe.length,
    }))
    .toSorted((left, right) => right.all - left.all)[0];
  if (most === undefined) {
    throw new Error("nothing was measured");
  }
  return {
    customers,
    runs: runs.length,
    closedPerRun: Math.max(...runs.map(({ closed }) => closed)),
    seconds: runs.reduce((sum, { seconds }) => sum + seconds, 0),
    longestRunSeconds: Math.max(...runs.map(({ seconds }) => seconds)),
    stripeRequests,
    requestsPerInvoice: all / customers,
    secondsAtStripeLimit: Math.max(
      ...Object.values(stripeRequests).map((count) => count / STRIPE_PER_ENDPOINT),
      all / STRIPE_IN_ALL,
    ),
    mostSubrequests: most,
  };
}

async function stripeCustomers(url: string, count: number): Promise<string[]> {
  const ids: string[] = Array.from({ length: count }, () => "");
  const numbers = ids.keys();
  const lanes = Array.from({ length: LANES }, async () => {
    for (const number of numbers) {
      const answer = await fetch(`${url}/v1/customers`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${localKeys.stripeKey}`,
          "content-type": "application/x-www-form-urlencoded",
        },
        body: `name=${closingCustomer(number + 1)}`,
      });
      ids[number] = ((await answer.json()) as { id: string }).id;
    }
  });
  await Promise.all(lanes);
  return ids;
}
