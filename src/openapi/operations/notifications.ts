import { endpointQuerySchema, endpointSchema, rotationSchema } from "../../http/routes/webhook-endpoints.ts";
import { notificationQuerySchema, redeliverySchema } from "../../http/routes/notifications.ts";
import {
  endpoint,
  endpointPage,
  endpointWithSecret,
  notification,
  notificationPage,
  notificationWithAttempts,
  testOutcome,
} from "../answers/operations.ts";
import { endpointExample, notificationExample } from "../examples.ts";
import { idParams } from "../inputs.ts";
import { named } from "../named.ts";
import { json, jsonBody, pageExample, type Operation } from "../operation.ts";

const JSON_BODY = ["invalid_json", "body_too_large", "unsupported_media_type", "invalid_content"] as const;
const withSecret = { ...endpointExample, secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD" };
const ENDPOINTS = "/v1/webhook-endpoints";

named("WebhookEndpointInput", endpointSchema);

const endpointOperations: readonly Operation[] = [
  {
    id: "createWebhookEndpoint",
    method: "post",
    path: ENDPOINTS,
    tag: "Webhooks",
    summary: "Have notifications sent",
    description: "Signed as Standard Webhooks have it; the secret is shown once.",
    scopes: ["admin"],
    body: jsonBody(endpointSchema, {
      url: "https://acme.example/hooks",
      types: ["usage.threshold_reached"],
      customerId: "cus_acme",
    }),
    answers: { 201: json("The endpoint and its secret.", endpointWithSecret, withSecret) },
    problems: ["too_many_endpoints", "not_configured", ...JSON_BODY],
  },
  {
    id: "listWebhookEndpoints",
    method: "get",
    path: ENDPOINTS,
    tag: "Webhooks",
    summary: "Where notifications are sent",
    scopes: ["read"],
    query: endpointQuerySchema,
    answers: { 200: json("A page of endpoints.", endpointPage, pageExample(endpointExample)) },
    problems: ["invalid_request", "invalid_cursor"],
  },
  {
    id: "getWebhookEndpoint",
    method: "get",
    path: `${ENDPOINTS}/{id}`,
    tag: "Webhooks",
    summary: "One endpoint",
    scopes: ["read"],
    params: idParams,
    answers: { 200: json("The endpoint.", endpoint, endpointExample) },
    problems: ["not_found"],
  },
  {
    id: "deleteWebhookEndpoint",
    method: "delete",
    path: `${ENDPOINTS}/{id}`,
    tag: "Webhooks",
    summary: "Send nothing there any more",
    scopes: ["admin"],
    params: idParams,
    answers: { 204: { description: "It is deleted." } },
    problems: ["not_found"],
  },
  {
    id: "enableWebhookEndpoint",
    method: "post",
    path: `${ENDPOINTS}/{id}/enable`,
    tag: "Webhooks",
    summary: "Send there again",
    scopes: ["admin"],
    params: idParams,
    answers: { 200: json("The endpoint.", endpoint, endpointExample) },
    problems: ["not_found"],
  },
  {
    id: "testWebhookEndpoint",
    method: "post",
    path: `${ENDPOINTS}/{id}/test`,
    tag: "Webhooks",
    summary: "Send a test event",
    scopes: ["admin"],
    params: idParams,
    answers: {
      200: json("What came back.", testOutcome, {
        delivered: true,
        id: "ntf_test_1",
        status: 200,
        failure: null,
        durationMs: 31,
        response: "ok",
      }),
    },
    problems: ["not_found", "conflict", "not_configured"],
  },
  {
    id: "rotateWebhookSecret",
    method: "post",
    path: `${ENDPOINTS}/{id}/rotate-secret`,
    tag: "Webhooks",
    summary: "Sign with a new secret",
    scopes: ["admin"],
    params: idParams,
    body: {
      required: false,
      content: { "application/json": { schema: rotationSchema, example: { previousValidSeconds: 86400 } } },
    },
    answers: { 200: json("The endpoint and its new secret.", endpointWithSecret, withSecret) },
    problems: ["not_found", "not_configured", ...JSON_BODY],
  },
];

/** Where notifications go, and what was told. */
export const notificationOperations: readonly Operation[] = [
  ...endpointOperations,
  {
    id: "listNotifications",
    method: "get",
    path: "/v1/notifications",
    tag: "Webhooks",
    summary: "What was told",
    scopes: ["read"],
    query: notificationQuerySchema,
    answers: { 200: json("A page of notifications.", notificationPage, pageExample(notificationExample)) },
    problems: ["invalid_request", "invalid_cursor"],
  },
  {
    id: "getNotification",
    method: "get",
    path: "/v1/notifications/{id}",
    tag: "Webhooks",
    summary: "One notification with its attempts",
    scopes: ["read"],
    params: idParams,
    answers: {
      200: json("The notification.", notificationWithAttempts, {
        ...notificationExample,
        attempts: [
          {
            kind: "webhook",
            endpointId: endpointExample.id,
            at: "2026-11-23T12:00:00.000Z",
            durationMs: 31,
            status: 200,
            failure: null,
            response: "ok",
          },
        ],
      }),
    },
    problems: ["not_found"],
  },
  {
    id: "redeliverNotification",
    method: "post",
    path: "/v1/notifications/{id}/redeliver",
    tag: "Webhooks",
    summary: "Tell it again",
    scopes: ["admin"],
    params: idParams,
    body: {
      required: false,
      content: {
        "application/json": { schema: redeliverySchema, example: { endpointId: endpointExample.id } },
      },
    },
    answers: { 202: json("It will be.", notification, notificationExample) },
    problems: ["not_found", "conflict", ...JSON_BODY],
  },
];
