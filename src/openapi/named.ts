import * as z from "zod";

/** What a document says of a schema beside its shape. */
export interface SchemaNotes {
  description?: string;
  examples?: unknown[];
  [keyword: string]: unknown;
}

/** Gives a schema a name in the document, where each use refers to it. */
export function named<Schema extends z.ZodType>(
  refId: string,
  schema: Schema,
  notes: SchemaNotes = {},
): Schema {
  // Where the generator looks for the name; its own method is missing on schemas that were made before it was loaded.
  z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), ...notes, _internal: { refId } });
  return schema;
}

/** Says of a schema what its refinements check, in words or in keywords of JSON Schema; they take the place of its own. */
export function noted<Schema extends z.ZodType>(schema: Schema, notes: SchemaNotes): Schema {
  z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), ...notes });
  return schema;
}
