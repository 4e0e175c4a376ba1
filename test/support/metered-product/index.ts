import { Hono, type Context } from "hono";
import { ofSentBody } from "../../../src/edge/body.ts";
import { meter, serviceBinding, type MeterBinding } from "../../../src/edge/hono.ts";
import { httpTransport } from "../../../src/edge/http.ts";
import { withMeter } from "../../../src/edge/worker.ts";
import { readAsked, type Asked } from "./asked.ts";
import { chunkedBody, ProductLog } from "./product-log.ts";

interface Bindings {
  METER?: MeterBinding;
  METER_URL?: string;
  METER_KEY?: string;
  DELIVER_WITHIN_MS: string;
}

type Product = { Bindings: Bindings; Variables: { asked: Asked; atMs: number } };

interface Lifetime {
  waitUntil: (task: Promise<unknown>) => void;
  passThroughOnException: () => void;
  props: unknown;
}

const log = new ProductLog();
let metered: ReturnType<typeof createProduct> | undefined;

/** One that meters each response in every aggregation, and the bytes of its body around that. */
function createProduct(env: Bindings) {
  const transport =
    env.METER_URL === undefined
      ? serviceBinding(env.METER!)
      : httpTransport({ url: env.METER_URL, key: env.METER_KEY ?? "" });
  const shared = {
    transport,
    deliverWithinMs: Number(env.DELIVER_WITHIN_MS),
    onLost: (lost: ProductLog["lost"][number]) => void log.lost.push(lost),
  };
  const app = new Hono<Product>();
  for (const metricName of ["res_sum", "res_count", "res_max", "res_min", "res_last"]) {
    app.use(
      meter<Product>({
        ...shared,
        metricName,
        customer: (c) => c.get("asked").customer,
        value: (c) => c.get("asked").value,
        metadata: (c) => ({ region: c.get("asked").region }),
        now: (c) => c.get("atMs"),
      }),
    );
  }
  app.all("/", (c) => respond(c));
  app.onError((error, c) => c.text(error.message, 500));
  return withMeter(
    { fetch: (request: Request, bindings: Bindings, ctx: Lifetime) => app.fetch(request, bindings, ctx) },
    {
      ...shared,
      metricName: "body_bytes",
      customer: ({ request }) => readAsked(request.url).customer,
      value: ofSentBody(({ bytes }) => bytes),
    },
  );
}

async function respond(c: Context<Product>): Promise<Response> {
  const asked = readAsked(c.req.url);
  if (asked.waitMs > 0) {
    await new Promise((resolve) => {
      setTimeout(resolve, asked.waitMs);
    });
  }
  const atMs = Date.now();
  c.set("asked", asked);
  c.set("atMs", atMs);
  const { customer, region, status, value, mode, chunks, chunkBytes, waitMs } = asked;
  if (mode === "throw") {
    log.thrown += 1;
    throw new Error("the product failed");
  }
  const { method } = c.req;
  if (mode === "socket") {
    log.responses.push({ customer, region, method, status: 101, value, atMs });
    return echo();
  }
  log.responses.push({ customer, region, method, status, value, atMs });
  if (mode === "plain") {
    return new Response(null, { status });
  }
  const body = chunkedBody(chunks, chunkBytes, waitMs, (bytes, isAborted) => {
    log.bodies.push({ customer, method, status, bytes, isAborted });
  });
  const headers: Record<string, string> =
    mode === "fixed" ? { "content-length": String(chunks * chunkBytes) } : {};
  return new Response(body, { status, headers });
}

interface ServerSocket extends WebSocket {
  accept: () => void;
}

declare const WebSocketPair: new () => [WebSocket, ServerSocket];

/** Sends back what it is sent. */
function echo(): Response {
  const [client, server] = new WebSocketPair();
  server.accept();
  server.addEventListener("message", ({ data }) => server.send(data as string));
  return new Response(null, { status: 101, webSocket: client } as ResponseInit);
}

/** Answers when no request stays for its usage any more. */
async function idle(): Promise<Response> {
  while (log.staying > 0) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
  return Response.json({ idle: true });
}

export default {
  async fetch(request: Request, env: Bindings, ctx: Lifetime): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/log") {
      return Response.json(log);
    }
    if (pathname === "/idle") {
      return idle();
    }
    metered ??= createProduct(env);
    const counted: Lifetime = {
      props: ctx.props,
      passThroughOnException: () => ctx.passThroughOnException(),
      waitUntil: (task) => {
        log.staying += 1;
        const over = (): void => {
          log.staying -= 1;
        };
        ctx.waitUntil(task.then(over, over));
      },
    };
    return metered.fetch(request, env, counted);
  },
};
