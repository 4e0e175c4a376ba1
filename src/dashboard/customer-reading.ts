import type { Deps } from "../deps.ts";
import { currentCatalog } from "../catalog/current-catalog.ts";
import type { Meter } from "../domain/meter.ts";
import { readMonth } from "../http/month.ts";
import { customerUsage, type AskedPeriod, type CustomerUsage } from "../usage/customer-usage.ts";
import type { ChartChoice, Range } from "./usage-chart.tsx";
import { RANGES } from "./usage-chart.tsx";
import { lastDays, readChart, type ChartData } from "./usage-reading.ts";

export interface CustomerNow {
  /** Undefined without a catalog, and without usage of a customer that is not known. */
  usage: CustomerUsage | undefined;
  meters: readonly Meter[];
  choice: ChartChoice | undefined;
  chart: ChartData | undefined;
}

/** The period that an address asks for. */
export function askedPeriod(period: string | undefined): AskedPeriod {
  return period === undefined || period === "" || period === "current"
    ? { kind: "current" }
    : { kind: "month", monthMs: readMonth(period, "period") };
}

/** A customer's usage, cost and chart, by what of an address chooses them. */
export async function readCustomerNow(
  deps: Deps,
  customerId: string,
  query: Record<string, string | undefined>,
  nowMs: number,
): Promise<CustomerNow> {
  const catalog = await currentCatalog(deps, nowMs);
  if (catalog === undefined) {
    return { usage: undefined, meters: [], choice: undefined, chart: undefined };
  }
  const { meters } = catalog.catalog;
  const choice = readChoice(meters, query);
  const [usage, chart] = await Promise.all([
    customerUsage(deps, customerId, askedPeriod(query["period"]), nowMs),
    choice &&
      readChart(
        deps,
        {
          meter: choice.meter,
          customerId,
          ...lastDays(Number(choice.range), nowMs),
          window: "day",
          groupBy: choice.by,
        },
        nowMs,
      ),
  ]);
  return { usage: usage === "no_catalog" ? undefined : usage, meters, choice, chart };
}

function readChoice(
  meters: readonly Meter[],
  query: Record<string, string | undefined>,
): ChartChoice | undefined {
  const meter = meters.find(({ name }) => name === query["metric"]) ?? meters[0];
  if (meter === undefined) {
    return undefined;
  }
  const range = (Object.keys(RANGES) as Range[]).find((known) => known === query["range"]) ?? "30";
  return { meter, range, by: meter.dimensions.find((name) => name === query["by"]) };
}
