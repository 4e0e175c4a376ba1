import { Hono } from "hono";
import type { Context } from "hono";
import * as z from "zod";
import type { Deps } from "../../deps.ts";
import { customerIdSchema } from "../../domain/customer.ts";
import { isCustomerType, NOTIFICATION_TYPES } from "../../domain/notification-type.ts";
import { DAY_MS, isoTime } from "../../domain/window.ts";
import {
  deleteEndpoint,
  enableEndpoint,
  getEndpoint,
  insertEndpoint,
  listEndpoints,
  MAX_ENDPOINTS,
  rotateSecret,
  type WebhookEndpoint,
} from "../../ledger/webhook-endpoints.ts";
import { requireScope } from "../auth.ts";
import { checked, readJson, readOptionalJson } from "../body.ts";
import { page, pagingParameters, readPage, type Position } from "../pagination.ts";
import { ApiProblem } from "../problem.ts";
import { readQuery } from "../query.ts";

const INVALID = "the webhook endpoint is not valid";
const DEFAULT_OVERLAP_SECONDS = DAY_MS / 1000;
const MAX_OVERLAP_SECONDS = 30 * DEFAULT_OVERLAP_SECONDS;
const ID = /^whe_[0-9a-f-]{36}$/;

/** A webhook endpoint as it is made; its address is checked beside. */
export const endpointSchema = z
  .strictObject({
    url: z.string(),
    types: z.array(z.enum(NOTIFICATION_TYPES)).min(1).max(NOTIFICATION_TYPES.length).nullish(),
    customerId: customerIdSchema.nullish(),
  })
  .refine(({ types, customerId }) => (customerId ?? null) === null || (types ?? []).every(isCustomerType), {
    path: ["types"],
    message: "goes to endpoints without customerId only",
  });

/** For how long the secret before goes on signing, too. */
export const rotationSchema = z.strictObject({
  previousValidSeconds: z.int().min(0).max(MAX_OVERLAP_SECONDS).default(DEFAULT_OVERLAP_SECONDS),
});

/** The address of `GET /v1/webhook-endpoints`. */
export const endpointQuerySchema = z.strictObject({
  customerId: customerIdSchema.optional(),
  ...pagingParameters,
});

/** `/v1/webhook-endpoints`: where notifications are sent. Secrets are shown once, when they are made. */
export function webhookEndpointRoutes(deps: Deps): Hono {
  const routes = new Hono();
  addMaking(routes, deps);
  addReading(routes, deps);
  addChanging(routes, deps);
  return routes;
}

function addMaking(routes: Hono, deps: Deps): void {
  routes.post("/v1/webhook-endpoints", requireScope(deps.keys, "admin"), async (context) => {
    const { url, types, customerId } = checked(endpointSchema, await readJson(context), INVALID);
    const { addressFault } = await import("../../notifications/webhook-address.ts");
    const fault = addressFault(url, { allowPrivate: deps.allowPrivateWebhooks });
    if (fault !== undefined) {
      throw new ApiProblem("invalid_content", INVALID, { errors: [{ path: "url", message: fault }] });
    }
    const endpointId = `whe_${deps.randomId()}`;
    const { secret, sealed } = await freshSecret(deps, endpointId);
    const endpoint = await insertEndpoint(
      deps.database,
      {
        endpointId,
        url: new URL(url).href,
        types: types === null || types === undefined ? null : [...new Set(types)],
        customerId: customerId ?? null,
        secret: sealed,
      },
      deps.now(),
    );
    if (endpoint === undefined) {
      const { inAll, ofCustomer, ofDeployment } = MAX_ENDPOINTS;
      throw new ApiProblem(
        "too_many_endpoints",
        `at most ${ofCustomer} of one customer, ${ofDeployment} without customerId, ${inAll} in all; delete one first`,
      );
    }
    return context.json({ ...endpointDocument(endpoint), secret }, 201);
  });

  routes.post(
    "/v1/webhook-endpoints/:id/rotate-secret",
    requireScope(deps.keys, "admin"),
    async (context) => {
      const endpointId = readId(context);
      const { previousValidSeconds } = checked(rotationSchema, await readOptionalJson(context), INVALID);
      const { secret, sealed } = await freshSecret(deps, endpointId);
      const validUntilMs = deps.now() + previousValidSeconds * 1000;
      const endpoint = await rotateSecret(deps.database, endpointId, sealed, validUntilMs);
      return context.json({ ...endpointDocument(found(endpoint)), secret });
    },
  );
}

