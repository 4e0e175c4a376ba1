// A product without Cloudflare's types; test/e2e/package.test.ts compiles it beside the installed package.
import { ofSentBody, type SentBody } from "edgemeter/body";
import {
  MeterClient,
  MeterError,
  type LostUsage,
  type RecordAnswer,
  type UsageEvent,
} from "edgemeter/client";
import { meter, serviceBinding, type MeterBinding } from "edgemeter/hono";
import { httpTransport } from "edgemeter/http";
import { withMeter } from "edgemeter/worker";
import { Hono } from "hono";

interface Product {
  Bindings: { METER: MeterBinding };
  Variables: { customerId?: string };
}

/** What a product keeps of lost usage until a cron sends it again. */
const kept: LostUsage[] = [];

const client = new MeterClient({ url: "https://meter.example", key: "em_ingest_example" });

export const app = new Hono<Product>();

app.use(
  meter<Product>({
    customer: (c) => c.get("customerId"),
    metricName: "api_calls",
    metadata: (c) => ({ method: c.req.method }),
    transport: (c) => serviceBinding(c.env.METER),
    onLost: (lost: LostUsage) => {
      kept.push(lost);
    },
  }),
);

export default withMeter(
  {
    fetch: (request: Request, env: { METER_URL: string; METER_KEY: string }) => fetch(env.METER_URL, request),
  },
  {
    customer: async ({ request }) => request.headers.get("x-customer"),
    metricName: "bytes_sent",
    value: ofSentBody((sent: SentBody) => (sent.isAborted ? 0 : sent.bytes)),
    transport: ({ env }) => httpTransport({ url: env.METER_URL, key: env.METER_KEY }),
  },
);

/** What a cron runs: `resend` takes longer than a request has after its response. */
export async function resendKept(): Promise<void> {
  for (const lost of kept.splice(0)) {
    try {
      await client.resend(lost);
    } catch {
      kept.push(lost);
    }
  }
}

/** Gives the events that have to be recorded again. */
export async function record(event: UsageEvent): Promise<readonly UsageEvent[]> {
  try {
    const answer: RecordAnswer = await client.record(event);
    return answer.rejected === 0 ? [] : [event];
  } catch (error) {
    return error instanceof MeterError ? error.unconfirmed : [event];
  }
}

// @ts-expect-error -- an event names its customer
await client.record({ metricName: "api_calls" });
