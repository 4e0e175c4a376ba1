import { invalidParameter } from "./errors.ts";

export type FormValue = string | FormFields;

/** Decoded form fields in the order sent; an array is a map with the keys 0, 1, …. */
export type FormFields = Map<string, FormValue>;

const KEY = /^([^[\]]+)((?:\[[^[\]]*\])*)$/;
const MAX_DEPTH = 8;

/** Decodes Stripe's form encoding (`lines[0][amount]=5`, `expand[]=customer`); the last of equal keys wins. */
export function decodeForm(text: string): FormFields {
  const root: FormFields = new Map();
  for (const [key, value] of new URLSearchParams(text)) {
    const match = KEY.exec(key);
    const [, head = "", tail = ""] = match ?? [];
    const path = [head, ...Array.from(tail.matchAll(/\[([^[\]]*)\]/g), (segment) => segment[1] ?? "")];
    if (match === null || path.length > MAX_DEPTH) {
      throw invalidParameter(key, `Invalid parameter name: ${key}`);
    }
    place(root, path, value, key);
  }
  return root;
}

function place(root: FormFields, path: readonly string[], value: string, key: string): void {
  let fields = root;
  for (const segment of path.slice(0, -1)) {
    const name = segment === "" ? String(fields.size) : segment;
    const existing = fields.get(name);
    if (typeof existing === "string") {
      throw invalidParameter(key, "Invalid object");
    }
    const next: FormFields = existing ?? new Map<string, FormValue>();
    fields.set(name, next);
    fields = next;
  }
  const last = path.at(-1) ?? "";
  const name = last === "" ? String(fields.size) : last;
  if (fields.get(name) instanceof Map) {
    throw invalidParameter(key, "Invalid object");
  }
  fields.set(name, value);
}

/** Turns fields into plain JSON, for logs and comparisons; keys sorted, so that equal fields give equal text. */
export function plainFields(fields: FormFields): Record<string, unknown> {
  const entries = [...fields].toSorted(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === "string" ? value : plainFields(value)]),
  );
}
