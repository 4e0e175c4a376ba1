import { Hono } from "hono";
import { unknownCustomers } from "../../catalog/known-customers.ts";
import { runningPeriodFaults } from "../../catalog/running-period.ts";
import { unmarkKnown } from "../../counters/known-customers.ts";
import type { Deps } from "../../deps.ts";
import { customerSettingsSchema, type Customer, type CustomerSettings } from "../../domain/customer.ts";
import { currencyOf, parseMajor } from "../../domain/money.ts";
import { periodContaining } from "../../domain/period.ts";
import { isoTime } from "../../domain/window.ts";
import { latestCatalog } from "../../ledger/catalog-versions.ts";
import { deleteCustomer, getCustomer, listCustomers, putCustomer } from "../../ledger/customers.ts";
import { checkPrices } from "../../rating/catalog-check.ts";
import { planOf, type Catalog } from "../../rating/catalog.ts";
import { requireScope } from "../auth.ts";
import { checked, readJson } from "../body.ts";
import { checkAlertsNow } from "../../alerts/check-now.ts";
import { readCustomerId } from "../customer-id.ts";
import { page, pageQuerySchema, readPage, type Position } from "../pagination.ts";
import { ApiProblem, type InputFault } from "../problem.ts";
import { readQuery } from "../query.ts";

/** `/v1/customers`: what is known of each customer. */
export function customerRoutes(deps: Deps): Hono {
  const routes = new Hono();

  routes.put("/v1/customers/:id", requireScope(deps.keys, "admin"), async (context) => {
    const customerId = readCustomerId(context);
    const body = withoutWhatIsGiven(await readJson(context), customerId);
    const settings = checked(customerSettingsSchema, body, "the customer is not valid");
    const nowMs = deps.now();
    // From the ledger: a plan that another isolate has just published, or dropped, counts.
    const latest = await latestCatalog(deps.database);
    checkAgainstCatalog(settings, latest?.catalog);
    if (latest !== undefined) {
      throwFaults(await runningPeriodFaults(deps.database, customerId, settings, latest, nowMs));
    }
    const { billingAnchorDay } = settings;
    const current = periodContaining(nowMs, billingAnchorDay);
    const periods = { current, before: periodContaining(current.startMs - 1, billingAnchorDay) };
    const isNew = await putCustomer(deps.database, customerId, settings, nowMs, periods);
    await letEdgeKnow(deps, customerId, nowMs);
    // Another budget or plan may have been passed already.
    await checkAlertsNow(deps, customerId, nowMs);
    return context.json({ id: customerId, ...settings }, isNew ? 201 : 200);
  });

  routes.get("/v1/customers/:id", requireScope(deps.keys, "read"), async (context) => {
    const customer = await getCustomer(deps.database, readCustomerId(context));
    if (customer === undefined) {
      throw new ApiProblem("not_found", "no customer of that id was put");
    }
    return context.json(customerDocument(customer));
  });

  routes.get("/v1/customers", requireScope(deps.keys, "read"), async (context) => {
    const { limit, after } = readPage(readQuery(context.req.url, pageQuerySchema).parameters);
    const customers = await listCustomers(deps.database, limit + 1, after);
    return context.json(page(customers, limit, position, customerDocument));
  });

  routes.delete("/v1/customers/:id", requireScope(deps.keys, "admin"), async (context) => {
    const customerId = readCustomerId(context);
    const isDeleted = await deleteCustomer(deps.database, customerId, deps.now());
    deps.customerMemory.delete(customerId);
    if (deps.requireKnownCustomers) {
      // Before a 404, too: a repeat of a deletion that could not tell the edge tells it.
      await unmarkKnown(deps.redis, customerId);
    }
    if (!isDeleted) {
      throw new ApiProblem("not_found", "no customer of that id was put");
    }
    return context.body(null, 204);
  });

  return routes;
}

/** What GET gives beside the settings may be put back: the id must be the path's, the time of creation stays. */
function withoutWhatIsGiven(body: unknown, customerId: string): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return body;
  }
  const { id, createdAt: _, ...settings } = body as Record<string, unknown>;
  if (id !== undefined && id !== customerId) {
    throw new ApiProblem("invalid_content", "the customer is not valid", {
      errors: [{ path: "id", message: "must be the id of the address" }],
    });
  }
  return settings;
}

/** Only where events of unknown customers are refused; without Redis they find the customer in the ledger. */
async function letEdgeKnow(deps: Deps, customerId: string, nowMs: number): Promise<void> {
  deps.customerMemory.delete(customerId);
  if (deps.requireKnownCustomers) {
    await unknownCustomers(deps, [customerId], nowMs);
  }
}

function position(customer: Customer): Position {
  return { timeMs: customer.createdAtMs, id: customer.customerId };
}

function customerDocument(customer: Customer): object {
  return { id: customer.customerId, ...customer.settings, createdAt: isoTime(customer.createdAtMs) };
}

/** What only the catalog can tell: whether the plan is there and the budget is an amount of its currency. */
function checkAgainstCatalog(settings: CustomerSettings, catalog: Catalog | undefined): void {
  const errors: InputFault[] = [];
  if (
    settings.plan !== undefined &&
    (catalog === undefined || planOf(catalog, settings.plan) === undefined)
  ) {
    errors.push({ path: "plan", message: `the catalog has no plan named ${settings.plan}` });
  }
  if (settings.prices !== undefined) {
    const currency = currencyOf(catalog?.currency ?? "usd");
    checkPrices(settings.prices, catalog?.meters ?? [], currency, (path, message) =>
      errors.push({ path: ["prices", ...path].join("."), message }),
    );
  }
  if (settings.budget !== undefined && catalog !== undefined) {
    if (parseMajor(settings.budget, currencyOf(catalog.currency)) === undefined) {
      errors.push({ path: "budget", message: `is finer than ${catalog.currency}` });
    }
  }
  if (settings.daysUntilDue !== undefined && settings.collectionMethod !== "send_invoice") {
    errors.push({ path: "daysUntilDue", message: "goes with collectionMethod send_invoice only" });
  }
  throwFaults(errors);
}

function throwFaults(errors: readonly InputFault[]): void {
  if (errors.length > 0) {
    throw new ApiProblem("invalid_content", "the customer is not valid", { errors });
  }
}
