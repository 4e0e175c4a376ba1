import * as z from "zod";
import { explainQuerySchema } from "../../http/routes/invoice-lines.ts";
import { voidSchema } from "../../http/routes/invoice-voids.ts";
import { invoiceQuerySchema } from "../../http/routes/invoices.ts";
import {
  invoice,
  invoiceExport,
  invoicePage,
  invoicingReport,
  lineExplanation,
} from "../answers/invoices.ts";
import { explanationExample, exportExample, invoiceExample } from "../examples.ts";
import { idParams } from "../inputs.ts";
import { named, noted } from "../named.ts";
import { json, jsonBody, pageExample, type Operation } from "../operation.ts";

noted(invoiceQuerySchema.shape.period, {
  description: "The month in which the period starts.",
  pattern: "^\\d{4}-(0[1-9]|1[0-2])$",
  examples: ["2026-11"],
});
noted(explainQuerySchema.shape.ref, { description: "The line's `ref`.", examples: ["usage:api_calls"] });
named("VoidInput", voidSchema);

/** Invoices, and why they are what they are. */
export const invoiceOperations: readonly Operation[] = [
  {
    id: "listInvoices",
    method: "get",
    path: "/v1/invoices",
    tag: "Invoices",
    summary: "What was billed",
    scopes: ["read"],
    query: invoiceQuerySchema,
    answers: { 200: json("A page of invoices.", invoicePage, pageExample(invoiceExample)) },
    problems: ["invalid_request", "invalid_cursor"],
  },
  {
    id: "getInvoice",
    method: "get",
    path: "/v1/invoices/{id}",
    tag: "Invoices",
    summary: "One invoice",
    scopes: ["read"],
    params: idParams,
    answers: { 200: json("The invoice.", invoice, invoiceExample) },
    problems: ["not_found"],
  },
  {
    id: "exportInvoice",
    method: "get",
    path: "/v1/invoices/{id}/export",
    tag: "Invoices",
    summary: "All that an invoice was computed from",
    scopes: ["read"],
    params: idParams,
    answers: { 200: json("`npm run rate -- --export` computes it again.", invoiceExport, exportExample) },
    problems: ["not_found"],
  },
  {
    id: "explainLine",
    method: "get",
    path: "/v1/invoices/{id}/lines/{ref}/explain",
    tag: "Invoices",
    summary: "Why a line has its amount",
    scopes: ["read"],
    params: idParams.extend({ ref: z.string().min(1).describe("The line's `ref`, percent-encoded.") }),
    answers: { 200: json("Reasons and days.", lineExplanation, explanationExample) },
    problems: ["not_found"],
  },
  {
    id: "explainLineByQuery",
    method: "get",
    path: "/v1/invoices/{id}/explain",
    tag: "Invoices",
    summary: "Why a line has its amount, its ref in the query",
    scopes: ["read"],
    params: idParams,
    query: explainQuerySchema,
    answers: { 200: json("Reasons and days.", lineExplanation, explanationExample) },
    problems: ["invalid_request", "not_found"],
  },
  {
    id: "finalizeInvoice",
    method: "post",
    path: "/v1/invoices/{id}/finalize",
    tag: "Invoices",
    summary: "Send an invoice that was reviewed",
    scopes: ["admin"],
    params: idParams,
    answers: { 200: json("The invoice, sent.", invoice, invoiceExample) },
    problems: ["not_found", "conflict", "stripe_refused"],
  },
  {
    id: "voidInvoice",
    method: "post",
    path: "/v1/invoices/{id}/void",
    tag: "Invoices",
    summary: "Take an invoice back",
    scopes: ["admin"],
    params: idParams,
    body: jsonBody(voidSchema, { reason: "wrong address", reissue: true }),
    answers: {
      200: json("It is void.", invoice, { ...invoiceExample, status: "void", voidReason: "wrong address" }),
      202: json("It will be: a draft was on its way to Stripe.", invoice, invoiceExample),
    },
    problems: [
      "invalid_json",
      "not_found",
      "conflict",
      "body_too_large",
      "unsupported_media_type",
      "invalid_content",
      "stripe_refused",
    ],
  },
  {
    id: "runInvoicing",
    method: "post",
    path: "/v1/invoices/run",
    tag: "Invoices",
    summary: "Close and send what is due",
    scopes: ["admin"],
    answers: {
      200: json("What the run has done.", invoicingReport, {
        closed: 2,
        sent: 2,
        blocked: 0,
        voided: 0,
        failed: 0,
        remaining: 0,
      }),
    },
    problems: ["not_found"],
  },
];
