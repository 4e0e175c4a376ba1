import * as fc from "fast-check";
import type { ApiDocument, ApiOperation, ApiParameter } from "../api-document.ts";
import { arbitraryNamed, arbitraryOf, KNOWN_CUSTOMERS } from "./arbitrary-of.ts";
import { mutated, mutations, type Mutation } from "./mutation.ts";

export const KEYS = ["admin", "read", "ingest", "garbage", "none"] as const;
export type Key = (typeof KEYS)[number];

/** A request before it is sent: what it names is looked up among what the Worker has answered until then. */
export interface FuzzRequest {
  operation: ApiOperation;
  key: Key;
  /** A path's parameters; a number stands for something known of that kind. */
  path: Record<string, string | number>;
  query: [name: string, value: string][];
  headers: Record<string, string>;
  body: FuzzBody | undefined;
}

export interface FuzzBody {
  type: string;
  text: string;
  /** What the text holds; undefined where it is no JSON. */
  json: unknown;
}

/** Requests of all calls of a document, most of them as it says. */
export function requestsOf(
  document: ApiDocument,
  operations: readonly ApiOperation[],
): fc.Arbitrary<FuzzRequest> {
  return fc.oneof(
    ...operations.map((operation) => ({
      // Not so often that nothing is left to ask for.
      weight: operation.method === "delete" ? 1 : 4,
      arbitrary: requestOf(document, operation),
    })),
  );
}

function requestOf(document: ApiDocument, operation: ApiOperation): fc.Arbitrary<FuzzRequest> {
  const of = (place: string): ApiParameter[] => operation.parameters.filter((one) => one.in === place);
  return fc.record({
    operation: fc.constant(operation),
    key: fc.oneof({ weight: 9, arbitrary: fc.constant<Key>("admin") }, fc.constantFrom(...KEYS)),
    path: fc.record(Object.fromEntries(of("path").map((one) => [one.name, pathValue(document, one)]))),
    query: queryOf(document, of("query")),
    headers: headersOf(document, of("header")),
    body: bodyOf(document, operation),
  });
}

function pathValue(document: ApiDocument, { schema }: ApiParameter): fc.Arbitrary<string | number> {
  const known = fc.nat(50);
  const text = fc
    .oneof(arbitraryOf(document, schema), fc.string({ minLength: 1, maxLength: 130 }))
    .map((value) => String(value).toWellFormed())
    // An address cannot hold these.
    .filter((value) => value !== "" && value !== "." && value !== "..");
  return fc.oneof({ weight: 3, arbitrary: known }, text);
}

function queryOf(
  document: ApiDocument,
  parameters: readonly ApiParameter[],
): fc.Arbitrary<[string, string][]> {
  const own = parameters.map(({ name, required, schema }) => {
    const values = arbitraryNamed(document, name, schema).map((value) => pairsOf(name, value));
    return required === true
      ? fc.oneof({ weight: 9, arbitrary: values }, fc.constant([]))
      : fc.oneof({ weight: name === "cursor" ? 9 : 2, arbitrary: fc.constant([]) }, values);
  });
  const odd = fc.constantFrom(
    ...parameters.map(({ name }) => name),
    "surplus",
    "filter[region]",
    "filter[",
    "limit",
  );
  const surplus = fc.tuple(
    odd,
    fc.constantFrom("", "1", "0", "1001", "%00", "\u0000", "x".repeat(3000), "[]"),
  );
  const rest = fc.oneof(
    { weight: 9, arbitrary: fc.constant([]) },
    fc.array(surplus, { minLength: 1, maxLength: 2 }),
  );
  return fc.tuple(fc.tuple(...own), rest).map(([pairs, others]) => [...pairs.flat(), ...others]);
}

function pairsOf(name: string, value: unknown): [string, string][] {
  return typeof value === "object" && value !== null
    ? Object.entries(value).map(([inner, held]) => [`${name}[${inner}]`, String(held)])
    : [[name, String(value)]];
}

function headersOf(
  document: ApiDocument,
  parameters: readonly ApiParameter[],
): fc.Arbitrary<Record<string, string>> {
  const own = parameters.map(({ name, schema }) => [
    name,
    fc.oneof(
      fc.constantFrom('"1"', "*", '"0"', 'W/"1"', "junk"),
      arbitraryOf(document, schema).map((value) => String(value).replaceAll(/[^\u0021-\u007e]/g, "_")),
    ),
  ]);
  const accept = fc.constantFrom("application/json", "text/csv", "*/*", "text/html;q=0.1");
  return fc.record(
    { accept, ...(Object.fromEntries(own) as Record<string, fc.Arbitrary<string>>) },
    { requiredKeys: [] },
  );
}

function bodyOf(document: ApiDocument, { requestBody }: ApiOperation): fc.Arbitrary<FuzzBody | undefined> {
  if (requestBody === undefined) {
    return fc.constant(undefined);
  }
  const bodies = Object.entries(requestBody.content).map(([type, { schema, example }]) =>
    fc
      .tuple(
        fc.oneof(fc.constant(example), arbitraryOf(document, schema)),
        fc.oneof(
          { weight: 2, arbitrary: fc.constant<Mutation[]>([]) },
          fc.array(mutations, { minLength: 1, maxLength: 2 }),
        ),
      )
      .map(([value, changes]) => jsonBody(type, changes.reduce(mutated, value))),
  );
  const broken = fc
    .tuple(
      fc.constantFrom(
        ...Object.keys(requestBody.content),
        "text/plain",
        "",
        "application/json; charset=utf-8",
      ),
      fc.constantFrom("", "{", "[1,]", "nul", '{"a":1', '"', "[".repeat(5000), "\uFEFF{"),
    )
    .map(([type, text]) => ({ type, text, json: undefined }));
  return fc.oneof(
    { weight: 8, arbitrary: fc.oneof(...bodies) },
    { weight: 1, arbitrary: broken },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

/** No request of a test leaves this machine: addresses are of a port at which nobody listens. */
function jsonBody(type: string, value: unknown): FuzzBody {
  const text = (JSON.stringify(value) ?? "").replaceAll(/"https?:\/\/[^"]*"/g, '"http://127.0.0.1:9/hook"');
  return { type, text, json: text === "" ? undefined : (JSON.parse(text) as unknown) };
}

/** The customer that a number stands for. */
export function knownCustomer(number: number): string {
  return KNOWN_CUSTOMERS[number % KNOWN_CUSTOMERS.length] ?? "";
}
