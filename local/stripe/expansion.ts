import type { Call } from "./call.ts";
import { invalidParameter } from "./errors.ts";
import { invoiceView } from "./invoice-view.ts";

/** Expandable fields that are always null or empty here, so that expanding them changes nothing. */
const NEVER_SET: ReadonlySet<string> = new Set([
  "account_tax_ids",
  "application",
  "default_payment_method",
  "default_source",
  "discounts",
  "latest_revision",
  "on_behalf_of",
  "test_clock",
]);

/** Replaces ids by the objects that `expand` names; a list's entries are reached by `data.`. */
export function expandAnswer(call: Call, answer: object, expand: readonly string[]): object {
  let expanded = answer;
  for (const [index, path] of expand.entries()) {
    expanded = expandPath(call, expanded as Record<string, unknown>, path, `expand[${index}]`);
  }
  return expanded;
}

function expandPath(call: Call, answer: Record<string, unknown>, path: string, param: string): object {
  if (path.startsWith("data.") && Array.isArray(answer["data"])) {
    const data = (answer["data"] as Record<string, unknown>[]).map((entry) =>
      expandPath(call, entry, path.slice("data.".length), param),
    );
    return { ...answer, data };
  }
  const value = answer[path];
  if (path === "customer" && typeof value === "string") {
    return { ...answer, customer: call.store.get("customers", value) ?? value };
  }
  if (path === "invoice" && answer["object"] === "invoiceitem") {
    const invoice = typeof value === "string" ? call.store.get("invoices", value) : undefined;
    return invoice === undefined ? answer : { ...answer, invoice: invoiceView(call, invoice) };
  }
  if (Object.hasOwn(answer, path) && NEVER_SET.has(path)) {
    return answer;
  }
  throw invalidParameter(param, `This property cannot be expanded (${path}).`);
}
