import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { demoCatalog } from "../../../local/demo-catalog.ts";
import { catalogSchema } from "../../../src/rating/catalog.ts";
import { diffCatalogs, isSameCatalog, MAX_CHANGES } from "../../../src/rating/catalog-diff.ts";

const TIERS = [
  { upTo: "10", unitPrice: "0" },
  { upTo: null, unitPrice: "1" },
] as const;
const payg = { name: "payg", baseFee: "0", prices: [{ metricName: "calls", tiers: TIERS }] };
const calls = { name: "calls", unit: "calls", dimensions: ["region"] };
const base = { currency: "usd", meters: [calls], plans: [payg] };

test.each([
  {
    name: "a member's other value",
    after: { ...base, currency: "eur" },
    changes: [{ path: "currency", kind: "changed", before: "usd", after: "eur" }],
  },
  {
    name: "a plan's price that has other tiers: the tiers as a whole",
    after: { ...base, plans: [{ ...payg, prices: [{ metricName: "calls", tiers: [TIERS[1]] }] }] },
    changes: [{ path: "plans.payg.prices.calls.tiers", kind: "changed", before: TIERS, after: [TIERS[1]] }],
  },
  {
    name: "a member that a price did not have",
    after: { ...base, plans: [{ ...payg, prices: [{ ...payg.prices[0], chargeWhenZero: true }] }] },
    changes: [{ path: "plans.payg.prices.calls.chargeWhenZero", kind: "added", after: true }],
  },
  {
    name: "a member that is gone",
    after: { ...base, meters: [{ name: "calls", dimensions: ["region"] }] },
    changes: [{ path: "meters.calls.unit", kind: "removed", before: "calls" }],
  },
  {
    name: "a plan more, a meter less",
    after: { ...base, meters: [], plans: [payg, { name: "plus" }] },
    changes: [
      { path: "meters.calls", kind: "removed", before: calls },
      { path: "plans.plus", kind: "added", after: { name: "plus" } },
    ],
  },
  {
    name: "a plan under another name: one less, one more",
    after: { ...base, plans: [{ ...payg, name: "free" }] },
    changes: [
      { path: "plans.free", kind: "added", after: { ...payg, name: "free" } },
      { path: "plans.payg", kind: "removed", before: payg },
    ],
  },
  {
    name: "a dimension more: the dimensions as a whole",
    after: { ...base, meters: [{ ...calls, dimensions: ["region", "tier"] }] },
    changes: [
      { path: "meters.calls.dimensions", kind: "changed", before: ["region"], after: ["region", "tier"] },
    ],
  },
  {
    name: "null in place of a value",
    after: { ...base, plans: [{ ...payg, baseFee: null }] },
    changes: [{ path: "plans.payg.baseFee", kind: "changed", before: "0", after: null }],
  },
  {
    name: "a list in place of a value, an object in place of a list",
    after: { ...base, currency: ["usd"], meters: { calls } },
    changes: [
      { path: "currency", kind: "changed", before: "usd", after: ["usd"] },
      { path: "meters", kind: "changed", before: [calls], after: { calls } },
    ],
  },
  {
    name: "two items of one name: the list as a whole",
    after: { ...base, meters: [calls, calls] },
    changes: [{ path: "meters", kind: "changed", before: [calls], after: [calls, calls] }],
  },
])("diff: tells $name", ({ after, changes }) => {
  expect(diffCatalogs(base, after)).toEqual({ changes, leftOff: 0 });
  expect(isSameCatalog(base, after)).toBe(false);
});

test("diff: of the first catalog all items are added, each by its name", () => {
  const catalog = catalogSchema.parse(demoCatalog);
  const { changes } = diffCatalogs({ meters: [], plans: [] }, catalog);

  expect(changes.map(({ path, kind }) => `${kind} ${path}`)).toEqual([
    "added currency",
    "added defaultPlan",
    "added meters.api_calls",
    "added meters.compute_seconds",
    "added meters.seats",
    "added meters.storage_gb",
    "added plans.flat99",
    "added plans.payg",
  ]);
});

test("diff: another order of items is a change of the list, told by names; another order of members is none", () => {
  const two = { list: [{ name: "a", x: 1, y: 2 }, { name: "b" }, { name: "c" }] };
  const turned = { list: [{ name: "c" }, { y: 2, x: 1, name: "a" }, { name: "d" }] };

  expect(diffCatalogs(two, turned).changes).toEqual([
    { path: "list", kind: "changed", before: ["a", "c"], after: ["c", "a"] },
    { path: "list.b", kind: "removed", before: { name: "b" } },
    { path: "list.d", kind: "added", after: { name: "d" } },
  ]);
  expect(
    diffCatalogs({ a: 1, b: { c: [1, { d: 2, e: 3 }] } }, { b: { c: [1, { e: 3, d: 2 }] }, a: 1 }),
  ).toEqual({
    changes: [],
    leftOff: 0,
  });
});

