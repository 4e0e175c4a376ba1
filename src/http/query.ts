import type * as z from "zod";
import { ApiProblem } from "./problem.ts";

/** What an address asks for. */
export interface Query<Parameters> {
  parameters: Parameters;
  /** The one text of what is asked for, whatever the order of parameters; without `cursor` and `limit`. */
  text: string;
}

const NESTED = /^([^[\]]+)\[([^[\]]*)\]$/;
const PAGING = new Set(["cursor", "limit"]);

/**
 * Reads the parameters of an address by a schema that names them all.
 *
 * Those like `filter[region]=eu` come as `filter: [["region", "eu"]]`. One that is given twice is refused: which of the
 * two is meant cannot be told.
 */
export function readQuery<Schema extends z.ZodType>(url: string, schema: Schema): Query<z.output<Schema>> {
  const given = [...new URL(url).searchParams];
  const names = given.map(([name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw refused([{ path: twice, message: "is given twice" }]);
  }
  const parsed = schema.safeParse(nested(given));
  if (!parsed.success) {
    throw refused(parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message })));
  }
  const asked = given.filter(([name]) => !PAGING.has(name));
  return { parameters: parsed.data, text: JSON.stringify(asked.toSorted(byName)) };
}

function nested(given: readonly [string, string][]): Record<string, unknown> {
  const parameters = new Map<string, unknown>();
  for (const [name, value] of given) {
    const [, outer, inner] = NESTED.exec(name) ?? [];
    if (outer === undefined) {
      parameters.set(name, value);
    } else {
      const before = parameters.get(outer);
      parameters.set(outer, [...(Array.isArray(before) ? (before as unknown[]) : []), [inner, value]]);
    }
  }
  return Object.fromEntries(parameters);
}

function byName([left]: readonly [string, string], [right]: readonly [string, string]): number {
  return left < right ? -1 : 1;
}

function refused(errors: { path: string; message: string }[]): ApiProblem {
  const detail = errors
    .map(({ path, message }) => (path === "" ? message : `${path}: ${message}`))
    .join("; ");
  return new ApiProblem("invalid_request", detail, { errors });
}
