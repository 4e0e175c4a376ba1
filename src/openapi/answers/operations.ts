import * as z from "zod";
import { NOTIFICATION_TYPES } from "../../domain/notification-type.ts";
import { FINDING_KINDS } from "../../ledger/integrity-findings.ts";
import { DELIVERY_STATES } from "../../ledger/notification-list.ts";
import { named } from "../named.ts";
import { moment, pageOf } from "./values.ts";

const count = z.int().min(0);
const anything = z.record(z.string(), z.unknown());

/** What does not agree, and what Redis has lost. */
export const integrity = named(
  "Integrity",
  z.object({
    status: z.enum(["ok", "drift", "unknown"]),
    findings: z.array(
      z
        .looseObject({
          kind: z.enum(FINDING_KINDS),
          foundAt: moment,
          seenAt: moment,
          goneAt: moment.nullable(),
        })
        .describe("Further members tell what was compared."),
    ),
    redisLosses: z.array(
      z.object({
        id: z.string(),
        kind: z.enum(["emptied", "set_back", "fenced_by_hand"]),
        flushedAt: moment.nullable(),
        noticedAt: moment,
        fencedAt: moment.nullable(),
      }),
    ),
    checkedAt: moment.nullable(),
  }),
);

const checked = { checked: count, drifted: count };

/** What a comparison by hand has found. */
export const integrityRun = named(
  "IntegrityRun",
  z.object({
    status: z.enum(["ok", "drift"]),
    days: z.object(checked),
    counters: z.object({ ...checked, moving: count }),
    reconciliation: z.object({ invoices: z.looseObject(checked), stripeInvoices: z.looseObject(checked) }),
    checkedAt: moment,
  }),
);

/** What a fence by hand has done. */
export const fenced = named("Fence", z.object({ incident: z.string(), buckets: count }));

/** What scheduled work did. */
export const jobRun = named(
  "JobRun",
  z.object({
    id: z.string(),
    job: z.string(),
    scheduledAt: moment,
    startedAt: moment,
    finishedAt: moment,
    outcome: anything,
  }),
);
export const jobRunPage = pageOf("JobRunPage", jobRun);

const endpointMembers = {
  id: z.string(),
  url: z.string(),
  types: z.array(z.enum(NOTIFICATION_TYPES)).nullable().describe("Null: all."),
  customerId: z.string().nullable(),
  createdAt: moment,
  previousSecretValidUntil: moment.nullable(),
  disabledAt: moment.nullable(),
  disabledReason: z.string().nullable(),
  slowSince: moment.nullable(),
};

/** Where notifications are sent. */
export const endpoint = named("WebhookEndpoint", z.object(endpointMembers));
export const endpointPage = pageOf("WebhookEndpointPage", endpoint);

/** An endpoint with its secret, which is shown once. */
export const endpointWithSecret = named(
  "WebhookEndpointWithSecret",
  z.object({ ...endpointMembers, secret: z.string().describe("Shown once.") }),
);

/** What a test event came to. */
export const testOutcome = named(
  "TestOutcome",
  z.object({
    delivered: z.boolean(),
    id: z.string(),
    status: z.int().nullable(),
    failure: z.string().nullable(),
    durationMs: count,
    response: z.string().nullable(),
  }),
);

const target = { kind: z.enum(["webhook", "email"]), endpointId: z.string().nullable() };

const notificationMembers = {
  id: z.string(),
  type: z.enum(NOTIFICATION_TYPES),
  customerId: z.string().nullable(),
  timestamp: moment,
  data: anything,
  addressedAt: moment.nullable(),
  deliveries: z.array(
    z.object({
      ...target,
      state: z.enum(DELIVERY_STATES),
      attempts: count,
      nextAttemptAt: moment.nullable(),
      status: z.int().nullable(),
      failure: z.string().nullable(),
      settledAt: moment.nullable(),
    }),
  ),
};

/** What was told, to whom. */
export const notification = named("Notification", z.object(notificationMembers));
export const notificationPage = pageOf("NotificationPage", notification);

/** A notification with the attempts of its deliveries. */
export const notificationWithAttempts = named(
  "NotificationWithAttempts",
  z.object({
    ...notificationMembers,
    attempts: z.array(
      z.object({
        ...target,
        at: moment,
        durationMs: count,
        status: z.int().nullable(),
        failure: z.string().nullable(),
        response: z.string().nullable(),
      }),
    ),
  }),
);

/** Whether the stores answer. */
export const readiness = named(
  "Readiness",
  z.object({
    status: z.enum(["ready", "not_ready"]),
    redis: z.boolean(),
    postgres: z.boolean(),
    flushLagSeconds: z.int().nullable(),
    oldestDirtyBucket: moment.nullable(),
  }),
);
