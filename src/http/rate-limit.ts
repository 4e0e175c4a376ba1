import type { Context } from "hono";
import type { Access, Caller } from "../domain/access.ts";
import { ApiProblem } from "./problem.ts";

/**
 * Refuses a caller that has used up its requests; without a limiter nothing is refused.
 *
 * A shield, not a counter: the limiter counts by location, and late. How many requests are left it does not tell.
 */
export async function checkRate(access: Access, context: Context, caller: Caller): Promise<void> {
  const { limiter } = access;
  if (limiter === undefined) {
    return;
  }
  const { limit, seconds } = limiter;
  context.header("ratelimit-policy", `"key";q=${limit};w=${seconds}`);
  const name = caller.kind === "key" ? `key:${caller.id}` : `customer:${caller.customerId}`;
  if (!(await limiter.mayPass(name))) {
    context.header("ratelimit", `"key";r=0;t=${seconds}`);
    throw new ApiProblem(
      "rate_limited",
      `this key may send about ${limit} requests in ${seconds} seconds`,
      {},
      seconds,
    );
  }
}
