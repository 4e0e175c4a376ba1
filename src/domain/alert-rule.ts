import * as z from "zod";
import { formatScaled, parseDecimal, decimalFromNumber } from "./decimal.ts";
import { nameSchema } from "./meter.ts";

/** Most rules of a customer beside the defaults, and most thresholds of a rule. */
export const MAX_RULES = 100;
const MAX_THRESHOLDS = 20;
/** Highest percentage that a threshold may have. */
const MAX_PERCENT = 100_000n;
/** Most decimals of a threshold. */
const MAX_DECIMALS = 9;

export const ALERT_KINDS = ["usage", "spend", "budget", "forecast"] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** What a threshold is measured in: percent of what is included or of the budget, a quantity, or an amount. */
export type Measure = "percent" | "quantity" | "amount";

const thresholdSchema = z.union([z.number(), z.string()]).transform((input, context) => {
  const decimal = typeof input === "number" ? decimalFromNumber(input) : parseDecimal(input);
  if (decimal === undefined || decimal.coefficient <= 0n || decimal.scale > MAX_DECIMALS) {
    context.addIssue({ code: "custom", message: "must be a number above 0 such as 80 or 120.50" });
    return z.NEVER;
  }
  return formatScaled(decimal.coefficient, decimal.scale);
});

const percentSchema = thresholdSchema.refine((text) => /^\d+$/.test(text) && BigInt(text) <= MAX_PERCENT, {
  error: `must be a whole percentage of at most ${MAX_PERCENT}`,
});

function listOf(item: typeof thresholdSchema): z.ZodType<string[], (number | string)[]> {
  return z
    .array(item)
    .min(1)
    .max(MAX_THRESHOLDS)
    .superRefine((thresholds, context) => {
      for (const [index, threshold] of thresholds.entries()) {
        if (thresholds.indexOf(threshold) !== index) {
          context.addIssue({ code: "custom", path: [index], message: `${threshold} is there twice` });
        }
      }
    });
}

const idSchema = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, "must be letters, digits, _ . or -, at most 64");
const common = { id: idSchema, enabled: z.boolean().default(true) };

/** A rule that alerts are checked by. Percentages and quantities are decimal strings once read, amounts in major units. */
export const alertRuleSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    ...common,
    kind: z.literal("usage"),
    /** Absent: each metric of which something is included. */
    metricName: nameSchema.optional(),
    measure: z.enum(["percent", "quantity"]).default("percent"),
    thresholds: listOf(thresholdSchema),
  }),
  z.strictObject({ ...common, kind: z.literal("spend"), thresholds: listOf(thresholdSchema) }),
  z.strictObject({ ...common, kind: z.literal("budget"), thresholds: listOf(percentSchema) }),
  z.strictObject({ ...common, kind: z.literal("forecast") }),
]);

export type AlertRule = z.infer<typeof alertRuleSchema>;

/** A customer's own rules; one with the id of a default takes its place. */
export const alertRulesSchema = z.strictObject({
  rules: z.array(alertRuleSchema).superRefine((rules, context) => {
    // Defaults are given back with a customer's own, and do not count when they are put again.
    if (rules.filter(({ id }) => !isDefault(id)).length > MAX_RULES) {
      context.addIssue({ code: "custom", message: `at most ${MAX_RULES} rules beside the defaults` });
      return;
    }
    for (const [index, rule] of rules.entries()) {
      if (rules.findIndex(({ id }) => id === rule.id) !== index) {
        context.addIssue({ code: "custom", path: [index, "id"], message: `${rule.id} is there twice` });
      }
      if (rule.kind === "usage") {
        checkUsageRule(rule, (path, message) =>
          context.addIssue({ code: "custom", path: [index, ...path], message }),
        );
      }
    }
  }),
});

function checkUsageRule(
  rule: Extract<AlertRule, { kind: "usage" }>,
  fault: (path: (string | number)[], message: string) => void,
): void {
  if (rule.measure === "quantity" && rule.metricName === undefined) {
    fault(["metricName"], "a quantity is of one metric: name it");
  }
  for (const [index, threshold] of rule.thresholds.entries()) {
    if (rule.measure === "percent" && !percentSchema.safeParse(threshold).success) {
      fault(["thresholds", index], `must be a whole percentage of at most ${MAX_PERCENT}`);
    }
  }
}

/** The rules that every customer has unless its own say otherwise. */
export const DEFAULT_RULES: readonly AlertRule[] = [
  {
    id: "default_usage",
    enabled: true,
    kind: "usage",
    measure: "percent",
    thresholds: ["80", "90", "100"],
  },
  { id: "default_budget", enabled: true, kind: "budget", thresholds: ["80", "90", "100"] },
  { id: "default_forecast", enabled: true, kind: "forecast" },
];

function isDefault(id: string): boolean {
  return DEFAULT_RULES.some((rule) => rule.id === id);
}

/** The rules that count for a customer: its own, and the defaults that it has none of the same id for. */
export function rulesInForce(own: readonly AlertRule[]): AlertRule[] {
  const kept = DEFAULT_RULES.filter(({ id }) => own.every((rule) => rule.id !== id));
  return [...kept, ...own];
}
