import * as z from "zod";
import { checkQuerySchema, usageQuerySchema } from "../../http/routes/usage.ts";
import { seriesQuerySchema } from "../../http/routes/series-request.ts";
import { customerUsage, limitCheck, upcomingInvoice, usageSeries } from "../answers/usage.ts";
import { seriesExample, upcomingExample, usageExample } from "../examples.ts";
import { customerParams } from "../inputs.ts";
import { noted } from "../named.ts";
import { json, type Operation } from "../operation.ts";

const MONTH = "^\\d{4}-(0[1-9]|1[0-2])$";

noted(usageQuerySchema.shape.period, {
  description: "`current`, or the month in which the period starts.",
  pattern: `^current$|${MONTH}`,
  default: "current",
  examples: ["2026-11"],
});
noted(checkQuerySchema.shape.metric, { description: "The meter's name.", examples: ["api_calls"] });
noted(checkQuerySchema.shape.quantity, {
  description: "How much more is wanted.",
  pattern: "^-?\\d+(\\.\\d+)?$",
  default: "1",
});

const { shape } = seriesQuerySchema;
const bound = "ISO 8601 with an offset, a date (where it begins in the time zone) or epoch milliseconds.";
noted(shape.metric, { description: "The meter's name.", examples: ["api_calls"] });
noted(shape.from, { description: bound, examples: ["2026-11-01"] });
noted(shape.to, { description: `${bound} Left out: now.`, examples: ["2026-12-01"] });
noted(shape.groupBy, {
  default: undefined,
  description: "`customer` and dimensions, joined by commas.",
  examples: ["customer,region"],
});
noted(shape.timezone, { description: "IANA; moves days and months.", examples: ["Europe/Berlin"] });
noted(shape.fill, { description: "Fills gaps." });
noted(shape.filter, {
  type: "object",
  items: undefined,
  default: undefined,
  additionalProperties: { type: "string", maxLength: 128 },
  description: "`filter[region]=eu`: only what has that dimension.",
  param: { style: "deepObject", explode: true },
});

const csv =
  "customerId,region,start,end,value\ncus_acme,eu,2026-11-22T00:00:00.000Z,2026-11-23T00:00:00.000Z,20000\n";

/** Live usage, over a period and over time. */
export const usageOperations: readonly Operation[] = [
  {
    id: "getUsage",
    method: "get",
    path: "/v1/customers/{id}/usage",
    tag: "Usage",
    summary: "A customer's usage and what it costs",
    description: "Every recorded event is in it at once.",
    scopes: ["read"],
    params: customerParams,
    query: usageQuerySchema,
    answers: { 200: json("Usage in the period.", customerUsage, usageExample) },
    problems: ["invalid_request", "not_found", "no_catalog"],
  },
  {
    id: "getUpcomingInvoice",
    method: "get",
    path: "/v1/customers/{id}/invoices/upcoming",
    tag: "Usage",
    summary: "The invoice as it would be now",
    scopes: ["read"],
    params: customerParams,
    answers: { 200: json("The running period, line by line.", upcomingInvoice, upcomingExample) },
    problems: ["invalid_request", "not_found", "no_catalog"],
  },
  {
    id: "checkLimit",
    method: "get",
    path: "/v1/customers/{id}/check",
    tag: "Usage",
    summary: "Whether a customer may use more",
    scopes: ["read", "ingest"],
    params: customerParams,
    query: checkQuerySchema,
    answers: {
      200: json("The limit and what is left of it.", limitCheck, {
        allowed: true,
        limit: null,
        used: "20000",
        remaining: null,
        resetsAt: "2026-12-01T00:00:00.000Z",
      }),
    },
    problems: ["invalid_request", "not_found", "no_catalog"],
  },
  {
    id: "queryUsage",
    method: "get",
    path: "/v1/usage",
    tag: "Usage",
    summary: "A metric over time",
    description: "By customer and dimensions; `Accept: text/csv` for CSV, whose next page is in `Link`.",
    scopes: ["read"],
    query: seriesQuerySchema,
    answers: {
      200: {
        description: "Points by group.",
        content: {
          "application/json": { schema: usageSeries, example: seriesExample },
          "text/csv": { schema: z.string(), example: csv },
        },
      },
    },
    problems: ["invalid_request", "invalid_cursor", "unsupported_timezone", "no_catalog"],
  },
];
