import { Redis } from "@upstash/redis/cloudflare";

interface Env {
  UPSTASH_REDIS_REST_URL: string;
  UPSTASH_REDIS_REST_TOKEN: string;
  INGEST_KEY: string;
}

interface Event {
  customerId: string;
  metricName: string;
  value?: number;
}

const TTL_SECONDS = 8 * 24 * 3600;
const THRESHOLDS = [80, 90, 100];

let redis: Redis | undefined;

/** `/separate` sends each command by itself, `/pipelined` all of a request's in one call; six per event both ways. */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (request.headers.get("authorization") !== `Bearer ${env.INGEST_KEY}`) {
      return new Response("no such key", { status: 401 });
    }
    redis ??= new Redis({
      url: env.UPSTASH_REDIS_REST_URL,
      token: env.UPSTASH_REDIS_REST_TOKEN,
      enableAutoPipelining: false,
      enableTelemetry: false,
    });
    const body = (await request.json()) as Event | Event[];
    const events = Array.isArray(body) ? body : [body];
    const isPipelined = request.url.endsWith("/pipelined");
    const alerts = isPipelined ? await countPipelined(redis, events) : await countSeparately(redis, events);
    return Response.json({ counted: events.length, alerts });
  },
};

async function countSeparately(client: Redis, events: readonly Event[]): Promise<number> {
  let alerts = 0;
  for (const event of events) {
    const key = counterKey(event);
    const used = await client.incrby(key, event.value ?? 1);
    await client.expire(key, TTL_SECONDS);
    const limits = await Promise.all(alertKeys(event).map((name) => client.get<number>(name)));
    await client.incr(batchKey(event));
    alerts += crossed(used, limits);
  }
  return alerts;
}

async function countPipelined(client: Redis, events: readonly Event[]): Promise<number> {
  const pipeline = client.pipeline();
  for (const event of events) {
    const key = counterKey(event);
    pipeline.incrby(key, event.value ?? 1);
    pipeline.expire(key, TTL_SECONDS);
    for (const name of alertKeys(event)) {
      pipeline.get(name);
    }
    pipeline.incr(batchKey(event));
  }
  const replies = await pipeline.exec<(number | null)[]>();
  const perEvent = replies.length / events.length;
  let alerts = 0;
  for (let at = 0; at < replies.length; at += perEvent) {
    alerts += crossed(replies[at] ?? 0, replies.slice(at + 2, at + 2 + THRESHOLDS.length));
  }
  return alerts;
}

function counterKey({ customerId, metricName }: Event): string {
  return `usage:${customerId}:${metricName}:${Math.floor(Date.now() / 3_600_000)}`;
}

function alertKeys({ customerId, metricName }: Event): string[] {
  return THRESHOLDS.map((percent) => `alert:${customerId}:${metricName}:${percent}`);
}

function batchKey({ metricName }: Event): string {
  return `batch:${metricName}`;
}

function crossed(used: number, limits: readonly (number | null)[]): number {
  return limits.filter((limit) => limit !== null && used >= limit).length;
}
