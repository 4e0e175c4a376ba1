/** One member in which a catalog differs from another. */
export interface CatalogChange {
  /** Members joined by dots, items of lists by their name: `plans.payg.prices.api_calls.tiers`. */
  path: string;
  kind: "added" | "removed" | "changed";
  /** Absent when it was added. */
  before?: unknown;
  /** Absent when it was removed. */
  after?: unknown;
}

export interface CatalogDiff {
  /** In the order of their paths' members, whatever the order of members in the documents. */
  changes: CatalogChange[];
  /** How many more there are than are told. */
  leftOff: number;
}

/** Most changes that one diff tells. */
export const MAX_CHANGES = 1000;

/** What names an item of a list. */
const KEYS = ["name", "metricName"];

type Members = ReadonlyMap<string, unknown>;

/**
 * Tells what makes one catalog of another; nothing when they are the same, whatever the order of their members.
 *
 * Items of lists are compared by their `name` or `metricName`; where such items stand in another order, the list itself has
 * changed, and is told by their names. A list without names is compared whole.
 */
export function diffCatalogs(before: object, after: object): CatalogDiff {
  const changes: CatalogChange[] = [];
  let leftOff = 0;
  for (const change of differences("", before, after)) {
    if (changes.length < MAX_CHANGES) {
      changes.push(change);
    } else {
      leftOff += 1;
    }
  }
  return { changes, leftOff };
}

/** True when two catalogs say the same. */
export function isSameCatalog(left: object, right: object): boolean {
  return isSame(left, right);
}

function* differences(path: string, before: unknown, after: unknown): Generator<CatalogChange, void> {
  if (before === undefined || after === undefined) {
    if (before !== undefined) {
      yield { path, kind: "removed", before };
    } else if (after !== undefined) {
      yield { path, kind: "added", after };
    }
    return;
  }
  const items = itemsOf(before, after);
  if (items !== undefined) {
    yield* reordered(path, ...items);
    yield* membersOf(path, ...items);
  } else if (isObject(before) && isObject(after)) {
    yield* membersOf(path, new Map(Object.entries(before)), new Map(Object.entries(after)));
  } else if (!isSame(before, after)) {
    yield { path, kind: "changed", before, after };
  }
}

function* membersOf(path: string, before: Members, after: Members): Generator<CatalogChange, void> {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  for (const name of names.toSorted((left, right) => (left < right ? -1 : 1))) {
    yield* differences(path === "" ? name : `${path}.${name}`, before.get(name), after.get(name));
  }
}

/** Whether what is in both lists is in the same order. */
function* reordered(path: string, before: Members, after: Members): Generator<CatalogChange, void> {
  const was = [...before.keys()].filter((name) => after.has(name));
  const is = [...after.keys()].filter((name) => before.has(name));
  if (was.some((name, index) => name !== is[index])) {
    yield { path, kind: "changed", before: was, after: is };
  }
}

/** Two lists by what names their items; undefined when they are none, or not all items have a name of their own. */
function itemsOf(before: unknown, after: unknown): [Members, Members] | undefined {
  if (!Array.isArray(before) || !Array.isArray(after) || before.length + after.length === 0) {
    return undefined;
  }
  for (const key of KEYS) {
    const was = itemsBy(key, before);
    const is = itemsBy(key, after);
    if (was !== undefined && is !== undefined) {
      return [was, is];
    }
  }
  return undefined;
}

function itemsBy(key: string, list: readonly unknown[]): Members | undefined {
  const items = new Map<string, unknown>();
  for (const item of list) {
    const name = isObject(item) ? item[key] : undefined;
    if (typeof name !== "string" || items.has(name)) {
      return undefined;
    }
    items.set(name, item);
  }
  return items;
}

function isSame(left: unknown, right: unknown): boolean {
  if (Array.isArray(left) && Array.isArray(right) && itemsOf(left, right) === undefined) {
    return left.length === right.length && left.every((item, index) => isSame(item, right[index]));
  }
  return (isObject(left) && isObject(right)) || (Array.isArray(left) && Array.isArray(right))
    ? differences("", left, right).next().done === true
    : left === right;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