function addReading(routes: Hono, deps: Deps): void {
  routes.get("/v1/webhook-endpoints", requireScope(deps.keys, "read"), async (context) => {
    const { customerId, ...paging } = readQuery(context.req.url, endpointQuerySchema).parameters;
    const { limit, after } = readPage(paging);
    const endpoints = await listEndpoints(deps.database, customerId, limit + 1, after);
    return context.json(page(endpoints, limit, position, endpointDocument));
  });

  routes.get("/v1/webhook-endpoints/:id", requireScope(deps.keys, "read"), async (context) =>
    context.json(endpointDocument(found(await getEndpoint(deps.database, readId(context))))),
  );
}

function addChanging(routes: Hono, deps: Deps): void {
  routes.delete("/v1/webhook-endpoints/:id", requireScope(deps.keys, "admin"), async (context) => {
    if (!(await deleteEndpoint(deps.database, readId(context), deps.now()))) {
      throw unknownEndpoint();
    }
    return context.body(null, 204);
  });

  routes.post("/v1/webhook-endpoints/:id/enable", requireScope(deps.keys, "admin"), async (context) =>
    context.json(endpointDocument(found(await enableEndpoint(deps.database, readId(context))))),
  );

  routes.post("/v1/webhook-endpoints/:id/test", requireScope(deps.keys, "admin"), async (context) => {
    const endpoint = found(await getEndpoint(deps.database, readId(context)));
    const { sendTestEvent } = await import("../../notifications/test-event.ts");
    const outcome = await sendTestEvent(deps, endpoint);
    if (outcome === "not_configured") {
      throw notConfigured();
    }
    if (outcome === "secret_unreadable") {
      throw new ApiProblem("conflict", "its secret was kept under another TOKEN_SECRET: rotate it");
    }
    return context.json(outcome);
  });
}

/** A new secret, and as it is kept. */
async function freshSecret(deps: Deps, endpointId: string): Promise<{ secret: string; sealed: string }> {
  if (deps.tokenSecret === undefined) {
    throw notConfigured();
  }
  const [{ newSecret }, { openSecretBox }] = await Promise.all([
    import("../../notifications/sign-webhook.ts"),
    import("../../notifications/secret-box.ts"),
  ]);
  const secret = newSecret(deps.randomBytes);
  const box = await openSecretBox(deps.tokenSecret, deps.randomBytes);
  return { secret, sealed: await box.seal(endpointId, secret) };
}

function readId(context: Context): string {
  const id = context.req.param("id") ?? "";
  if (!ID.test(id)) {
    throw unknownEndpoint();
  }
  return id;
}

function found<Endpoint extends WebhookEndpoint>(endpoint: Endpoint | undefined): Endpoint {
  if (endpoint === undefined) {
    throw unknownEndpoint();
  }
  return endpoint;
}

function unknownEndpoint(): ApiProblem {
  return new ApiProblem("not_found", "there is no webhook endpoint of that id");
}

function notConfigured(): ApiProblem {
  return new ApiProblem("not_configured", "set the secret TOKEN_SECRET: webhooks' secrets are kept under it");
}

function position({ createdMs, endpointId }: WebhookEndpoint): Position {
  return { timeMs: createdMs, id: endpointId };
}

function endpointDocument(endpoint: WebhookEndpoint): object {
  return {
    id: endpoint.endpointId,
    url: endpoint.url,
    types: endpoint.types,
    customerId: endpoint.customerId,
    createdAt: isoTime(endpoint.createdMs),
    previousSecretValidUntil: timeOrNull(endpoint.previousValidUntilMs),
    disabledAt: timeOrNull(endpoint.disabledMs),
    disabledReason: endpoint.disabledReason,
    slowSince: timeOrNull(endpoint.slowSinceMs),
  };
}

function timeOrNull(timeMs: number | null): string | null {
  return timeMs === null ? null : isoTime(timeMs);
}
