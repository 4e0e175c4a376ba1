/** A schema of the document. */
export interface JsonSchema {
  $ref?: string;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  enum?: unknown[];
  type?: string | string[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  description?: string;
}

/** The TypeScript type of a schema, its further lines indented. */
export function typeOf(schema: JsonSchema, indent: string): string {
  if (schema.$ref !== undefined) {
    return schema.$ref.split("/").at(-1) ?? "unknown";
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) {
    return union(choices.map((choice) => typeOf(choice, indent)));
  }
  if (schema.enum !== undefined) {
    return union(schema.enum.map((value) => JSON.stringify(value)));
  }
  if (Array.isArray(schema.type)) {
    return union(schema.type.map((type) => typeOf({ ...schema, type }, indent)));
  }
  switch (schema.type) {
    case "string":
    case "boolean":
    case "null":
    case "number":
      return schema.type;
    case "integer":
      return "number";
    case "array": {
      const items = schema.items ?? {};
      const item = typeOf(items, indent);
      return isUnion(items) ? `(${item})[]` : `${item}[]`;
    }
    case "object":
      return objectType(schema, indent);
    case undefined:
    default:
      return "unknown";
  }
}

function isUnion({ $ref, anyOf, oneOf, enum: values, type }: JsonSchema): boolean {
  return $ref === undefined && [anyOf, oneOf, values, type].some(Array.isArray);
}

function union(types: readonly string[]): string {
  return [...new Set(types)].join(" | ");
}

function objectType({ properties, required = [], additionalProperties }: JsonSchema, indent: string): string {
  const others = typeof additionalProperties === "object" ? typeOf(additionalProperties, indent) : undefined;
  if (properties === undefined) {
    return `Record<string, ${others ?? "unknown"}>`;
  }
  const inner = `${indent}  `;
  const members = Object.entries(properties).map(([name, part]) => {
    const comment = part.description === undefined ? "" : `${inner}/** ${part.description} */\n`;
    return `${comment}${inner}${name}${required.includes(name) ? "" : "?"}: ${typeOf(part, inner)};`;
  });
  return [
    "{",
    ...members,
    ...(others === undefined ? [] : [`${inner}[member: string]: ${others};`]),
    `${indent}}`,
  ].join("\n");
}
