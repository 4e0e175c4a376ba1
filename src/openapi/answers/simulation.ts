import * as z from "zod";
import { named } from "../named.ts";
import { decimal } from "./values.ts";

const cliff = z.object({
  plan: z.string(),
  metric: z.string(),
  upTo: decimal,
  amount: decimal,
  amountPast: decimal,
});

const simulated = named(
  "SimulatedCustomer",
  z.object({
    customerId: z.string(),
    plan: z.string(),
    simulatedPlan: z.string(),
    invoiced: z.boolean(),
    billed: decimal,
    simulated: decimal,
    difference: decimal,
    cliffs: z.array(cliff).optional(),
  }),
);

const side = z.object({ customers: z.int(), difference: decimal, most: z.array(simulated) });

/** What `POST /v1/catalog/simulate` answers. */
export const simulation = named(
  "Simulation",
  z.object({
    period: z.string(),
    currency: z.string(),
    totals: z.object({ customers: z.int(), billed: decimal, simulated: decimal, difference: decimal }),
    paysLess: side,
    paysMore: side,
    unchanged: z.int(),
    cliffs: z.array(cliff),
    data: z.array(simulated),
    nextCursor: z.string().nullable(),
  }),
);
