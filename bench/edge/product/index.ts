import { Hono } from "hono";
import { meter } from "../../../src/edge/hono.ts";
import { httpTransport } from "../../../src/edge/http.ts";

interface Bindings {
  /** Absent: the same product without the middleware. */
  METER_URL?: string;
  METER_KEY?: string;
}

type Product = { Bindings: Bindings };
type Lifetime = Parameters<Hono<Product>["fetch"]>[2];

let product: Hono<Product> | undefined;

function createProduct({ METER_URL, METER_KEY }: Bindings): Hono<Product> {
  const app = new Hono<Product>();
  if (METER_URL !== undefined) {
    app.use(
      meter<Product>({
        customer: (c) => c.req.header("x-customer") ?? null,
        metricName: "api_calls",
        transport: httpTransport({ url: METER_URL, key: METER_KEY ?? "" }),
      }),
    );
  }
  app.get("/hello", (c) => c.text(`hello ${c.req.header("x-customer")}`));
  return app;
}

/** A product that answers at once, metered or not. */
export default {
  fetch(request: Request, env: Bindings, ctx: Lifetime): Response | Promise<Response> {
    product ??= createProduct(env);
    return product.fetch(request, env, ctx);
  },
};
