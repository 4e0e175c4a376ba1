import { invalidParameter, missingParameter, notImplemented, unknownParameter } from "../errors.ts";
import type { FormFields, FormValue } from "../form.ts";
import { CURRENCIES } from "./currencies.ts";
import { parameterName } from "./name.ts";
import { timestamp, type Fields, type Rule, type Table } from "./rules.ts";

const MAX_METADATA_KEYS = 50;
const MAX_METADATA_KEY_LENGTH = 40;
const MAX_METADATA_VALUE_LENGTH = 500;
const RANGE: Fields = { gt: timestamp, gte: timestamp, lt: timestamp, lte: timestamp };
const INTEGER = /^-?\d{1,15}$/;
const DECIMAL = /^-?\d{1,20}(?:\.\d{1,12})?$/;

/** Checks names, nesting, types and presence as Stripe does, and gives back typed values; throws a refusal. */
export function validate<P>(table: Table<P>, fields: FormFields): P {
  return validateFields(table, fields, "") as P;
}

function validateFields(rules: Fields, fields: FormFields, path: string): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const name of fields.keys()) {
    if (!Object.hasOwn(rules, name)) {
      throw unknownParameter(parameterName(path, name));
    }
  }
  for (const [name, rule] of Object.entries(rules)) {
    const value = fields.get(name);
    if (value !== undefined) {
      values[name] = validateValue(rule, value, parameterName(path, name));
    } else if (rule.required) {
      throw missingParameter(parameterName(path, name));
    }
  }
  return values;
}

function validateValue(rule: Rule, value: FormValue, param: string): unknown {
  if (rule.kind === "unsupported") {
    throw notImplemented(param);
  }
  if (value === "") {
    return validateEmpty(rule, param);
  }
  return typeof value === "string" ? validateScalar(rule, value, param) : validateNested(rule, value, param);
}

function validateEmpty(rule: Rule, param: string): "" {
  if (rule.clearable || (rule.kind === "text" && !rule.required)) {
    return "";
  }
  throw invalidParameter(
    param,
    `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a parameter; however '${param}' cannot be unset. You should remove '${param}' from your request or supply a non-empty value.`,
    "parameter_invalid_empty",
  );
}

function validateScalar(rule: Rule, value: string, param: string): unknown {
  switch (rule.kind) {
    case "text":
      return validateText(value, rule.maxLength, param);
    case "id":
      return validateText(value, 5000, param);
    case "integer":
      return validateInteger(rule, value, param);
    case "range":
      return validateInteger(timestamp, value, param);
    case "decimal":
      if (!DECIMAL.test(value)) {
        throw invalidParameter(param, `Invalid decimal: ${value}`);
      }
      return value;
    case "boolean":
    case "mustBeFalse":
      return validateBoolean(rule, value, param);
    case "currency":
      if (!CURRENCIES.has(value.toLowerCase())) {
        throw invalidParameter(
          param,
          `Invalid currency: ${value}. Stripe currently supports these currencies: ${[...CURRENCIES].join(", ")}`,
        );
      }
      return value.toLowerCase();
    case "enum":
      if (!rule.values.includes(value)) {
        throw invalidParameter(param, `Invalid ${param}: must be one of ${enumerate(rule.values)}`);
      }
      return value;
    case "list":
      throw invalidParameter(param, "Invalid array");
    case "object":
    case "metadata":
    case "unsupported":
      throw invalidParameter(param, "Invalid object");
  }
}

function validateNested(rule: Rule, value: FormFields, param: string): unknown {
  switch (rule.kind) {
    case "object":
      return validateFields(rule.fields, value, param);
    case "list":
      return validateList(rule.of, rule.maxItems, value, param);
    case "metadata":
      return validateMetadata(value, param);
    case "range":
      return validateFields(RANGE, value, param);
    case "integer":
      throw invalidParameter(param, `Invalid integer: ${param}`, "parameter_invalid_integer");
    case "text":
    case "id":
    case "decimal":
    case "boolean":
    case "mustBeFalse":
    case "currency":
    case "enum":
    case "unsupported":
      throw invalidParameter(param, "Invalid string");
  }
}

function validateText(value: string, maxLength: number, param: string): string {
  if (value.length > maxLength) {
    throw invalidParameter(
      param,
      `Invalid string: ${value.slice(0, 12)}...${value.slice(-8)}; must be at most ${maxLength} characters`,
    );
  }
  return value;
}

function validateInteger(rule: { min: number; max: number }, value: string, param: string): number {
  const parsed = Number(value);
  if (!INTEGER.test(value)) {
    throw invalidParameter(param, `Invalid integer: ${value}`, "parameter_invalid_integer");
  }
  if (parsed < rule.min) {
    throw invalidParameter(
      param,
      `This value must be greater than or equal to ${rule.min}.`,
      "parameter_invalid_integer",
    );
  }
  if (parsed > rule.max) {
    throw invalidParameter(
      param,
      `This value must be less than or equal to ${rule.max}.`,
      "parameter_invalid_integer",
    );
  }
  return parsed;
}

function validateBoolean(rule: Rule, value: string, param: string): boolean {
  if (value !== "true" && value !== "false") {
    throw invalidParameter(param, `Invalid boolean: ${value}`);
  }
  if (rule.kind === "mustBeFalse" && value === "true") {
    throw notImplemented(param);
  }
  return value === "true";
}

function validateList(of: Rule, maxItems: number, value: FormFields, param: string): unknown[] {
  const entries = [...value].map(([index, item]) => [Number(index), item] as const);
  if (entries.some(([index]) => !Number.isSafeInteger(index) || index < 0)) {
    throw invalidParameter(param, "Invalid array");
  }
  if (entries.length > maxItems) {
    throw invalidParameter(param, `Array must have at most ${maxItems} items`);
  }
  return entries
    .toSorted(([left], [right]) => left - right)
    .map(([index, item]) => validateValue(of, item, `${param}[${index}]`));
}

function validateMetadata(value: FormFields, param: string): Record<string, string> {
  if (value.size > MAX_METADATA_KEYS) {
    throw invalidParameter(param, `Metadata can have up to ${MAX_METADATA_KEYS} keys`);
  }
  const entries = [...value].map(([key, item]) => {
    const itemParam = `${param}[${key}]`;
    if (typeof item !== "string") {
      throw invalidParameter(itemParam, "Metadata values must be strings");
    }
    if (key.length > MAX_METADATA_KEY_LENGTH) {
      throw invalidParameter(
        itemParam,
        `Metadata keys must be under ${MAX_METADATA_KEY_LENGTH} characters long`,
      );
    }
    if (item.length > MAX_METADATA_VALUE_LENGTH) {
      throw invalidParameter(
        itemParam,
        `Metadata values can have up to ${MAX_METADATA_VALUE_LENGTH} characters`,
      );
    }
    return [key, item] as const;
  });
  return Object.fromEntries(entries);
}

function enumerate(values: readonly string[]): string {
  if (values.length <= 2) {
    return values.join(" or ");
  }
  return `${values.slice(0, -1).join(", ")}, or ${values.at(-1)}`;
}
