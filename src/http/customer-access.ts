import type { Context } from "hono";
import { routePath } from "hono/route";
import type { Access } from "../domain/access.ts";
import { ApiProblem } from "./problem.ts";

/** Where the customer stands that a route reads. */
type Whose = "path" | "query" | "invoice";

/** All that a customer token opens, by the routes' paths: what is not here stays closed to it. */
export const OPEN_TO_CUSTOMERS: ReadonlyMap<string, Whose> = new Map([
  ["/v1/customers/:id/usage", "path"],
  ["/v1/customers/:id/invoices/upcoming", "path"],
  ["/v1/customers/:id/alert-rules", "path"],
  ["/v1/usage", "query"],
  ["/v1/alerts", "query"],
  ["/v1/invoices", "query"],
  ["/v1/invoices/:id", "invoice"],
]);

const READING = new Set(["GET", "HEAD"]);

/**
 * Lets the bearer of a customer token read that one customer, or throws; comes right before the route.
 *
 * Lists are of that customer alone, whether its address says so or not. Invoices of others are not found.
 */
export async function admitCustomer(access: Access, context: Context, customerId: string): Promise<void> {
  const whose = OPEN_TO_CUSTOMERS.get(routePath(context));
  if (whose === undefined || !READING.has(context.req.method)) {
    throw new ApiProblem(
      "forbidden",
      "a customer token reads its customer's usage, alerts and invoices only",
    );
  }
  switch (whose) {
    case "path":
      if (context.req.param("id") !== customerId) {
        throw ofAnother();
      }
      break;
    case "query":
      ownList(context, customerId);
      break;
    case "invoice":
      if ((await access.invoiceCustomer(context.req.param("id") ?? "")) !== customerId) {
        throw new ApiProblem("not_found", "there is no invoice of that id");
      }
      break;
  }
}

/** Puts the customer into the address, as the first and only one: however it is read, it is that one. */
function ownList(context: Context, customerId: string): void {
  const url = new URL(context.req.url);
  if (url.searchParams.getAll("customerId").some((asked) => asked !== customerId)) {
    throw ofAnother();
  }
  url.searchParams.delete("customerId");
  const others = url.searchParams.toString();
  url.search = `customerId=${encodeURIComponent(customerId)}${others === "" ? "" : `&${others}`}`;
  context.req.raw = new Request(url, context.req.raw);
}

function ofAnother(): ApiProblem {
  return new ApiProblem("forbidden", "this token is of another customer");
}
