import * as z from "zod";
import { jobRunQuerySchema } from "../../http/routes/job-runs.ts";
import { fenced, integrity, integrityRun, jobRunPage, readiness } from "../answers/operations.ts";
import { noted } from "../named.ts";
import { json, pageExample, type Operation } from "../operation.ts";

const NOW = "2026-11-23T12:00:00.000Z";
const checked = { checked: 12, drifted: 0 };

noted(jobRunQuerySchema.shape.job, { description: "Only of this job.", examples: ["hourly"] });

const integrityOperations: readonly Operation[] = [
  {
    id: "getIntegrity",
    method: "get",
    path: "/v1/integrity",
    tag: "Operations",
    summary: "What does not agree",
    scopes: ["read"],
    answers: {
      200: json("Findings and losses, open ones first.", integrity, {
        status: "ok",
        findings: [],
        redisLosses: [{ id: "loss_1", kind: "emptied", flushedAt: NOW, noticedAt: NOW, fencedAt: null }],
        checkedAt: NOW,
      }),
    },
    problems: ["not_found"],
  },
  {
    id: "runIntegrity",
    method: "post",
    path: "/v1/integrity/run",
    tag: "Operations",
    summary: "Compare all now",
    scopes: ["admin"],
    answers: {
      200: json("What was compared.", integrityRun, {
        status: "ok",
        days: checked,
        counters: { ...checked, moving: 0 },
        reconciliation: { invoices: checked, stripeInvoices: checked },
        checkedAt: NOW,
      }),
    },
    problems: ["not_found", "stripe_refused"],
  },
  {
    id: "fenceCounters",
    method: "post",
    path: "/v1/integrity/fence",
    tag: "Operations",
    summary: "Fence counters after Redis was restored by hand",
    scopes: ["admin"],
    answers: { 200: json("What was fenced.", fenced, { incident: "inc_1", buckets: 12 }) },
    problems: ["conflict"],
  },
  {
    id: "listJobRuns",
    method: "get",
    path: "/v1/job-runs",
    tag: "Operations",
    summary: "What scheduled work did",
    scopes: ["read"],
    query: jobRunQuerySchema,
    answers: {
      200: json(
        "A page of runs.",
        jobRunPage,
        pageExample({
          id: "17",
          job: "minute",
          scheduledAt: NOW,
          startedAt: NOW,
          finishedAt: NOW,
          outcome: { flush: { flushed: 3 } },
        }),
      ),
    },
    problems: ["invalid_request", "invalid_cursor"],
  },
];

const text = (description: string, type: string, example: string): Operation["answers"][number] => ({
  description,
  content: { [type]: { schema: z.string(), example } },
});

/** Health, documents, what operators need, and what Stripe calls. */
export const systemOperations: readonly Operation[] = [
  ...integrityOperations,
  {
    id: "getHealth",
    method: "get",
    path: "/healthz",
    tag: "Operations",
    summary: "Whether the Worker is up",
    scopes: "open",
    answers: { 200: json("It is.", z.object({ status: z.literal("ok") }), { status: "ok" }) },
    problems: [],
  },
  {
    id: "getReadiness",
    method: "get",
    path: "/readyz",
    tag: "Operations",
    summary: "Whether its stores answer",
    scopes: "open",
    answers: Object.fromEntries(
      [200, 503].map((status) => {
        const isReady = status === 200;
        return [
          status,
          json(isReady ? "They do." : "One does not.", readiness, {
            status: isReady ? "ready" : "not_ready",
            redis: isReady,
            postgres: true,
            flushLagSeconds: isReady ? 12 : null,
            oldestDirtyBucket: isReady ? NOW : null,
          }),
        ];
      }),
    ),
    problems: [],
  },
  {
    id: "getDocument",
    method: "get",
    path: "/openapi.json",
    tag: "Operations",
    summary: "This document",
    scopes: "open",
    answers: { 200: json("OpenAPI 3.1.", z.looseObject({ openapi: z.string() }), { openapi: "3.1.0" }) },
    problems: [],
  },
  {
    id: "getDocs",
    method: "get",
    path: "/docs",
    tag: "Operations",
    summary: "This document, to be read",
    scopes: "open",
    answers: { 200: text("A page that asks no other host.", "text/html", "<!doctype html>") },
    problems: [],
  },
  {
    id: "receiveStripeEvent",
    method: "post",
    path: "/webhooks/stripe",
    tag: "Operations",
    summary: "Stripe's signed events",
    scopes: "stripe",
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.looseObject({ id: z.string(), type: z.string() }),
          example: { id: "evt_1", type: "invoice.paid" },
        },
      },
    },
    answers: {
      200: json("It is taken.", z.object({ received: z.literal(true), verdict: z.string() }), {
        received: true,
        verdict: "moved",
      }),
    },
    problems: ["invalid_signature", "body_too_large", "misconfigured"],
  },
];
