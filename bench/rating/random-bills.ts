import { formatScaled } from "../../src/domain/decimal.ts";
import { catalogSchema, type Catalog } from "../../src/rating/catalog.ts";
import type { NaivePrice } from "../naive/rating.ts";

/** A catalog of four prices, and the same prices as the naive version has them. */
export interface RandomCatalog {
  catalog: Catalog;
  inCents: NaivePrice[];
  inDollars: NaivePrice[];
}

/** A customer's usage at each meter's scale, and the same as floats. */
export interface RandomUsage {
  quantities: Map<string, bigint>;
  floats: Record<string, number>;
}

/** What is sold, and in what grain: calls, gigabytes, seconds, and messages by the package. */
const METERS = [
  { name: "api_calls", unit: "calls", scale: 0, most: 5_000_000, dearest: 0.5 },
  { name: "storage_gb", unit: "GB", scale: 3, most: 5_000, dearest: 50 },
  { name: "compute_seconds", unit: "seconds", scale: 2, most: 500_000, dearest: 2 },
  { name: "traffic_gb", unit: "GB", scale: 1, most: 20_000, dearest: 12 },
] as const;

/** Draws a catalog: graduated calls, storage by volume or per unit, graduated seconds, traffic by package or per unit. */
export function randomCatalog(random: () => number): RandomCatalog {
  const prices = METERS.map(({ name, most, dearest }, index) => {
    const isOther = random() < 0.5;
    if (index === 0 || index === 2) {
      return { metricName: name, model: "graduated" as const, tiers: randomTiers(most, dearest, random) };
    }
    if (index === 1 && isOther) {
      return { metricName: name, model: "volume" as const, tiers: randomTiers(most, dearest, random) };
    }
    const includedFree = Math.round(random() * 20);
    const unitPrice = randomPrice(dearest, random);
    if (index === 3 && isOther) {
      const packageSize = [5, 10, 25, 50][Math.floor(random() * 4)]!;
      return {
        metricName: name,
        model: "package" as const,
        packageSize,
        packagePrice: unitPrice,
        includedFree,
      };
    }
    return { metricName: name, model: "perUnit" as const, unitPrice, includedFree };
  });
  const catalog = catalogSchema.parse({
    currency: "usd",
    defaultPlan: "payg",
    meters: METERS.map(({ name, unit, scale }) => ({
      name,
      displayName: name,
      unit,
      aggregation: "sum",
      scale,
    })),
    plans: [{ name: "payg", displayName: "Pay as you go", prices }],
  });
  return { catalog, inCents: naivePrices(catalog, 0), inDollars: naivePrices(catalog, 2) };
}

/** The default plan's prices as numbers, each the nearest to its decimal; the point moved by so many places. */
export function naivePrices(catalog: Catalog, places: 0 | 2): NaivePrice[] {
  const numberOf = (price: string | undefined): number => Number(`${price ?? "0"}e-${places}`);
  return (catalog.plans.find(({ name }) => name === catalog.defaultPlan)?.prices ?? []).map((price) => {
    const included = Number(price.includedFree ?? "0");
    const metric = price.metricName;
    if (price.model === "graduated" || price.model === "volume") {
      const tiers = price.tiers.map(({ upTo, unitPrice }) => ({
        upTo: upTo === null ? Infinity : Number(upTo),
        unitPrice: numberOf(unitPrice),
      }));
      return { metric, model: price.model, tiers };
    }
    if (price.model === "package") {
      const packageSize = Number(price.packageSize);
      return { metric, model: price.model, packageSize, unitPrice: numberOf(price.packagePrice), included };
    }
    if (price.model === "perUnit") {
      return { metric, model: price.model, unitPrice: numberOf(price.unitPrice), included };
    }
    throw new Error(`the naive version has no ${price.model}`);
  });
}

/** Draws a customer's usage: most use little, a few use much. */
export function randomUsage(random: () => number): RandomUsage {
  const quantities = new Map<string, bigint>();
  const floats: Record<string, number> = {};
  for (const { name, most, scale } of METERS) {
    const scaled = BigInt(Math.floor(most * 10 ** scale * random() ** 4));
    quantities.set(name, scaled);
    floats[name] = Number(formatScaled(scaled, scale));
  }
  return { quantities, floats };
}

/** Free units, then two to three tiers that get cheaper. */
function randomTiers(
  most: number,
  dearest: number,
  random: () => number,
): { upTo: number | null; unitPrice: string }[] {
  const first = Math.max(1, Math.round(most * 0.002 * random()));
  const bounds = [first, first * 10, first * 100].slice(0, 2 + Math.floor(random() * 2));
  const start = randomPrice(dearest, random);
  const tiers = bounds.map((upTo, index) => ({
    upTo,
    unitPrice: index === 0 ? "0" : cheaper(start, index),
  }));
  return [...tiers, { upTo: null, unitPrice: cheaper(start, bounds.length) }];
}

/** A price of one to four decimals of a cent, as price lists have them. */
function randomPrice(dearest: number, random: () => number): string {
  const decimals = 1 + Math.floor(random() * 4);
  return (dearest * (0.05 + 0.95 * random())).toFixed(decimals);
}

/** The same decimals, less with each tier, never nothing. */
function cheaper(price: string, times: number): string {
  const decimals = price.split(".")[1]?.length ?? 0;
  return Math.max(10 ** -decimals, Number(price) * 0.7 ** times).toFixed(decimals);
}
