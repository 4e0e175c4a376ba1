import * as z from "zod";
import { pageQuerySchema } from "../../http/pagination.ts";
import { termsQuerySchema } from "../../http/routes/catalog-publication.ts";
import { simulationSchema } from "../../http/routes/catalog-simulation.ts";
import { againstQuerySchema } from "../../http/routes/catalog-versions.ts";
import { publicationTermsSchema } from "../../rating/catalog-version.ts";
import { catalogSchema } from "../../rating/catalog.ts";
import { catalogDiff, catalogVersion, keptCatalog, publication, versionSummary } from "../answers/prices.ts";
import { simulation } from "../answers/simulation.ts";
import { pageOf } from "../answers/values.ts";
import { catalogExample, versionExample } from "../examples.ts";
import { named, noted } from "../named.ts";
import { json, jsonBody, pageExample, type Operation } from "../operation.ts";

const JSON_BODY = ["invalid_json", "body_too_large", "unsupported_media_type", "invalid_content"] as const;
const ETAG = { ETag: "The version, in quotes; `If-Match` takes it." };
const NOT_MODIFIED = { description: "`If-None-Match` names the version.", headers: ETAG };

const effective = {
  enum: ["now", "nextPeriod"],
  description:
    "From when the prices hold: for every period that ends after now, or for those that start later.",
};
noted(termsQuerySchema.shape.effective, effective);
noted(termsQuerySchema.shape.reason, {
  maxLength: 500,
  minLength: 1,
  description: "Why; kept with the version.",
});
noted(againstQuerySchema.shape.against, {
  type: "integer",
  pattern: undefined,
  minimum: 0,
  maximum: 999_999_999,
  description: "Compared with this version; 0 is nothing at all.",
});
noted(simulationSchema.shape.period, {
  description: "The month whose usage is priced.",
  pattern: "^current$|^\\d{4}-(0[1-9]|1[0-2])$",
});

const versionParams = z.object({ version: z.int().min(1).max(999_999_999) });
const ifMatch = z.object({
  "if-match": z
    .string()
    .optional()
    .meta({ description: "The version that must be the latest.", examples: ['"3"'] }),
});
const published = { ...versionExample, catalog: catalogExample, changes: [], changesLeftOff: 0 };
const versions = pageOf("CatalogVersionPage", versionSummary);
const tagged = (description: string, schema: z.ZodType, example: unknown): Operation["answers"][number] => ({
  ...json(description, schema, example),
  headers: ETAG,
});
const putBody = named(
  "CatalogInput",
  z.strictObject({ ...catalogSchema.shape, ...publicationTermsSchema.shape }),
  { description: "A catalog, with the terms of its publication." },
);

/** The route reads the candidate by the same schema, one step later: all its faults are told together. */
const simulationBody = named("SimulationInput", simulationSchema.extend({ catalog: catalogSchema }));

/** The catalog, its versions, and what another would have cost. */
export const catalogOperations: readonly Operation[] = [
  {
    id: "getCatalog",
    method: "get",
    path: "/v1/catalog",
    tag: "Catalog",
    summary: "The latest catalog",
    scopes: ["read"],
    headers: z.object({ "if-none-match": z.string().optional() }),
    answers: { 200: tagged("The catalog.", keptCatalog, catalogExample), 304: NOT_MODIFIED },
    problems: ["not_found"],
  },
  {
    id: "putCatalog",
    method: "put",
    path: "/v1/catalog",
    tag: "Catalog",
    summary: "Publish a catalog",
    description: "Validated whole. What is the latest already is not published again.",
    scopes: ["admin"],
    query: termsQuerySchema,
    headers: ifMatch,
    body: jsonBody(putBody, catalogExample),
    answers: {
      200: tagged("The new version and what it has changed.", publication, published),
      201: tagged("The first version.", publication, published),
    },
    problems: ["invalid_request", "precondition_failed", ...JSON_BODY],
  },
  {
    id: "listCatalogVersions",
    method: "get",
    path: "/v1/catalog/versions",
    tag: "Catalog",
    summary: "What was published",
    scopes: ["read"],
    query: pageQuerySchema,
    answers: { 200: json("A page of versions.", versions, pageExample(versionExample)) },
    problems: ["invalid_request", "invalid_cursor"],
  },
  {
    id: "getCatalogVersion",
    method: "get",
    path: "/v1/catalog/versions/{version}",
    tag: "Catalog",
    summary: "One version",
    scopes: ["read"],
    params: versionParams,
    headers: z.object({ "if-none-match": z.string().optional() }),
    answers: {
      200: tagged("The version.", catalogVersion, { ...versionExample, catalog: catalogExample }),
      304: NOT_MODIFIED,
    },
    problems: ["not_found"],
  },
  {
    id: "diffCatalogVersion",
    method: "get",
    path: "/v1/catalog/versions/{version}/diff",
    tag: "Catalog",
    summary: "How a version differs",
    scopes: ["read"],
    params: versionParams,
    query: againstQuerySchema,
    answers: {
      200: json("Member by member.", catalogDiff, {
        version: 3,
        against: 2,
        changes: [{ path: "plans.payg.baseFee", kind: "changed", before: "0.00", after: "9.00" }],
        changesLeftOff: 0,
      }),
    },
    problems: ["invalid_request", "not_found"],
  },
  {
    id: "publishCatalogVersion",
    method: "post",
    path: "/v1/catalog/versions/{version}/publish",
    tag: "Catalog",
    summary: "Publish an earlier version again",
    scopes: ["admin"],
    params: versionParams,
    query: termsQuerySchema,
    headers: ifMatch,
    body: {
      required: false,
      content: {
        "application/json": { schema: publicationTermsSchema, example: { reason: "back to what it was" } },
      },
    },
    answers: {
      200: tagged("It is the latest already.", publication, published),
      201: tagged("The new version.", publication, published),
    },
    problems: ["invalid_request", "not_found", "precondition_failed", ...JSON_BODY],
  },
  {
    id: "simulateCatalog",
    method: "post",
    path: "/v1/catalog/simulate",
    tag: "Catalog",
    summary: "What real usage would have cost",
    description: "By another catalog; nothing is written.",
    scopes: ["read"],
    body: jsonBody(simulationBody, { catalog: catalogExample, period: "2026-11" }),
    answers: {
      200: json("Per customer, and in all.", simulation, {
        period: "2026-11",
        currency: "usd",
        totals: { customers: 0, billed: "0.00", simulated: "0.00", difference: "0.00" },
        paysLess: { customers: 0, difference: "0.00", most: [] },
        paysMore: { customers: 0, difference: "0.00", most: [] },
        unchanged: 0,
        cliffs: [],
        data: [],
        nextCursor: null,
      }),
    },
    problems: ["invalid_request", ...JSON_BODY],
  },
];
