import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { openApiDocument } from "../../src/openapi/document.ts";

/** A schema of the document, or a part of one. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  [keyword: string]: unknown;
}

export interface ApiParameter {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  schema: JsonSchema;
}

export type ApiContent = Record<string, { schema: JsonSchema; example?: unknown }>;

/** A call as the document has it. */
export interface ApiOperation {
  operationId: string;
  method: string;
  path: string;
  tags: string[];
  security: Record<string, string[]>[];
  parameters: ApiParameter[];
  requestBody?: { required?: boolean; content: ApiContent };
  responses: Record<string, { content?: ApiContent }>;
}

/** The document as clients read it. */
export interface ApiDocument {
  openapi: string;
  paths: Record<string, Record<string, Omit<ApiOperation, "method" | "path">>>;
  components: {
    schemas: Record<string, JsonSchema>;
    examples: Record<string, { value: { status: number } }>;
  };
}

/** The document after a way through JSON. */
export function apiDocument(): ApiDocument {
  return JSON.parse(JSON.stringify(openApiDocument())) as ApiDocument;
}

/** All calls of a document. */
export function operationsOf({ paths }: ApiDocument): ApiOperation[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      ...operation,
      parameters: operation.parameters ?? [],
      method,
      path,
    })),
  );
}

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/**
 * Judges values by the document's schemas.
 *
 * Answers are judged strictly: a member that the document does not name is a fault, although clients have to bear it.
 */
export class DocumentJudge {
  readonly #ajv = new Ajv2020({
    allErrors: false,
    strict: false,
    formats: {
      "date-time": (text: string) => DATE_TIME.test(text) && !Number.isNaN(Date.parse(text)),
      email: (text: string) => text.includes("@"),
    },
  });
  readonly #compiled = new Map<JsonSchema, ValidateFunction>();

  constructor({ components }: ApiDocument, mode: "as published" | "strict" = "strict") {
    const schemas = mode === "strict" ? closed(components.schemas) : components.schemas;
    this.#ajv.addSchema({ $id: "api", components: { schemas } });
    this.mode = mode;
  }

  readonly mode: "as published" | "strict";

  /** What is wrong with a value; undefined when nothing is. */
  fault(schema: JsonSchema, value: unknown): string | undefined {
    const validate = this.#validator(schema);
    return validate(value) ? undefined : this.#ajv.errorsText(validate.errors);
  }

  #validator(schema: JsonSchema): ValidateFunction {
    let compiled = this.#compiled.get(schema);
    if (compiled === undefined) {
      const own = this.mode === "strict" ? closed(schema) : schema;
      compiled = this.#ajv.compile(absolute(own) as JsonSchema);
      this.#compiled.set(schema, compiled);
    }
    return compiled;
  }
}

/** A schema whose references lead into the document. */
function absolute(node: unknown): unknown {
  if (Array.isArray(node)) {
    return node.map(absolute);
  }
  return isObject(node)
    ? Object.fromEntries(
        Object.entries(node).map(([key, value]) => [
          key,
          key === "$ref" && typeof value === "string" ? `api${value}` : absolute(value),
        ]),
      )
    : node;
}

/** The schemas with no room for members that they do not name. */
function closed<Node>(node: Node): Node {
  if (Array.isArray(node)) {
    return node.map(closed) as Node;
  }
  if (!isObject(node)) {
    return node;
  }
  const members = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  const isClosable = isObject(node["properties"]) && node["additionalProperties"] === undefined;
  return (isClosable ? { ...members, additionalProperties: false } : members) as Node;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
