import { Hono } from "hono";
import * as z from "zod";
import { examineCandidate } from "../../catalog/catalog-faults.ts";
import { MAX_FAULTS } from "../../catalog/read-catalog.ts";
import type { Deps } from "../../deps.ts";
import { customerIdSchema } from "../../domain/customer.ts";
import { formatScaled } from "../../domain/decimal.ts";
import { nameSchema } from "../../domain/meter.ts";
import { currencyOf, formatMinor, type Currency } from "../../domain/money.ts";
import { periodContaining } from "../../domain/period.ts";
import { isoTime } from "../../domain/window.ts";
import type { Catalog } from "../../rating/catalog.ts";
import { findCliffs, type Cliff } from "../../rating/cliffs.ts";
import { MAX_SIMULATED, type SimulatedCustomer, type Simulation } from "../../usage/simulate-catalog.ts";
import { requireScope } from "../auth.ts";
import { checked, readJson } from "../body.ts";
import { readMonth } from "../month.ts";
import { ApiProblem } from "../problem.ts";

/** Most customers that are named as those whose bill changes most. */
const MOST_CHANGED = 20;

/** What is simulated: a candidate and the month whose usage it prices. */
export const simulationSchema = z.strictObject({
  catalog: z.unknown(),
  period: z.string(),
  planChanges: z.record(nameSchema, nameSchema).default({}),
  cursor: customerIdSchema.nullish(),
  limit: z.int().min(1).max(MAX_SIMULATED).default(MAX_SIMULATED),
});

/** `POST /v1/catalog/simulate`: what a period's real usage would have cost by another catalog. Writes nothing. */
export function catalogSimulationRoutes(deps: Deps): Hono {
  const routes = new Hono();

  routes.post("/v1/catalog/simulate", requireScope(deps.keys, "read"), async (context) => {
    const request = checked(simulationSchema, await readJson(context), "the simulation is not valid");
    const nowMs = deps.now();
    const monthMs = request.period === "current" ? nowMs : readMonth(request.period, "period");
    const month = periodContaining(monthMs);
    const { catalog, faults } = await examineCandidate(deps.database, request.catalog);
    if (catalog === undefined) {
      throw invalid(
        faults.map(({ path, message }) => ({
          path: path === "" ? "catalog" : `catalog.${path}`,
          message,
        })),
      );
    }
    // Loaded when first asked for: the hot path starts without it.
    const { simulateCatalog } = await import("../../usage/simulate-catalog.ts");
    const input = {
      catalog,
      range: { fromMs: month.startMs, toMs: month.endMs },
      planChanges: new Map(Object.entries(request.planChanges)),
      afterId: request.cursor ?? "",
      limit: request.limit,
    };
    const simulation = await simulateCatalog(deps.database, input, nowMs);
    if ("faults" in simulation) {
      throw invalid(simulation.faults);
    }
    return context.json(simulationDocument(simulation, catalog, month.startMs));
  });

  return routes;
}

function invalid(faults: { path: string; message: string }[]): ApiProblem {
  return new ApiProblem("invalid_content", "the catalog cannot be simulated", {
    errors: faults.slice(0, MAX_FAULTS),
  });
}

function simulationDocument({ customers, hasMore }: Simulation, catalog: Catalog, monthMs: number): object {
  const currency = currencyOf(catalog.currency);
  const print = (minor: bigint): string => formatMinor(minor, currency);
  const sum = (of: (customer: SimulatedCustomer) => bigint): bigint =>
    customers.reduce((total, customer) => total + of(customer), 0n);
  const byChange = customers
    .filter((customer) => differenceOf(customer) !== 0n)
    .toSorted((left, right) => (differenceOf(left) < differenceOf(right) ? -1 : 1));
  const less = byChange.filter((customer) => differenceOf(customer) < 0n);
  const more = byChange.filter((customer) => differenceOf(customer) > 0n).toReversed();
  const side = (changed: readonly SimulatedCustomer[]): object => ({
    customers: changed.length,
    difference: print(changed.reduce((total, customer) => total + differenceOf(customer), 0n)),
    most: changed.slice(0, MOST_CHANGED).map((customer) => customerDocument(customer, currency)),
  });
  return {
    period: isoTime(monthMs).slice(0, 7),
    currency: currency.code,
    totals: {
      customers: customers.length,
      billed: print(sum(({ billedMinor }) => billedMinor)),
      simulated: print(sum(({ simulatedMinor }) => simulatedMinor)),
      difference: print(sum(differenceOf)),
    },
    paysLess: side(less),
    paysMore: side(more),
    unchanged: customers.length - byChange.length,
    cliffs: findCliffs(catalog).map((cliff) => cliffDocument(cliff, currency)),
    data: customers.map((customer) => customerDocument(customer, currency)),
    nextCursor: hasMore ? (customers.at(-1)?.customerId ?? null) : null,
  };
}

function differenceOf({ billedMinor, simulatedMinor }: SimulatedCustomer): bigint {
  return simulatedMinor - billedMinor;
}

function customerDocument(customer: SimulatedCustomer, currency: Currency): object {
  return {
    customerId: customer.customerId,
    plan: customer.plan,
    simulatedPlan: customer.simulatedPlan,
    invoiced: customer.isInvoiced,
    billed: formatMinor(customer.billedMinor, currency),
    simulated: formatMinor(customer.simulatedMinor, currency),
    difference: formatMinor(differenceOf(customer), currency),
    ...(customer.cliffs.length === 0
      ? {}
      : { cliffs: customer.cliffs.map((cliff) => cliffDocument(cliff, currency)) }),
  };
}

function cliffDocument(cliff: Cliff, currency: Currency): object {
  return {
    plan: cliff.planName,
    metric: cliff.metricName,
    upTo: formatScaled(cliff.at, cliff.scale),
    amount: formatMinor(cliff.amountMinor, currency),
    amountPast: formatMinor(cliff.pastMinor, currency),
  };
}
