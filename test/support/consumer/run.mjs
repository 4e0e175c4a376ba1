// Uses every entry of the installed package in plain Node, against the meter whose address is the first argument.
import { ofSentBody } from "edgemeter/body";
import { MeterClient } from "edgemeter/client";
import { meter } from "edgemeter/hono";
import { httpTransport } from "edgemeter/http";
import { withMeter } from "edgemeter/worker";
import { Hono } from "hono";

const url = process.argv[2];
const key = "em_ingest_example";
const headers = { "x-customer": "cus_1" };

const tasks = [];
const ctx = { waitUntil: (task) => tasks.push(task), passThroughOnException: () => undefined };
const lost = [];
const options = {
  mode: "direct",
  now: () => Date.UTC(2026, 10, 24, 12, 30),
  onLost: (usage, error) => lost.push({ usage, error: error.message }),
};

const client = new MeterClient({ url, key });
const answer = await client.record({
  id: "evt_1",
  customerId: "cus_1",
  metricName: "api_calls",
  value: "0.10",
  timestamp: "2026-11-24T12:30:00.000Z",
});

const app = new Hono();
app.use(
  meter({
    ...options,
    customer: (c) => c.req.header("x-customer") ?? null,
    metricName: "api_calls",
    randomId: () => "batch_hono",
    transport: httpTransport({ url, key }),
  }),
);
app.get("/", (c) => c.text("from hono"));
const fromHono = await app.request("/", { headers }, {}, ctx);

const batches = [];
const transport = {
  send: async (batch) => {
    batches.push(batch);
    return { kind: "answered", answer: { results: batch.usage.map(() => ({ status: "recorded" })) } };
  },
};
const worker = withMeter(
  { fetch: async () => new Response("from the worker") },
  {
    ...options,
    customer: ({ request }) => request.headers.get("x-customer"),
    metricName: "bytes_sent",
    value: ofSentBody((sent) => sent.bytes),
    randomId: () => "batch_worker",
    transport,
  },
);
const fromWorker = await worker.fetch(new Request("https://product.example/", { headers }), {}, ctx);

const texts = [await fromHono.text(), await fromWorker.text()];
await Promise.all(tasks);
process.stdout.write(JSON.stringify({ answer, texts, batches, lost }));
