/** Who may use a route: keys of a scope (`admin` may always), or everybody. */
export type Admitted = "everybody" | "admin" | "ingest" | "read" | "ingest and read";

/** What a customer token opens of it: nothing, or what is of that customer. */
export interface RouteAccess {
  admitted: Admitted;
  /** Where the customer stands whose data it is; absent: closed to customer tokens. */
  customer?: "path" | "query" | "invoice";
  /** Takes a body. */
  takesBody?: true;
}

const ADMIN: RouteAccess = { admitted: "admin" };
const READ: RouteAccess = { admitted: "read" };
const OPEN: RouteAccess = { admitted: "everybody" };
const ADMIN_BODY: RouteAccess = { admitted: "admin", takesBody: true };

/** Every route of the app. One that is missing here, or not there any more, fails the tests. */
export const ROUTES: Record<string, RouteAccess> = {
  "GET /": OPEN,
  "GET /healthz": OPEN,
  "GET /readyz": OPEN,
  "GET /openapi.json": OPEN,
  "GET /docs": OPEN,
  "GET /docs/problems": OPEN,
  "GET /docs/problems/:code": OPEN,
  // Signed by Stripe.
  "POST /webhooks/stripe": { admitted: "everybody", takesBody: true },

  "POST /v1/events": { admitted: "ingest", takesBody: true },

  "GET /v1/usage": { admitted: "read", customer: "query" },
  "GET /v1/customers/:id/usage": { admitted: "read", customer: "path" },
  "GET /v1/customers/:id/invoices/upcoming": { admitted: "read", customer: "path" },
  "GET /v1/customers/:id/check": { admitted: "ingest and read" },

  "GET /v1/customers": READ,
  "GET /v1/customers/:id": READ,
  "PUT /v1/customers/:id": ADMIN_BODY,
  "DELETE /v1/customers/:id": ADMIN,
  "POST /v1/customers/:id/tokens": ADMIN_BODY,
  "POST /v1/customers/:id/adjustments": ADMIN_BODY,
  "GET /v1/customers/:id/adjustments": READ,

  "GET /v1/api-keys": ADMIN,
  "POST /v1/api-keys": ADMIN_BODY,
  "DELETE /v1/api-keys/:id": ADMIN,

  "GET /v1/alerts": { admitted: "read", customer: "query" },
  "GET /v1/customers/:id/alert-rules": { admitted: "read", customer: "path" },
  "PUT /v1/customers/:id/alert-rules": ADMIN_BODY,

  "GET /v1/catalog": READ,
  "PUT /v1/catalog": ADMIN_BODY,
  "POST /v1/catalog/simulate": { admitted: "read", takesBody: true },
  "GET /v1/catalog/versions": READ,
  "GET /v1/catalog/versions/:version": READ,
  "GET /v1/catalog/versions/:version/diff": READ,
  "POST /v1/catalog/versions/:version/publish": ADMIN_BODY,

  "GET /v1/invoices": { admitted: "read", customer: "query" },
  "GET /v1/invoices/:id": { admitted: "read", customer: "invoice" },
  "GET /v1/invoices/:id/explain": READ,
  "GET /v1/invoices/:id/export": READ,
  "GET /v1/invoices/:id/lines/:ref/explain": READ,
  "POST /v1/invoices/run": ADMIN,
  "POST /v1/invoices/:id/finalize": ADMIN,
  "POST /v1/invoices/:id/void": ADMIN_BODY,

  "GET /v1/integrity": READ,
  "POST /v1/integrity/run": ADMIN,
  "POST /v1/integrity/fence": ADMIN,
  "GET /v1/job-runs": READ,

  "GET /v1/webhook-endpoints": READ,
  "POST /v1/webhook-endpoints": ADMIN_BODY,
  "GET /v1/webhook-endpoints/:id": READ,
  "DELETE /v1/webhook-endpoints/:id": ADMIN,
  "POST /v1/webhook-endpoints/:id/enable": ADMIN,
  "POST /v1/webhook-endpoints/:id/rotate-secret": ADMIN_BODY,
  "POST /v1/webhook-endpoints/:id/test": ADMIN,
  "GET /v1/notifications": READ,
  "GET /v1/notifications/:id": READ,
  "POST /v1/notifications/:id/redeliver": ADMIN_BODY,
};
