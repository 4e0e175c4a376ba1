import type * as z from "zod";
import { catalogSchema, type Catalog } from "../rating/catalog.ts";

/** What is wrong with a document, and where. */
export interface Fault {
  path: string;
  message: string;
}

/** A document that is to be published, as far as it can be read. */
export interface CatalogReading {
  /** Undefined when anything is wrong with it. */
  catalog: Catalog | undefined;
  faults: Fault[];
}

/** Most faults that one answer tells, and most items of a list that are looked at one by one. */
export const MAX_FAULTS = 1000;

type Members = Record<string, unknown>;
type Issue = z.core.$ZodIssue;

const planSchema = catalogSchema.shape.plans.element;

/** Reads a document by the catalog's schema; a fault in one part keeps none in the others from being told. */
export function readCatalog(document: unknown): CatalogReading {
  const parsed = catalogSchema.safeParse(document);
  if (parsed.success) {
    return { catalog: parsed.data, faults: [] };
  }
  const { issues } = parsed.error;
  const told = new Map<string, Fault>();
  const between = issues.length < MAX_FAULTS ? faultsBetween(document, issues) : [];
  for (const fault of [...issues.map(faultOf), ...between]) {
    told.set(JSON.stringify([fault.path, fault.message]), fault);
  }
  return { catalog: undefined, faults: [...told.values()].slice(0, MAX_FAULTS) };
}

/** An issue of any schema as a fault. */
export function faultOf({ path, message }: Issue): Fault {
  return { path: path.join("."), message };
}

/** A member that is a list, with what of its items is no object as an empty one; undefined when it is no list. */
export function listIn(document: unknown, member: string): Members[] | undefined {
  const list = isObject(document) ? document[member] : undefined;
  return Array.isArray(list) ? list.map((item: unknown) => (isObject(item) ? item : {})) : undefined;
}

/** The names in a list; undefined when it, or one of them, cannot be read. */
export function namesIn(document: unknown, member: string): Set<string> | undefined {
  const names = listIn(document, member)?.map(({ name }) => name);
  return names?.every((name) => typeof name === "string") === true ? new Set(names) : undefined;
}

/**
 * What is wrong between the parts that are right by themselves.
 *
 * The schema compares parts only when all have the right shape. So the rest is taken out, and with it whatever would be
 * called wrong only because it is out; what is left is read once more.
 */
function faultsBetween(document: unknown, issues: readonly Issue[]): Fault[] {
  const meters = listIn(document, "meters");
  const plans = listIn(document, "plans");
  if (!isObject(document) || meters === undefined || plans === undefined || isAt(issues, ["currency"])) {
    return [];
  }
  const keptMeters = indexesOf(meters).filter((index) => !isAt(issues, ["meters", index]));
  const metricNames = new Set(keptMeters.map((index) => meters[index]?.["name"]));
  const isKnown = (metricName: unknown): boolean =>
    keptMeters.length === meters.length || metricNames.has(metricName);
  const kept = plans
    .map((plan, index) => soundPlan(plan, index, issues, isKnown))
    .filter((plan) => planSchema.safeParse(plan.plan).success);
  const [first] = kept;
  const { currency, defaultPlan } = document;
  const isDefaultKept = kept.length === plans.length || kept.some(({ plan }) => plan["name"] === defaultPlan);
  const parsed = catalogSchema.safeParse({
    currency,
    defaultPlan: isDefaultKept && !isAt(issues, ["defaultPlan"]) ? defaultPlan : first?.plan["name"],
    meters: keptMeters.map((index) => meters[index]),
    plans: kept.map(({ plan }) => plan),
  });
  const between = keptMeters.length > 0 && kept.length > 0 ? (parsed.error?.issues ?? []) : [];
  return between.map(({ path: [list, item, member, below, ...rest], message }) => {
    const plan = list === "plans" ? kept[Number(item)] : undefined;
    const index = list === "meters" ? keptMeters[Number(item)] : plan?.index;
    const inner = plan !== undefined && member === "prices" ? plan.prices[Number(below)] : below;
    const path = [list, index ?? item, member, inner, ...rest].filter((part) => part !== undefined);
    return { path: path.join("."), message };
  });
}

interface SoundPlan {
  index: number;
  plan: Members;
  /** Where the prices that are left stood. */
  prices: number[];
}

/** A plan without its members, and without those of its prices, that are wrong by themselves or of a meter that is. */
function soundPlan(
  plan: Members,
  index: number,
  issues: readonly Issue[],
  isKnown: (metricName: unknown) => boolean,
): SoundPlan {
  const unknown = new Set(
    issues.flatMap((issue) =>
      issue.code === "unrecognized_keys" && issue.path.join(".") === `plans.${index}` ? issue.keys : [],
    ),
  );
  const given = listIn(plan, "prices") ?? [];
  const prices = indexesOf(given).filter(
    (price) => !isAt(issues, ["plans", index, "prices", price]) && isKnown(given[price]?.["metricName"]),
  );
  const members = Object.entries(plan).filter(
    ([member]) => member !== "prices" && !unknown.has(member) && !isAt(issues, ["plans", index, member]),
  );
  return {
    index,
    plan: { ...Object.fromEntries(members), prices: prices.map((price) => given[price]) },
    prices,
  };
}

/** True when one of the issues is at a path or below it. */
function isAt(issues: readonly Issue[], path: readonly (string | number)[]): boolean {
  return issues.some((issue) => path.every((part, depth) => issue.path[depth] === part));
}

function indexesOf(list: readonly unknown[]): number[] {
  return list.map((_, index) => index);
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
