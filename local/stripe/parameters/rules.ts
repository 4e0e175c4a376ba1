type Kind =
  | { kind: "text"; maxLength: number }
  | { kind: "id" }
  | { kind: "integer"; min: number; max: number }
  | { kind: "decimal" }
  | { kind: "boolean" }
  | { kind: "mustBeFalse" }
  | { kind: "currency" }
  | { kind: "enum"; values: readonly string[] }
  | { kind: "metadata" }
  | { kind: "range" }
  | { kind: "list"; of: Rule; maxItems: number }
  | { kind: "object"; fields: Fields }
  | { kind: "unsupported" };

/** What a parameter must look like; `clearable` ones take an empty string. */
export type Rule = Kind & { required?: true; clearable?: true };

export type Fields = Readonly<Record<string, Rule>>;

/**
 * One rule for every parameter that stripe-node's types know, required and clearable where they say so. What
 * {@link table} gives back has neither a missing nor a surplus name.
 */
export type Table<P> = {
  readonly [K in keyof P]-?: Kind &
    (Partial<Pick<P, K>> extends Pick<P, K> ? { required?: never } : { required: true }) &
    (null extends P[K] ? { clearable: true } : { clearable?: never });
};

/** Amounts, counts and times in Stripe's reach; far inside the integers a double holds exactly. */
const MAX_INTEGER = 999_999_999_999;

export const id = { kind: "id" } as const;
export const boolean = { kind: "boolean" } as const;
export const mustBeFalse = { kind: "mustBeFalse" } as const;
export const currency = { kind: "currency" } as const;
export const decimal = { kind: "decimal" } as const;
export const metadata = { kind: "metadata" } as const;
export const range = { kind: "range" } as const;
export const unsupported = { kind: "unsupported" } as const;
export const integer = { kind: "integer", min: -MAX_INTEGER, max: MAX_INTEGER } as const;
export const count = { kind: "integer", min: 0, max: MAX_INTEGER } as const;
export const timestamp = { kind: "integer", min: 0, max: MAX_INTEGER } as const;
export const expand = { kind: "list", of: id, maxItems: 20 } as const;

export function text(maxLength: number) {
  return { kind: "text", maxLength } as const;
}

export function oneOf(...values: readonly string[]) {
  return { kind: "enum", values } as const;
}

export function list<R extends Rule>(of: R, maxItems: number) {
  return { kind: "list", of, maxItems } as const;
}

/** Takes a table for the type named; one with a missing or surplus name does not compile. */
export function table<P>() {
  return <T extends Table<P>>(rules: T & Record<Exclude<keyof T, keyof P>, never>): Table<P> => rules;
}

/** An object whose fields are those of the type named. */
export function object<P>(fields: Table<P>) {
  return { kind: "object", fields: fields as unknown as Fields } as const;
}

export function required<R extends Rule>(rule: R) {
  return { ...rule, required: true } as const;
}

export function clearable<R extends Rule>(rule: R) {
  return { ...rule, clearable: true } as const;
}

/** The table of an operation without parameters. */
export const NOTHING: Fields = {};

/** Paging parameters, the same for every list. */
export const paging = {
  limit: { kind: "integer", min: 1, max: 100 },
  starting_after: id,
  ending_before: id,
} as const;
