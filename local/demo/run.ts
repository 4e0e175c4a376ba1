import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Stripe } from "stripe";
import { periodContaining } from "../../src/domain/period.ts";
import { HOUR_MS } from "../../src/domain/window.ts";
import { connectApi, type Api, type StackAddresses } from "./api.ts";
import { figuresJson, formatCount, total, type CustomerFigures } from "./figures.ts";
import {
  listStripeInvoices,
  playPeriodEnd,
  sumInvoices,
  sumStripeInvoices,
  type Billing,
} from "./invoices.ts";
import { flushToLedger } from "./ledger.ts";
import type { DemoOptions } from "./options.ts";
import { Progress, type Output } from "./output.ts";
import { findDifferences, reconcile } from "./reconcile.ts";
import { connectStripe, registerCustomers } from "./register.ts";
import { replayLog, type ReplayOutcome } from "./replay.ts";
import {
  differencesReport,
  invoiceReport,
  ledgerReport,
  reconciliationReport,
  usageReport,
} from "./report.ts";
import { readRequests, type Survey } from "./survey.ts";
import { awaitUsage, periodsOf, type CustomerUsage } from "./usage.ts";

/** The log as surveyed, and the stack it is played on. */
export interface Stage {
  options: DemoOptions;
  logPath: string;
  survey: Survey;
  stack: StackAddresses & { productUrl: string };
  output: Output;
  signal: AbortSignal;
}

/** How far beyond the period's end its close is played: the grace of 25 h and a margin. */
const CLOSE_AFTER_MS = 26 * HOUR_MS;

/** Plays the log from the first request to the last invoice; the figures of every customer, and whether all agree. */
export async function runDemo(stage: Stage): Promise<{ figures: CustomerFigures[]; isReconciled: boolean }> {
  const api = connectApi(stage.stack, stage.signal);
  const stripe = connectStripe(stage.stack);
  await register(stage, api, stripe);
  const replay = await replayAll(stage);
  const usage = await showUsage(stage, api, replay);
  const ledger = await showLedger(stage, api, usage);
  heading(stage, "Alerts");
  stage.output.write("  to come\n");
  const billing = await showInvoices(stage, { api, stripe }, replay);
  return showReconciliation(stage, replay, figuresOf(stage, replay, { usage, ledger, billing }));
}

async function register({ survey, output }: Stage, api: Api, stripe: Stripe): Promise<void> {
  const progress = new Progress(output, "customers registered", survey.customers.size);
  await registerCustomers(survey.customers, { api, stripe }, progress);
  progress.end();
}

async function replayAll(stage: Stage): Promise<ReplayOutcome> {
  const { options, survey, output } = stage;
  heading(stage, "Replay through the product's Worker");
  const progress = new Progress(output, "requests replayed", survey.requests);
  const replay = await replayLog(
    readRequests(stage.logPath, options.customerFrom, survey.lines),
    {
      productUrl: stage.stack.productUrl,
      weight: options.weight,
      spanMs: survey.spanMs,
      durationMs: options.durationMs,
      signal: stage.signal,
    },
    progress,
  );
  progress.end();
  for (const [what, count] of replay.failures) {
    output.write(`  failed: ${formatCount(count)} × ${what}\n`);
  }
  return replay;
}

async function showUsage(stage: Stage, api: Api, replay: ReplayOutcome): Promise<Map<string, CustomerUsage>> {
  heading(stage, "Usage, live");
  const { survey, options, output, signal } = stage;
  const expected = new Map(
    [...survey.customers].map((customerId) => [
      customerId,
      BigInt(replay.byCustomer.get(customerId)?.billable ?? 0) * options.weight,
    ]),
  );
  const progress = new Progress(output, "customers whose usage is complete", expected.size);
  const periods = periodsOf(replay.startMs, replay.endMs);
  const usage = await awaitUsage(expected, { api, periods, signal }, progress);
  progress.end();
  output.write(usageReport(usage));
  return usage;
}

