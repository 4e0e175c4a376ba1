import * as fc from "fast-check";

/** One thing that is done to a value to make it what the document does not take. */
export interface Mutation {
  /** Which of the value's places, modulo how many it has. */
  place: number;
  kind: "replace" | "remove" | "add";
  value: unknown;
}

const ODD: unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  -1e-7,
  2 ** 53,
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\uD800",
  "'; drop table customers; --",
  "{shard}:*\r\nFLUSHALL",
  "__proto__",
  "9".repeat(400),
  "1e999",
  "x".repeat(5000),
  "٣",
  [],
  {},
  [[[[[[[[[]]]]]]]]],
];

/** Members that no schema names. */
const ODD_MEMBERS = ["surplus", "__proto__", "constructor", "toString", "", "id", "customerId"];

/** A change of a value. */
export const mutations: fc.Arbitrary<Mutation> = fc.record({
  place: fc.nat(200),
  kind: fc.constantFrom("replace", "remove", "add"),
  value: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...ODD) }, fc.jsonValue()),
});

/** The value with the change, where it has a place for it; the value given stays as it is. */
export function mutated(value: unknown, { place, kind, value: odd }: Mutation): unknown {
  const places = placesOf(value, []);
  const path = places[place % places.length] ?? [];
  const name = ODD_MEMBERS[place % ODD_MEMBERS.length] ?? "";
  return changed(value, path, (held) => {
    if (kind === "add" && isObject(held)) {
      // Not by assignment: that would set the prototype.
      return Object.fromEntries([...Object.entries(held), [name, odd]]);
    }
    return kind === "remove" ? undefined : odd;
  });
}

function placesOf(value: unknown, path: readonly string[]): string[][] {
  const inner = isObject(value) || Array.isArray(value) ? Object.entries(value) : [];
  return [[...path], ...inner.flatMap(([key, held]) => placesOf(held, [...path, key]))];
}

function changed(value: unknown, path: readonly string[], change: (held: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) {
    return change(value);
  }
  const entries = Object.entries(value as object).flatMap(([name, held]) => {
    const after = name === key ? changed(held, rest, change) : held;
    return after === undefined ? [] : [[name, after] as const];
  });
  return Array.isArray(value) ? entries.map(([, held]) => held) : Object.fromEntries(entries);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
