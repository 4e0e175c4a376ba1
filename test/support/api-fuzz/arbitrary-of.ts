import * as fc from "fast-check";
import type { ApiDocument, JsonSchema } from "../api-document.ts";

/** Names that mean something to the Worker under test, so that not every request ends at its first look-up. */
export const KNOWN_CUSTOMERS = ["fuzz-1", "fuzz-2", "fuzz-3"];
const METERS = ["api_calls", "storage_gb", "compute_seconds", "seats"];
/** What members and parameters of a name are given mostly. */
const KNOWN_VALUES: Record<string, unknown[]> = {
  customerId: KNOWN_CUSTOMERS,
  metricName: METERS,
  metric: METERS,
  plan: ["payg", "flat99"],
  defaultPlan: ["payg"],
  currency: ["usd"],
  timezone: ["UTC", "Europe/Berlin", "Asia/Kolkata", "Nowhere"],
  groupBy: ["customer", "region", "customer,region", ""],
  from: ["2026-11-01", "1793491200000", "2026-11-01T00:00:00+05:30"],
  to: ["2026-11-24", "9999-12-31"],
  ref: ["usage:api_calls", "base_fee"],
};
const KNOWN_NAMES = [
  ...KNOWN_CUSTOMERS,
  "api_calls",
  "storage_gb",
  "seats",
  "payg",
  "flat99",
  "current",
  "UTC",
];
const MAX_ITEMS = 4;
const HOUR_MS = 3_600_000;

/** Values that a schema of the document takes, as far as its keywords say. */
export function arbitraryOf(document: ApiDocument, schema: JsonSchema): fc.Arbitrary<unknown> {
  const make = (part: unknown): fc.Arbitrary<unknown> => arbitraryOf(document, part as JsonSchema);
  if (schema.$ref !== undefined) {
    return make(document.components.schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {});
  }
  const choices = (schema["anyOf"] ?? schema["oneOf"]) as unknown[] | undefined;
  if (choices !== undefined) {
    return fc.oneof(...choices.map(make));
  }
  if (schema["enum"] !== undefined) {
    return fc.constantFrom(...(schema["enum"] as unknown[]));
  }
  if (Array.isArray(schema.type)) {
    return fc.oneof(...schema.type.map((type) => make({ ...schema, type })));
  }
  switch (schema.type) {
    case "string":
      return stringOf(schema);
    case "integer":
    case "number":
      return numberOf(schema);
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array": {
      const minLength = Number(schema["minItems"] ?? 0);
      return fc.array(make(schema["items"] ?? {}), { minLength, maxLength: Math.max(minLength, MAX_ITEMS) });
    }
    case "object":
      return objectOf(schema, make, (name, part) => arbitraryNamed(document, name, part as JsonSchema));
    case undefined:
    default:
      return fc.jsonValue();
  }
}

/** Values of a member or a parameter: those of its schema, where its name tells nothing better. */
export function arbitraryNamed(
  document: ApiDocument,
  name: string,
  schema: JsonSchema,
): fc.Arbitrary<unknown> {
  const values = arbitraryOf(document, schema);
  const known = KNOWN_VALUES[name];
  return known === undefined ? values : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...known) }, values);
}

function stringOf({ pattern, format, minLength, maxLength }: JsonSchema): fc.Arbitrary<string> {
  if (format === "date-time") {
    const nowMs = Date.now();
    const near = fc.integer({ min: nowMs - 30 * HOUR_MS, max: nowMs + HOUR_MS });
    const any = fc.integer({ min: 0, max: 253_402_300_799_999 });
    return fc.oneof({ weight: 4, arbitrary: near }, any).map((ms) => new Date(ms).toISOString());
  }
  if (format === "email") {
    return fc.constant("fuzz@example.com");
  }
  if (typeof pattern === "string") {
    const matching = fc.stringMatching(new RegExp(pattern));
    const fitting = KNOWN_NAMES.filter((name) => new RegExp(pattern).test(name));
    return fitting.length === 0 ? matching : fc.oneof(matching, fc.constantFrom(...fitting));
  }
  const bounds = { minLength: Number(minLength ?? 0), maxLength: Math.min(Number(maxLength ?? 20), 20) };
  const longest = typeof maxLength === "number" ? [fc.constant("é".repeat(maxLength))] : [];
  return fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...KNOWN_NAMES) },
    fc.string({ unit: "grapheme", ...bounds }),
    ...longest,
  );
}

function numberOf({ type, minimum, maximum }: JsonSchema): fc.Arbitrary<number> {
  const min = Number(minimum ?? -(2 ** 53));
  const max = Number(maximum ?? 2 ** 53);
  const small = fc.integer({ min: Math.max(min, -3), max: Math.min(max, 1000) });
  const whole = fc.oneof(
    { weight: 3, arbitrary: small },
    fc.constantFrom(Math.ceil(min), Math.floor(max)),
    fc.bigInt({ min: BigInt(Math.ceil(min)), max: BigInt(Math.floor(max)) }).map(Number),
  );
  return type === "integer"
    ? whole
    : fc.oneof(whole, fc.double({ min, max, noNaN: true, noDefaultInfinity: true }));
}

function objectOf(
  { properties, required, additionalProperties }: JsonSchema,
  make: (part: unknown) => fc.Arbitrary<unknown>,
  makeNamed: (name: string, part: unknown) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  const members = Object.fromEntries(
    Object.entries((properties ?? {}) as Record<string, unknown>).map(([name, part]) => [
      name,
      makeNamed(name, part),
    ]),
  );
  const named = fc.record(members, { requiredKeys: (required ?? []) as string[] });
  if (typeof additionalProperties !== "object" || additionalProperties === null) {
    return named;
  }
  const keys = fc.oneof(fc.constantFrom("region", "a", "constructor"), fc.string({ maxLength: 8 }));
  const rest = fc.dictionary(keys, make(additionalProperties), { maxKeys: 3 });
  return fc.tuple(rest, named).map(([others, own]) => ({ ...others, ...own }));
}
