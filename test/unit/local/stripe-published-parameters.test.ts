import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { OPERATIONS } from "../../../local/stripe/operations.ts";
import type { Fields, Rule } from "../../../local/stripe/parameters/rules.ts";

const PUBLISHED = "../shared/stripe/request-params-2026-08.json.gz";
const SCHEMA = "../shared/stripe/openapi-hybrid-2026-08.json.gz";

interface PublishedOperation {
  path: string;
  method: string;
  params: Record<string, { type: string; required?: boolean; enum?: string[] }>;
}

function readGzipped(path: string): unknown {
  return JSON.parse(gunzipSync(readFileSync(path)).toString("utf8"));
}

function nameOf(path: string): string {
  return path.replaceAll(/\{[a-z_]+\}/g, "{}");
}

/** Parameters by dotted name; what the published list leaves out (lists of objects, metadata, expand) stays out. */
function flatten(fields: Fields, prefix = ""): [string, Rule][] {
  return Object.entries(fields).flatMap(([name, rule]): [string, Rule][] => {
    const full = `${prefix}${name}`;
    const isListed = name !== "expand" && rule.kind !== "metadata" && rule.kind !== "unsupported";
    if (rule.kind === "object") {
      return flatten(rule.fields, `${full}.`);
    }
    return isListed && !(rule.kind === "list" && rule.of.kind === "object") ? [[full, rule]] : [];
  });
}

const TYPES: Partial<Record<Rule["kind"], RegExp>> = {
  text: /^string/,
  id: /^string/,
  integer: /^integer/,
  range: /^integer/,
  decimal: /^string/,
  boolean: /^boolean/,
  mustBeFalse: /^boolean/,
  currency: /^string/,
  enum: /^string/,
  list: /^array/,
};

test.skipIf(!existsSync(PUBLISHED))("parameters: every one taken is published with its type", () => {
  const published = Object.values(readGzipped(PUBLISHED) as Record<string, PublishedOperation>);
  const differences = OPERATIONS.flatMap((operation) => {
    const entry = published.find(
      ({ method, path }) => method === operation.method && nameOf(path) === nameOf(operation.path),
    );
    if (entry === undefined) {
      return [`${operation.method} ${operation.path} is not published`];
    }
    return flatten(operation.parameters).flatMap(([name, rule]) => {
      const param = entry.params[name];
      const isSame =
        param !== undefined &&
        TYPES[rule.kind]?.test(param.type) === true &&
        (rule.kind !== "enum" ||
          rule.values.toSorted().join(",") === (param.enum ?? [...rule.values]).toSorted().join(",")) &&
        (param.required !== true || rule.required === true);
      return isSame ? [] : [`${operation.method} ${operation.path} ${name}`];
    });
  });
  expect(differences).toEqual([]);
  expect(OPERATIONS.flatMap(({ parameters }) => flatten(parameters)).length).toBeGreaterThan(150);
});

test.skipIf(!existsSync(SCHEMA))("parameters: a line takes all that the schema lists", () => {
  const schema = readGzipped(SCHEMA) as {
    paths: Record<string, { post: { requestBody: { content: Record<string, { schema: SchemaNode }> } } }>;
  };
  const body = schema.paths["/v1/invoices/{invoice}/add_lines"]?.post.requestBody;
  const line = body?.content["application/x-www-form-urlencoded"]?.schema.properties?.["lines"]?.items;
  const lines = OPERATIONS.find(({ path }) => path.endsWith("/add_lines"))?.parameters["lines"];
  const rules = lines?.kind === "list" && lines.of.kind === "object" ? lines.of.fields : {};
  const listed = Object.keys(line?.properties ?? {});
  expect(listed.length).toBeGreaterThan(5);
  expect(listed.filter((name) => !Object.hasOwn(rules, name))).toEqual([]);
});

interface SchemaNode {
  properties?: Record<string, SchemaNode>;
  items?: SchemaNode;
}
