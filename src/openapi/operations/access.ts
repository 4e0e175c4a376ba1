import * as z from "zod";
import { SCOPES } from "../../domain/access.ts";
import { PROBLEMS } from "../../http/problem-catalogue.ts";
import { pageQuerySchema } from "../../http/pagination.ts";
import { apiKeySchema } from "../../http/routes/api-keys.ts";
import { tokenSchema } from "../../http/routes/customer-tokens.ts";
import { moment, pageOf } from "../answers/values.ts";
import { customerParams, idParams } from "../inputs.ts";
import { named } from "../named.ts";
import { json, jsonBody, pageExample, type Operation } from "../operation.ts";

const JSON_BODY = ["invalid_json", "body_too_large", "unsupported_media_type", "invalid_content"] as const;

const members = {
  id: z.string(),
  prefix: z.string().describe("How the key begins."),
  scope: z.enum(SCOPES),
  name: z.string(),
  createdAt: moment,
  createdBy: z.string(),
  expiresAt: moment.nullable(),
  lastUsedAt: moment.nullable().describe("To the hour."),
  revokedAt: moment.nullable(),
};
const apiKey = named("ApiKey", z.object(members));
const apiKeyWithText = named(
  "ApiKeyWithText",
  z.object({ ...members, key: z.string().describe("The key itself, shown once.") }),
);
const apiKeyPage = pageOf("ApiKeyPage", apiKey);
const token = named("CustomerToken", z.object({ token: z.string(), expiresAt: moment }));
named("ApiKeyInput", apiKeySchema);

const keyExample = {
  id: "key_0b8f7c52-9f0e-4a53-8a8e-6b1b9d7f6f11",
  prefix: "em_read_4f",
  scope: "read",
  name: "back office",
  createdAt: "2026-11-23T12:00:00.000Z",
  createdBy: "admin",
  expiresAt: null,
  lastUsedAt: null,
  revokedAt: null,
};
const page = { schema: z.string(), example: "<!doctype html>" };

/** Keys, customers' tokens, and the pages of problems. */
export const accessOperations: readonly Operation[] = [
  {
    id: "createApiKey",
    method: "post",
    path: "/v1/api-keys",
    tag: "Access",
    summary: "Make a key",
    description: "Its text is shown once.",
    scopes: ["admin"],
    body: jsonBody(apiKeySchema, { name: "back office", scope: "read", expiresAt: "2036-01-01T00:00:00Z" }),
    answers: {
      201: json("The key and its text.", apiKeyWithText, { ...keyExample, key: "em_read_4f_shown_once" }),
    },
    problems: ["too_many_keys", ...JSON_BODY],
  },
  {
    id: "listApiKeys",
    method: "get",
    path: "/v1/api-keys",
    tag: "Access",
    summary: "The keys that were made",
    scopes: ["admin"],
    query: pageQuerySchema,
    answers: { 200: json("A page of keys.", apiKeyPage, pageExample(keyExample)) },
    problems: ["invalid_request", "invalid_cursor"],
  },
  {
    id: "revokeApiKey",
    method: "delete",
    path: "/v1/api-keys/{id}",
    tag: "Access",
    summary: "Revoke a key",
    description: "In force everywhere within 60 s.",
    scopes: ["admin"],
    params: idParams,
    answers: { 204: { description: "It is revoked." } },
    problems: ["not_found"],
  },
  {
    id: "createCustomerToken",
    method: "post",
    path: "/v1/customers/{id}/tokens",
    tag: "Access",
    summary: "A token that reads one customer",
    scopes: ["admin"],
    params: customerParams,
    body: {
      required: false,
      content: { "application/json": { schema: tokenSchema, example: { expiresInSeconds: 3600 } } },
    },
    answers: {
      201: json("The token.", token, { token: "eyJhbGciOi\u2026", expiresAt: "2026-11-23T13:00:00.000Z" }),
    },
    problems: ["invalid_request", "not_found", "not_configured", ...JSON_BODY],
  },
  {
    id: "listProblems",
    method: "get",
    path: "/docs/problems",
    tag: "Access",
    summary: "All problems, to be read",
    scopes: "open",
    answers: { 200: { description: "A page.", content: { "text/html": page } } },
    problems: [],
  },
  {
    id: "getProblem",
    method: "get",
    path: "/docs/problems/{code}",
    tag: "Access",
    summary: "What a problem means and what to do",
    scopes: "open",
    params: z.object({
      code: z
        .string()
        .min(1)
        .meta({ examples: Object.keys(PROBLEMS).slice(0, 1) }),
    }),
    answers: { 200: { description: "A page.", content: { "text/html": page } } },
    problems: ["not_found"],
  },
];
