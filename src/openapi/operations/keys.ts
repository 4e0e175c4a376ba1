import { apiKeySchema } from "../../http/routes/api-keys.ts";
import { customerTokenSchema } from "../../http/routes/customer-tokens.ts";
import { pageQuerySchema } from "../../http/pagination.ts";
import { apiKeyPage, customerToken, newApiKey } from "../answers/keys.ts";
import { customerParams, idParams } from "../inputs.ts";
import { named } from "../named.ts";
import { json, jsonBody, pageExample, type Operation } from "../operation.ts";

const JSON_BODY = ["invalid_json", "body_too_large", "unsupported_media_type", "invalid_content"] as const;

const keyExample = {
  id: "key_0b0c8a52-6f1e-4f0e-9a55-0d8f5f8d2f10",
  prefix: "em_ingest_Zk3vQ1",
  scope: "ingest",
  name: "Gateway",
  createdAt: "2026-11-23T12:00:00.000Z",
  createdBy: "admin",
  expiresAt: null,
  lastUsedAt: null,
  revokedAt: null,
};
const tokenExample = {
  token: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjdXMifQ.c2ln",
  expiresAt: "2026-11-23T13:00:00.000Z",
};

/** Keys beside those that are Worker secrets, and tokens of customers. */
export const keyOperations: readonly Operation[] = [
  {
    id: "createApiKey",
    method: "post",
    path: "/v1/api-keys",
    tag: "Keys",
    summary: "Make a key",
    description: "Its text is in the answer and nowhere else.",
    scopes: ["admin"],
    body: jsonBody(named("ApiKeyInput", apiKeySchema), { name: "Gateway", scope: "ingest" }),
    answers: {
      201: json("The key.", newApiKey, { ...keyExample, key: `em_ingest_${"Zk3vQ1".padEnd(43, "x")}` }),
    },
    problems: [...JSON_BODY, "too_many_keys"],
  },
  {
    id: "listApiKeys",
    method: "get",
    path: "/v1/api-keys",
    tag: "Keys",
    summary: "All keys, revoked ones too",
    scopes: ["admin"],
    query: pageQuerySchema,
    answers: { 200: json("A page of keys.", apiKeyPage, pageExample(keyExample)) },
    problems: ["invalid_request", "invalid_cursor"],
  },
  {
    id: "revokeApiKey",
    method: "delete",
    path: "/v1/api-keys/{id}",
    tag: "Keys",
    summary: "Revoke a key, everywhere within a minute",
    scopes: ["admin"],
    params: idParams,
    answers: { 204: { description: "It is revoked." } },
    problems: ["not_found"],
  },
  {
    id: "createCustomerToken",
    method: "post",
    path: "/v1/customers/{id}/tokens",
    tag: "Keys",
    summary: "Let a customer's own page read that customer",
    scopes: ["admin"],
    params: customerParams,
    body: {
      ...jsonBody(named("CustomerTokenInput", customerTokenSchema), { expiresInSeconds: 3600 }),
      required: false,
    },
    answers: { 201: json("The token.", customerToken, tokenExample) },
    problems: ["invalid_request", "not_found", "not_configured", ...JSON_BODY],
  },
];
