import { typeOf, type JsonSchema } from "./type-of.ts";

interface Operation {
  operationId: string;
  summary: string;
  parameters?: { name: string; in: string; required?: boolean; schema: JsonSchema }[];
  requestBody?: { required?: boolean; content: Content };
  responses: Record<string, { content?: Content }>;
}
type Content = Record<string, { schema: JsonSchema }>;

interface ApiDocument {
  paths?: unknown;
  components?: { schemas?: unknown } | undefined;
}

/** What the client does not call: pages, what Stripe calls, and events, which `record` sends. */
const LEFT_OUT = new Set(["getDocs", "receiveStripeEvent", "recordEvents", "listProblems", "getProblem"]);
/** Headers that are members of a call's input, under their names there. */
const HEADERS: Record<string, string> = { "if-match": "ifMatch" };

/** The client's part that is made from the document: which calls there are, what each takes and answers. */
export function clientSource(document: ApiDocument): string {
  const schemas = (document.components?.schemas ?? {}) as Record<string, JsonSchema>;
  const paths = (document.paths ?? {}) as Record<string, Record<string, Operation>>;
  const calls = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([, { operationId }]) => !LEFT_OUT.has(operationId))
      .map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const table = calls.map(
    ({ path, method, operation }) => `  ${operation.operationId}: ${JSON.stringify(`${method} ${path}`)},`,
  );
  const types = calls.map(({ operation }) => callType(operation));
  const used = usedSchemas(types.join("\n"), schemas);
  return [
    "// Made from the API's document by `npm run client`; a test tells when it is old.",
    "",
    "/** Method and path of each call. */",
    "export const API_CALLS = {",
    ...table,
    "} as const;",
    "",
    "/** What each call takes and answers. */",
    "export interface ApiCalls {",
    ...types,
    "}",
    ...used.flatMap((name) => schemaType(name, schemas[name] ?? {})),
    "",
  ].join("\n");
}

function schemaType(name: string, schema: JsonSchema): string[] {
  const { description } = schema as { description?: string };
  return [
    "",
    `/** ${description ?? `\`${name}\` of the API's document.`} */`,
    `export type ${name} = ${typeOf(schema, "")};`,
  ];
}

function callType({ operationId, summary, parameters = [], requestBody, responses }: Operation): string {
  const members = parameters
    .filter(({ name, in: place }) => place !== "header" || HEADERS[name] !== undefined)
    .map(({ name, required, schema }) => {
      const type = typeOf(schema, "      ");
      return `      ${HEADERS[name] ?? name}${required === true ? "" : "?"}: ${type};`;
    });
  const body = requestBody?.content["application/json"]?.schema;
  if (body !== undefined) {
    members.push(`      body${requestBody?.required === true ? "" : "?"}: ${typeOf(body, "      ")};`);
  }
  const answers = Object.entries(responses)
    .filter(([status]) => /^20\d$/.test(status))
    .map(([, { content }]) => content?.["application/json"]?.schema)
    .map((schema) => (schema === undefined ? "undefined" : typeOf(schema, "    ")));
  return [
    `  /** ${summary}. */`,
    `  ${operationId}: {`,
    members.length === 0 ? "    input: object;" : `    input: {\n${members.join("\n")}\n    };`,
    `    answer: ${[...new Set(answers)].join(" | ")};`,
    "  };",
  ].join("\n");
}

/** The schemas that a text refers to, and those that they refer to, in the order of their names. */
function usedSchemas(text: string, schemas: Record<string, JsonSchema>): string[] {
  const used = new Set<string>();
  const queue = [text];
  for (const source of queue) {
    for (const name of Object.keys(schemas)) {
      if (!used.has(name) && new RegExp(`\\b${name}\\b`).test(source)) {
        used.add(name);
        queue.push(typeOf(schemas[name] ?? {}, ""));
      }
    }
  }
  return [...used].toSorted();
}
