import * as z from "zod";
import { adjustmentSchema } from "../../domain/adjustment.ts";
import { alertRulesSchema } from "../../domain/alert-rule.ts";
import { customerIdSchema, customerSettingsSchema } from "../../domain/customer.ts";
import { pageQuerySchema } from "../../http/pagination.ts";
import { alertQuerySchema } from "../../http/routes/alerts.ts";
import {
  adjustmentPage,
  alertPage,
  customer,
  customerPage,
  keptAdjustment,
  putCustomer,
  rulesInForce,
} from "../answers/customers.ts";
import { adjustmentExample, alertExample, customerExample, rulesExample } from "../examples.ts";
import { customerParams } from "../inputs.ts";
import { named } from "../named.ts";
import { json, jsonBody, pageExample, type Operation } from "../operation.ts";

const JSON_BODY = ["invalid_json", "body_too_large", "unsupported_media_type", "invalid_content"] as const;
const readExample = { ...customerExample, createdAt: "2026-11-01T00:00:00.000Z" };
const { id: _, ...settingsExample } = customerExample;
const keptExample = {
  ...adjustmentExample,
  customerId: "cus_acme",
  createdAt: "2026-11-23T12:00:00.000Z",
  createdBy: "admin",
};

/** What GET gives beside the settings may be put back. */
const putBody = named(
  "CustomerInput",
  customerSettingsSchema.extend({
    id: customerIdSchema.optional().describe("Must be the id of the address."),
    createdAt: z.unknown().optional().describe("As it was read; not changed."),
  }),
  { description: "Replaces all that is known of the customer." },
);

/** Customers, their alert rules and adjustments, and the alerts. */
export const customerOperations: readonly Operation[] = [
  {
    id: "listCustomers",
    method: "get",
    path: "/v1/customers",
    tag: "Customers",
    summary: "All customers",
    scopes: ["read"],
    query: pageQuerySchema,
    answers: { 200: json("A page of customers.", customerPage, pageExample(readExample)) },
    problems: ["invalid_request", "invalid_cursor"],
  },
  {
    id: "getCustomer",
    method: "get",
    path: "/v1/customers/{id}",
    tag: "Customers",
    summary: "One customer",
    scopes: ["read"],
    params: customerParams,
    answers: { 200: json("The customer.", customer, readExample) },
    problems: ["invalid_request", "not_found"],
  },
  {
    id: "putCustomer",
    method: "put",
    path: "/v1/customers/{id}",
    tag: "Customers",
    summary: "Make or replace a customer",
    scopes: ["admin"],
    params: customerParams,
    body: jsonBody(putBody, settingsExample),
    answers: {
      200: json("It was replaced.", putCustomer, customerExample),
      201: json("It is new.", putCustomer, customerExample),
    },
    problems: ["invalid_request", "not_found", ...JSON_BODY],
  },
  {
    id: "deleteCustomer",
    method: "delete",
    path: "/v1/customers/{id}",
    tag: "Customers",
    summary: "Delete a customer",
    description: "The ledger is kept; later events are those of an unknown customer.",
    scopes: ["admin"],
    params: customerParams,
    answers: { 204: { description: "It is deleted." } },
    problems: ["invalid_request", "not_found"],
  },
  {
    id: "createAdjustment",
    method: "post",
    path: "/v1/customers/{id}/adjustments",
    tag: "Customers",
    summary: "Correct past usage",
    description:
      "Added to the metric at a moment, never edited. The same id with the same content is taken once.",
    scopes: ["admin"],
    params: customerParams,
    body: jsonBody(adjustmentSchema, adjustmentExample),
    answers: {
      200: json("It was there.", keptAdjustment, keptExample),
      201: json("It is new.", keptAdjustment, keptExample),
    },
    problems: ["invalid_request", "not_found", "conflict", ...JSON_BODY],
  },
  {
    id: "listAdjustments",
    method: "get",
    path: "/v1/customers/{id}/adjustments",
    tag: "Customers",
    summary: "A customer's corrections",
    scopes: ["read"],
    params: customerParams,
    query: pageQuerySchema,
    answers: { 200: json("A page of adjustments.", adjustmentPage, pageExample(keptExample)) },
    problems: ["invalid_request", "invalid_cursor", "not_found"],
  },
  {
    id: "getAlertRules",
    method: "get",
    path: "/v1/customers/{id}/alert-rules",
    tag: "Alerts",
    summary: "The rules that count for a customer",
    scopes: ["read"],
    params: customerParams,
    answers: { 200: json("Its own and the defaults.", rulesInForce, rulesExample) },
    problems: ["invalid_request", "not_found"],
  },
  {
    id: "putAlertRules",
    method: "put",
    path: "/v1/customers/{id}/alert-rules",
    tag: "Alerts",
    summary: "Replace a customer's rules",
    scopes: ["admin"],
    params: customerParams,
    body: jsonBody(alertRulesSchema, rulesExample),
    answers: { 200: json("All that count now.", rulesInForce, rulesExample) },
    problems: ["invalid_request", "not_found", ...JSON_BODY],
  },
  {
    id: "listAlerts",
    method: "get",
    path: "/v1/alerts",
    tag: "Alerts",
    summary: "Thresholds that were crossed",
    scopes: ["read"],
    query: alertQuerySchema,
    answers: { 200: json("A page of alerts.", alertPage, pageExample(alertExample)) },
    problems: ["invalid_request", "invalid_cursor"],
  },
];