test("diff: names that every object inherits are names like others", () => {
  const document = (unit: string) => ({
    meters: [
      { name: "constructor", unit },
      { name: "__proto__", unit },
    ],
  });

  expect(diffCatalogs(document("a"), document("b")).changes.map(({ path }) => path)).toEqual([
    "meters.__proto__.unit",
    "meters.constructor.unit",
  ]);
});

test("diff: tells a bounded number of changes and counts the rest", () => {
  const plans = (count: number) => ({ plans: Array.from({ length: count }, (_, n) => ({ name: `p${n}` })) });
  const exact = diffCatalogs(plans(0), plans(MAX_CHANGES));
  const more = diffCatalogs(plans(0), plans(MAX_CHANGES + 7));

  expect([exact.changes.length, exact.leftOff]).toEqual([MAX_CHANGES, 0]);
  expect([more.changes.length, more.leftOff]).toEqual([MAX_CHANGES, 7]);
});

const anyLeaf = fc.oneof(
  fc.constantFrom("0", "1", "x", 0, 1, true, null),
  fc.array(fc.nat(1), { maxLength: 2 }),
);
// Objects as JSON has them: the comparison that judges the diff would tell those without a prototype apart.
const noNullPrototype = true;
const anyMembers = fc.dictionary(fc.constantFrom("a", "b", "unit", "tiers"), anyLeaf, {
  maxKeys: 3,
  noNullPrototype,
});
const listOf = (key: string, item: fc.Arbitrary<object>) =>
  fc
    .uniqueArray(fc.tuple(fc.constantFrom("k1", "k2", "k3"), item), {
      selector: ([name]) => name,
      maxLength: 3,
    })
    .map((items) => items.map(([name, members]) => ({ ...members, [key]: name })));
const anyPlan = fc.record(
  { fee: anyLeaf, prices: listOf("metricName", anyMembers) },
  { requiredKeys: [], noNullPrototype },
);
const anyCatalog = fc.record(
  { currency: anyLeaf, meters: listOf("name", anyMembers), plans: listOf("name", anyPlan) },
  { requiredKeys: ["meters", "plans"], noNullPrototype },
);

const LISTS = new Set(["meters", "plans", "prices"]);

/** Every value of a document at its path, items of lists by their names. */
function leavesOf(value: unknown, path: string[] = []): Map<string, unknown> {
  const isList = Array.isArray(value) && LISTS.has(path.at(-1) ?? "");
  const members = isList
    ? value.map((item): [string, unknown] => [String(item.name ?? item.metricName), item])
    : typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value)
      : undefined;
  return members === undefined
    ? new Map([[path.join("."), value]])
    : new Map(members.flatMap(([name, member]) => [...leavesOf(member, [...path, name])]));
}

test("diff: of a catalog with itself, however its members are ordered, there is nothing to tell", () => {
  fc.assert(
    fc.property(anyCatalog, (catalog) => {
      const turned = Object.fromEntries(Object.entries(catalog).toReversed());
      expect(diffCatalogs(catalog, structuredClone(turned))).toEqual({ changes: [], leftOff: 0 });
      expect(isSameCatalog(catalog, turned)).toBe(true);
    }),
  );
});

test("diff: each value that differs is told at its path or above, and none that does not", () => {
  fc.assert(
    fc.property(anyCatalog, anyCatalog, (before, after) => {
      const { changes } = diffCatalogs(before, after);
      const [was, is] = [leavesOf(before), leavesOf(after)];
      const differing = [...new Set([...was.keys(), ...is.keys()])].filter(
        (path) => !isDeepStrictEqual(was.get(path), is.get(path)) || was.has(path) !== is.has(path),
      );
      const paths = changes.map(({ path }) => path);
      for (const leaf of differing) {
        expect(paths.filter((path) => leaf === path || leaf.startsWith(`${path}.`))).not.toEqual([]);
      }
      for (const { path } of changes) {
        // The order of a list, or a list without items that is there or not.
        const isList = LISTS.has(path.split(".").at(-1) ?? "");
        const isTold = differing.some((leaf) => leaf === path || leaf.startsWith(`${path}.`));
        expect([path, isTold || isList]).toEqual([path, true]);
      }
      expect(changes.length === 0).toBe(isDeepStrictEqual(before, after));
      expect(isSameCatalog(before, after)).toBe(changes.length === 0);
    }),
    { numRuns: 500 },
  );
});

test("diff: there and back tell the same paths, with before and after exchanged", () => {
  const exchanged = { added: "removed", removed: "added", changed: "changed" } as const;
  fc.assert(
    fc.property(anyCatalog, anyCatalog, (before, after) => {
      const back = diffCatalogs(after, before).changes.map(({ path, kind, ...values }) => ({
        path,
        kind: exchanged[kind],
        ...("after" in values && { before: values.after }),
        ...("before" in values && { after: values.before }),
      }));
      expect(back).toEqual(diffCatalogs(before, after).changes);
    }),
  );
});
