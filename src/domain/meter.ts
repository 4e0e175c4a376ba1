import * as z from "zod";
import { storableText } from "./text.ts";

export const AGGREGATIONS = ["sum", "count", "max", "min", "last"] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

/** Most decimals a meter may count. */
export const MAX_SCALE = 9;
/** Most dimensions a meter may declare. */
export const MAX_DIMENSIONS = 10;

/** Machine name of a meter, plan or dimension. */
export const nameSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{0,62}$/,
    "must be lower case letters, digits and _, at most 63, starting with a letter",
  );

const meterShape = z.strictObject({
  name: nameSchema,
  displayName: storableText(),
  unit: storableText(),
  description: storableText(1000).optional(),
  aggregation: z.enum(AGGREGATIONS),
  scale: z.int().min(0).max(MAX_SCALE).default(0),
  dimensions: z.array(nameSchema).max(MAX_DIMENSIONS).default([]),
  allowNegative: z.boolean().default(false),
});

/** A meter as it is published. */
export const meterSchema = meterShape.superRefine((meter, context) => {
  if (meter.aggregation === "count" && meter.scale !== 0) {
    context.addIssue({
      code: "custom",
      path: ["scale"],
      message: "a meter that counts events has no decimals: 0",
    });
  }
  for (const [index, name] of meter.dimensions.entries()) {
    if (meter.dimensions.indexOf(name) !== index) {
      context.addIssue({ code: "custom", path: ["dimensions", index], message: `${name} is there twice` });
    }
  }
});

/** What is counted and how: fixed for ever once published, except for the texts. */
export type Meter = z.infer<typeof meterSchema>;
