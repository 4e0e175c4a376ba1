import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from "@asteasolutions/zod-to-openapi";
import * as z from "zod";
import { TAGGED_LISTS } from "../http/answer-headers.ts";
import { OPEN_TO_CUSTOMERS } from "../http/customer-access.ts";
import { PROBLEMS, type ProblemCode } from "../http/problem-catalogue.ts";
import { eventsProblem, problem, problemExample } from "./answers/problem.ts";
import { noteInputs } from "./inputs.ts";
import type { Answered, Content, Operation } from "./operation.ts";
import { OPERATIONS } from "./operations.ts";

/** What the document says of itself. */
const DESCRIPTION = `Usage metering and usage-based billing. JSON is camelCase; quantities and amounts are decimal strings in answers, amounts in the currency's major unit; times are ISO 8601 in UTC. Every problem is RFC 9457 with a stable \`code\`, explained at \`/docs/problems/{code}\`. Lists are \`{ data, nextCursor }\`, newest first.`;

// OpenAPI 3.1 has an identifier, which the types do not know yet.
const LICENSE = { name: "MIT", identifier: "MIT" } as { name: string };

const TAGS = {
  Events: "Usage comes in.",
  Usage: "Live usage and what it costs.",
  Customers: "Who is billed, by what.",
  Alerts: "Thresholds and what crossed them.",
  Catalog: "Meters, plans and prices, in versions.",
  Invoices: "What was billed, and why.",
  Access: "Keys, customers' tokens, and what problems mean.",
  Webhooks: "Where notifications go, and what was told.",
  Operations: "Health, checks, scheduled work.",
};

/** Statuses whose answer says when to try again. */
const RETRIED = new Set<number>([429, 503]);

/** Problems of every route that takes a key. */
const KEYED: readonly ProblemCode[] = [
  "unauthorized",
  "forbidden",
  "internal_error",
  "misconfigured",
  "store_unavailable",
  ...codesOf(429),
];
const OPEN: readonly ProblemCode[] = ["internal_error", "misconfigured"];

function codesOf(status: number): ProblemCode[] {
  return (Object.keys(PROBLEMS) as ProblemCode[]).filter((code) => PROBLEMS[code][0] === status);
}

/** The codes of all routes: one that no route answers with stands in the list of codes alone. */
function usedCodes(): Set<ProblemCode> {
  return new Set(OPERATIONS.flatMap(codesOfOperation));
}

function codesOfOperation({ problems, scopes }: Operation): ProblemCode[] {
  return [...new Set([...problems, ...(Array.isArray(scopes) ? KEYED : OPEN)])];
}

type Document = ReturnType<OpenApiGeneratorV31["generateDocument"]>;

let made: Document | undefined;

/** The document of the whole API, OpenAPI 3.1, made from the schemas that the routes read by; the same object each time. */
export function openApiDocument(): Document {
  made ??= makeDocument();
  return made;
}

function makeDocument(): Document {
  noteInputs();
  const registry = new OpenAPIRegistry();
  registry.registerComponent("securitySchemes", "key", {
    type: "http",
    scheme: "bearer",
    description:
      "A key. Its scope is `ingest` (records events), `read` (reads everything) or `admin` (everything); each call names those that it takes.",
  });
  registry.registerComponent("securitySchemes", "customerToken", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "A token of `POST /v1/customers/{id}/tokens`: reads that one customer and nothing else.",
  });
  registry.registerComponent("securitySchemes", "stripeSignature", {
    type: "apiKey",
    in: "header",
    name: "Stripe-Signature",
    description: "Stripe's signature of the body.",
  });
  for (const code of usedCodes()) {
    const example = { summary: PROBLEMS[code][1], value: problemExample(code) };
    registry.registerComponent("examples", code, example);
  }
  for (const operation of OPERATIONS) {
    registry.registerPath(routeOf(operation));
  }
  const document = new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: "3.1.0",
    info: {
      title: "edgemeter",
      version: "1",
      description: DESCRIPTION,
      license: LICENSE,
    },
    servers: [{ url: "/", description: "This deployment." }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
  });
  return withNullableRefs(document) as Document;
}

