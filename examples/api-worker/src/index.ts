import { Hono } from "hono";
import { meter, serviceBinding } from "../../../src/edge/hono.ts";
import { authenticate } from "./authenticate.ts";
import { replay } from "./replay.ts";
import { routes } from "./routes.ts";
import type { Product } from "./product.ts";

const app = new Hono<Product>();

app.use(
  meter<Product>({
    customer: (c) => c.get("customerId") ?? null,
    metricName: "api_calls",
    value: (c) => c.get("units") ?? 1,
    transport: (c) => serviceBinding(c.env.METER),
  }),
);
app.use(replay);
app.use("/v1/*", authenticate);
app.route("/v1", routes);

export default app;
