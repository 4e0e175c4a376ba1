import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const PUBLISHED = "../shared/stripe/request-params-2026-08.json.gz";
/** Has what the list of parameters leaves out: the members of a line. */
const SCHEMA = "../shared/stripe/openapi-hybrid-2026-08.json.gz";

/** A request as the local Stripe has noted it. */
export interface NotedRequest {
  method: string;
  path: string;
  params: Record<string, unknown>;
}

interface PublishedParam {
  type: string;
  required?: boolean;
  enum?: string[];
}

interface PublishedOperation {
  path: string;
  method: string;
  params: Record<string, PublishedParam>;
}

/** True where Stripe's published parameters are at hand. */
export const hasPublished = existsSync(PUBLISHED) && existsSync(SCHEMA);

/** What the schema says of a value. */
interface SchemaNode {
  type?: string;
  properties?: Record<string, SchemaNode>;
  items?: SchemaNode;
}

interface Schema {
  paths: Record<string, { post: { requestBody: { content: Record<string, { schema: SchemaNode }> } } }>;
}

let loaded: { operations: PublishedOperation[]; line: Record<string, SchemaNode> } | undefined;

function readGzipped(path: string): unknown {
  return JSON.parse(gunzipSync(readFileSync(path)).toString("utf8"));
}

function published(): { operations: PublishedOperation[]; line: Record<string, SchemaNode> } {
  if (loaded === undefined) {
    const { paths } = readGzipped(SCHEMA) as Schema;
    const body = paths["/v1/invoices/{invoice}/add_lines"]?.post.requestBody.content;
    const lines = body?.["application/x-www-form-urlencoded"]?.schema.properties?.["lines"];
    loaded = {
      operations: Object.values(readGzipped(PUBLISHED) as Record<string, PublishedOperation>),
      line: lines?.items?.properties ?? {},
    };
  }
  return loaded;
}

/** What of requests is not as Stripe publishes them; nothing where the published parameters are not at hand. */
export function unpublished(requests: readonly NotedRequest[]): string[] {
  return hasPublished ? requests.flatMap((request) => faultsOf(request)) : [];
}

function faultsOf({ method, path, params }: NotedRequest): string[] {
  const { operations, line } = published();
  const found = operations.find(
    (one) =>
      one.method === method &&
      new RegExp(`^${one.path.replaceAll(/\{[a-z_]+\}/g, "[a-z]+_[^/]+")}$`).test(path),
  );
  if (found === undefined) {
    return [`${method} ${path} is not published`];
  }
  const { lines = {}, ...others } = params;
  const given = flatten(others);
  const badLines = Object.entries(lines as Record<string, Record<string, unknown>>).flatMap(
    ([index, members]) =>
      lineFaults(line, members).map((name) => `${method} ${path} lines[${index}] ${name}`),
  );
  const missing = Object.entries(found.params)
    .filter(
      ([name, { required }]) => required === true && !name.includes(".") && !Object.hasOwn(params, name),
    )
    .map(([name]) => `${method} ${path} lacks ${name}`);
  const wrong = given
    .filter(([name, value]) => !isPublished(found.params, name, value))
    .map(([name, value]) => `${method} ${path} ${name}=${String(value)}`);
  return [...missing, ...wrong, ...badLines];
}

/** Members of a line that are not in the schema, or of another type. */
function lineFaults(properties: Record<string, SchemaNode>, members: Record<string, unknown>): string[] {
  return Object.entries(members).flatMap(([name, value]) => {
    const node = properties[name];
    if (node?.properties !== undefined && typeof value === "object" && value !== null) {
      return lineFaults(node.properties, value as Record<string, unknown>);
    }
    const isOfType = node !== undefined && (node.type !== "integer" || /^-?\d+$/.test(String(value)));
    return isOfType ? [] : [name];
  });
}

/** The published list leaves out lists of objects, metadata and expand. */
function flatten(params: Record<string, unknown>, prefix = ""): [string, unknown][] {
  return Object.entries(params).flatMap(([key, value]): [string, unknown][] => {
    const name = `${prefix}${key}`;
    if (name === "metadata" || name === "expand" || Array.isArray(value)) {
      return [];
    }
    return typeof value === "object" && value !== null
      ? flatten(value as Record<string, unknown>, `${name}.`)
      : [[name, value]];
  });
}

function isPublished(params: Record<string, PublishedParam>, name: string, value: unknown): boolean {
  // A range is listed as the number that it may be instead.
  const param = params[name] ?? params[name.replace(/\.(lte?|gte?)$/, "")];
  const text = String(value);
  const isOfType =
    param !== undefined &&
    (param.type === "integer"
      ? /^-?\d+$/.test(text)
      : param.type === "boolean"
        ? /^(true|false)$/.test(text)
        : param.type === "string");
  return isOfType && (param?.enum === undefined || param.enum.includes(text));
}
