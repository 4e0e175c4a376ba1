import { Hono } from "hono";
import type { Context } from "hono";
import * as z from "zod";
import { announceDue } from "../../counters/due.ts";
import type { Deps } from "../../deps.ts";
import { customerIdSchema } from "../../domain/customer.ts";
import { NOTIFICATION_TYPES } from "../../domain/notification-type.ts";
import { storableText } from "../../domain/text.ts";
import { isoTime } from "../../domain/window.ts";
import { EMAIL_TARGET, redeliver } from "../../ledger/delivery-making.ts";
import {
  DELIVERY_STATES,
  getNotification,
  listAttempts,
  listNotifications,
  type AttemptRow,
  type NotificationRow,
} from "../../ledger/notification-list.ts";
import { requireScope } from "../auth.ts";
import { checked, readOptionalJson } from "../body.ts";
import { page, pagingParameters, readPage, type Position } from "../pagination.ts";
import { ApiProblem } from "../problem.ts";
import { readQuery } from "../query.ts";

/** Most attempts of one answer: many times as many as a delivery has by itself. */
const MAX_ATTEMPTS = 500;
const ID = /^ntf_[0-9A-Za-z_-]{1,100}$/;

/** The address of `GET /v1/notifications`. */
export const notificationQuerySchema = z.strictObject({
  customerId: customerIdSchema.optional(),
  type: z.enum(NOTIFICATION_TYPES).optional(),
  state: z.enum(DELIVERY_STATES).optional(),
  ...pagingParameters,
});

/** To whom a notification is delivered again; to all that may have it when left out. */
export const redeliverySchema = z
  .strictObject({
    endpointId: storableText(100).optional(),
    kind: z.enum(["webhook", "email"]).optional(),
  })
  .refine(({ endpointId, kind }) => endpointId === undefined || kind !== "email", {
    path: ["kind"],
    message: "an e-mail goes to no endpoint",
  });

/** `/v1/notifications`: what was told, to whom, and how far that has come. */
export function notificationRoutes(deps: Deps): Hono {
  const routes = new Hono();

  routes.get("/v1/notifications", requireScope(deps.keys, "read"), async (context) => {
    const { limit: size, cursor, ...filter } = readQuery(context.req.url, notificationQuerySchema).parameters;
    const { limit, after } = readPage({ limit: size, cursor });
    const notifications = await listNotifications(deps.database, filter, limit + 1, after);
    return context.json(page(notifications, limit, position, notificationDocument));
  });

  routes.get("/v1/notifications/:id", requireScope(deps.keys, "read"), async (context) => {
    const id = readId(context);
    const [notification, attempts] = await Promise.all([
      getNotification(deps.database, id),
      listAttempts(deps.database, id, MAX_ATTEMPTS),
    ]);
    return context.json({
      ...notificationDocument(found(notification)),
      attempts: attempts.map(attemptDocument),
    });
  });

  routes.post("/v1/notifications/:id/redeliver", requireScope(deps.keys, "admin"), async (context) => {
    const id = readId(context);
    const body = await readOptionalJson(context);
    const choice = checked(redeliverySchema, body, "what to deliver again is not valid");
    found(await getNotification(deps.database, id));
    const { GIVE_UP_AFTER_MS } = await import("../../notifications/retry-schedule.ts");
    const nowMs = deps.now();
    const terms = { nowMs, giveUpMs: nowMs + GIVE_UP_AFTER_MS, hasEmail: deps.email !== undefined };
    const ordered = await redeliver(deps.database, id, terms, choice);
    if (ordered.length === 0) {
      throw new ApiProblem("conflict", "nobody takes it now, or it is being delivered at this moment");
    }
    await announceDue(deps.redis, deps.randomId());
    return context.json(notificationDocument(found(await getNotification(deps.database, id))), 202);
  });

  return routes;
}

function readId(context: Context): string {
  const id = context.req.param("id") ?? "";
  if (!ID.test(id)) {
    throw unknownNotification();
  }
  return id;
}

function found(notification: NotificationRow | undefined): NotificationRow {
  if (notification === undefined) {
    throw unknownNotification();
  }
  return notification;
}

function unknownNotification(): ApiProblem {
  return new ApiProblem("not_found", "there is no notification of that id; they are kept for 90 days");
}

function position({ createdMs, notificationId }: NotificationRow): Position {
  return { timeMs: createdMs, id: notificationId };
}

function notificationDocument(notification: NotificationRow): object {
  return {
    id: notification.notificationId,
    type: notification.type,
    customerId: notification.customerId,
    timestamp: isoTime(notification.createdMs),
    data: notification.data,
    addressedAt: notification.addressedMs === null ? null : isoTime(notification.addressedMs),
    deliveries: notification.deliveries.map(({ target, ...delivery }) => ({
      ...kindOf(target),
      ...delivery,
    })),
  };
}

function attemptDocument({ target, ...attempt }: AttemptRow): object {
  return { ...kindOf(target), ...attempt };
}

function kindOf(target: string): { kind: "webhook" | "email"; endpointId: string | null } {
  return target === EMAIL_TARGET
    ? { kind: "email", endpointId: null }
    : { kind: "webhook", endpointId: target };
}
