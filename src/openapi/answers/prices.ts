import * as z from "zod";
import { AGGREGATIONS } from "../../domain/meter.ts";
import { named } from "../named.ts";
import { decimal, moment } from "./values.ts";

const tier = z.object({
  upTo: decimal.nullable(),
  unitPrice: decimal.optional(),
  flatFee: decimal.optional(),
});
const step = z.object({ upTo: decimal.nullable(), flatFee: decimal });
const common = {
  metricName: z.string(),
  includedFree: decimal.optional(),
  minSpend: decimal.optional(),
  maxSpend: decimal.optional(),
  chargeWhenZero: z.boolean().optional(),
};

/** A price as it is kept: numbers are decimal strings. */
export const keptPrice = named(
  "KeptPrice",
  z.discriminatedUnion("model", [
    z.object({ ...common, model: z.literal("graduated"), tiers: z.array(tier) }),
    z.object({ ...common, model: z.literal("volume"), tiers: z.array(tier) }),
    z.object({ ...common, model: z.literal("stairstep"), tiers: z.array(step) }),
    z.object({ ...common, model: z.literal("package"), packageSize: decimal, packagePrice: decimal }),
    z.object({ ...common, model: z.literal("perUnit"), unitPrice: decimal }),
    z.object({ ...common, model: z.literal("flat"), flatFee: decimal }),
  ]),
  { description: "A price as it is given back; it may be put again." },
);

const keptMeter = z.object({
  name: z.string(),
  displayName: z.string(),
  unit: z.string(),
  description: z.string().optional(),
  aggregation: z.enum(AGGREGATIONS),
  scale: z.int(),
  dimensions: z.array(z.string()),
  allowNegative: z.boolean(),
});

const keptPlan = z.object({
  name: z.string(),
  displayName: z.string(),
  baseFee: decimal,
  minSpend: decimal.optional(),
  maxSpend: decimal.optional(),
  prices: z.array(keptPrice),
});

/** A catalog as it is kept. */
export const keptCatalog = named(
  "KeptCatalog",
  z.object({
    currency: z.string(),
    defaultPlan: z.string(),
    meters: z.array(keptMeter),
    plans: z.array(keptPlan),
  }),
  { description: "A catalog as it is given back; it may be put again." },
);

const summaryMembers = {
  version: z.int().min(1),
  publishedAt: moment,
  publishedBy: z.string(),
  reason: z.string().nullable(),
  effective: z.enum(["now", "nextPeriod"]),
};

/** A version in a list. */
export const versionSummary = named("CatalogVersionSummary", z.object(summaryMembers));

/** A version with its catalog. */
export const catalogVersion = named("CatalogVersion", z.object({ ...summaryMembers, catalog: keptCatalog }));

const diffMembers = {
  changes: z.array(
    z.object({
      path: z.string(),
      kind: z.enum(["added", "removed", "changed"]),
      before: z.unknown().optional(),
      after: z.unknown().optional(),
    }),
  ),
  changesLeftOff: z.int().min(0),
};

/** A version, and what it has changed. */
export const publication = named(
  "Publication",
  z.object({ ...summaryMembers, catalog: keptCatalog, ...diffMembers }),
);

/** What makes one version of another. */
export const catalogDiff = named(
  "CatalogDiff",
  z.object({ version: z.int(), against: z.int(), ...diffMembers }),
);
