import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const PUBLISHED = "../shared/stripe/request-params-2026-08.json.gz";

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
export const hasPublished = existsSync(PUBLISHED);

let operations: PublishedOperation[] | undefined;

function published(): PublishedOperation[] {
  operations ??= Object.values(
    JSON.parse(gunzipSync(readFileSync(PUBLISHED)).toString("utf8")) as Record<string, PublishedOperation>,
  );
  return operations;
}

/** What of requests is not as Stripe publishes them; nothing where the published parameters are not at hand. */
export function unpublished(requests: readonly NotedRequest[]): string[] {
  return hasPublished ? requests.flatMap((request) => faultsOf(request)) : [];
}

function faultsOf({ method, path, params }: NotedRequest): string[] {
  const found = published().find(
    (one) =>
      one.method === method &&
      new RegExp(`^${one.path.replaceAll(/\{[a-z_]+\}/g, "[a-z]+_[^/]+")}$`).test(path),
  );
  if (found === undefined) {
    return [`${method} ${path} is not published`];
  }
  const given = flatten(params);
  const missing = Object.entries(found.params)
    .filter(
      ([name, { required }]) => required === true && !name.includes(".") && !Object.hasOwn(params, name),
    )
    .map(([name]) => `${method} ${path} lacks ${name}`);
  const wrong = given
    .filter(([name, value]) => !isPublished(found.params, name, value))
    .map(([name, value]) => `${method} ${path} ${name}=${String(value)}`);
  return [...missing, ...wrong];
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
