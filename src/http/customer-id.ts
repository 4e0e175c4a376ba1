import type { Context } from "hono";
import { customerIdSchema } from "../domain/customer.ts";
import { ApiProblem } from "./problem.ts";

/** The customer that a path `/v1/customers/{id}/…` names. */
export function readCustomerId(context: Context): string {
  const parsed = customerIdSchema.safeParse(context.req.param("id"));
  if (!parsed.success) {
    throw new ApiProblem(
      "invalid_request",
      "customer id: 1 to 128 characters, percent-encoded, without U+0000",
    );
  }
  return parsed.data;
}