async function showLedger(
  stage: Stage,
  api: Api,
  usage: Map<string, CustomerUsage>,
): Promise<Map<string, bigint>> {
  heading(stage, "Flush to the ledger");
  const counted = total([...usage.values()].map((row) => row.counted));
  const ledger = await flushToLedger(counted, {
    databaseUrl: stage.stack.databaseUrl,
    fireMinute: () => api.fireCron("* * * * *", Date.now()),
  });
  stage.output.write(ledgerReport(ledger));
  return ledger;
}

async function showInvoices(
  stage: Stage,
  { api, stripe }: { api: Api; stripe: Stripe },
  replay: ReplayOutcome,
): Promise<Billing> {
  heading(stage, "The period's end, and its invoices");
  const { survey, output } = stage;
  const customers = survey.customers.size * periodsOf(replay.startMs, replay.endMs).length;
  const progress = new Progress(output, "invoices done", customers);
  let closeMs = periodContaining(replay.endMs).endMs + CLOSE_AFTER_MS;
  const fireHourly = async (): Promise<void> => {
    await api.fireCron("17 * * * *", closeMs);
    closeMs += HOUR_MS;
  };
  const invoices = await playPeriodEnd(customers, { api, fireHourly }, (done) => progress.reach(done));
  progress.end();
  const billing = { invoices, stripeInvoices: await listStripeInvoices(stripe) };
  output.write(invoiceReport(billing));
  return billing;
}

/** Joins what each room says, over every customer that any of them names. */
function figuresOf(
  { survey }: Stage,
  replay: ReplayOutcome,
  rooms: { usage: Map<string, CustomerUsage>; ledger: Map<string, bigint>; billing: Billing },
): CustomerFigures[] {
  const { quantities, totalsMinor } = sumInvoices(rooms.billing.invoices);
  const stripeMinor = sumStripeInvoices(rooms.billing);
  const named = [survey.customers, ...[rooms.ledger, quantities, stripeMinor].map((room) => room.keys())];
  const customerIds = new Set(named.flatMap((ids) => [...ids]));
  return [...customerIds].map((customerId) => ({
    customerId,
    requests: replay.byCustomer.get(customerId)?.requests ?? 0,
    billable: replay.byCustomer.get(customerId)?.billable ?? 0,
    counted: rooms.usage.get(customerId)?.counted ?? 0n,
    ledger: rooms.ledger.get(customerId) ?? 0n,
    invoiced: quantities.get(customerId) ?? 0n,
    totalMinor: totalsMinor.get(customerId) ?? 0n,
    stripeMinor: stripeMinor.get(customerId) ?? 0n,
  }));
}

function showReconciliation(
  stage: Stage,
  replay: ReplayOutcome,
  figures: CustomerFigures[],
): { figures: CustomerFigures[]; isReconciled: boolean } {
  heading(stage, "Reconciliation");
  const { survey, options, output } = stage;
  const equations = reconcile(survey, replay, figures, options.weight);
  const differences = findDifferences(figures, options.weight);
  output.write(reconciliationReport(equations));
  output.write(
    differences.length === 0
      ? `  Every one of ${formatCount(figures.length)} customers agrees in every column.\n`
      : `  Customers that differ:\n${differencesReport(differences)}`,
  );
  return { figures, isReconciled: differences.length === 0 && equations.every(({ isEqual }) => isEqual) };
}

/** Writes the figures where the options ask for them and says where. */
export async function writeFigures(
  figures: CustomerFigures[],
  { options, output }: Pick<Stage, "options" | "output">,
  dir: string,
): Promise<void> {
  const paths = [options.json, options.keep ? join(dir, "demo-report.json") : undefined];
  const writes = paths
    .filter((wanted) => wanted !== undefined)
    .map(async (path) => {
      await writeFile(path, figuresJson(figures));
      output.write(`  Figures of every customer: ${path}\n`);
    });
  await Promise.all(writes);
}

function heading({ output }: Stage, text: string): void {
  output.write(`\n${text}\n`);
}
