import { createMiddleware } from "hono/factory";
import type { Product } from "./product.ts";

/** Who holds which key; a real product looks this up where it keeps its keys. */
const CUSTOMER_BY_KEY = new Map([
  ["demo_key_acme", "cus_acme"],
  ["demo_key_globex", "cus_globex"],
  ["demo_key_initech", "cus_initech"],
]);

/** Finds the customer by the `x-api-key` header; without a known key the answer is 401, which nobody pays for. */
export const authenticate = createMiddleware<Product>(async function authenticate(c, next) {
  const customerId = CUSTOMER_BY_KEY.get(c.req.header("x-api-key") ?? "");
  if (customerId === undefined) {
    return c.json({ error: "send a valid key as x-api-key" }, 401);
  }
  c.set("customerId", customerId);
  return next();
});