/** What may be null is printed as a reference that it must match as well, which null does not: it is either. */
function withNullableRefs(node: unknown): unknown {
  if (Array.isArray(node)) {
    return node.map(withNullableRefs);
  }
  if (typeof node !== "object" || node === null) {
    return node;
  }
  const entries = Object.entries(node).map(([key, value]) => [key, withNullableRefs(value)] as const);
  const { allOf, ...rest } = Object.fromEntries(entries) as { allOf?: { $ref?: string; type?: unknown }[] };
  const ref = allOf?.find(({ $ref }) => $ref !== undefined);
  const isNullable = allOf?.some(({ type }) => Array.isArray(type) && type.includes("null")) === true;
  return ref !== undefined && isNullable
    ? { ...rest, anyOf: [ref, { type: "null" }] }
    : Object.fromEntries(entries);
}

function routeOf(operation: Operation): RouteConfig {
  const { id, method, path, tag, summary, description, params, query, body } = operation;
  const headers = isTagged(operation) ? ASKED_BEFORE : operation.headers;
  return {
    operationId: id,
    method,
    path,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    security: securityOf(operation),
    request: {
      ...(params !== undefined && { params }),
      ...(query !== undefined && { query }),
      ...(headers !== undefined && { headers }),
      ...(body !== undefined && { body: { required: body.required, content: contentOf(body.content) } }),
    },
    responses: responsesOf(operation),
  };
}

function securityOf({ scopes, method, path }: Operation): Record<string, string[]>[] {
  if (scopes === "open") {
    return [];
  }
  if (scopes === "stripe") {
    return [{ stripeSignature: [] }];
  }
  const isOpenToCustomers = method === "get" && OPEN_TO_CUSTOMERS.has(path.replaceAll(/\{(\w+)\}/g, ":$1"));
  return [
    ...[...new Set([...scopes, "admin"])].map((scope) => ({ key: [scope] })),
    ...(isOpenToCustomers ? [{ customerToken: [] }] : []),
  ];
}

function contentOf(
  content: Record<string, Content>,
): Record<string, { schema: z.ZodType; example: unknown }> {
  return Object.fromEntries(
    Object.entries(content).map(([type, { schema, example }]) => [type, { schema, example }]),
  );
}

/** What a list is asked with by whoever has its page already. */
const ASKED_BEFORE = z.object({ "if-none-match": z.string().optional() });

function isTagged({ method, path }: Operation): boolean {
  return method === "get" && TAGGED_LISTS.includes(path);
}

type Response = RouteConfig["responses"][string];

function responsesOf(operation: Operation): Record<string, Response> {
  const responses: Record<string, Response> = {};
  for (const [status, answered] of Object.entries(operation.answers)) {
    responses[status] = answerOf(answered);
  }
  if (isTagged(operation)) {
    responses["304"] = { description: "`If-None-Match` names the page as it is." };
  }
  const byStatus = Map.groupBy(codesOfOperation(operation), (code) => PROBLEMS[code][0]);
  for (const [status, group] of byStatus) {
    responses[status] = problemsOf(group, operation);
  }
  if (operation.scopes === "open") {
    responses["4XX"] = {
      description: "Refused before the Worker is reached; it refuses nothing here itself.",
    };
  }
  return responses;
}

function answerOf({ description, content, headers }: Answered): Response {
  return {
    description,
    ...(content !== undefined && { content: contentOf(content) }),
    ...(headers !== undefined && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, text]) => [
          name,
          { description: text, schema: { type: "string" as const } },
        ]),
      ),
    }),
  };
}

/** All problems of a status, each with its example. */
function problemsOf(codes: readonly ProblemCode[], { id }: Operation): Response {
  const schema = id === "recordEvents" && codes.includes("no_event_accepted") ? eventsProblem : problem;
  const list = codes.map((code) => `\`${code}\`: ${PROBLEMS[code][1]}.`);
  const examples = codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]);
  const retry = codes.some((code) => RETRIED.has(PROBLEMS[code][0]));
  return {
    description: list.join(" "),
    ...(retry && {
      headers: {
        "Retry-After": { description: "Seconds to wait.", schema: { type: "string" as const } },
      },
    }),
    content: {
      "application/problem+json": {
        schema,
        examples: Object.fromEntries(examples) as Record<string, { $ref: string }>,
      },
    },
  };
}
