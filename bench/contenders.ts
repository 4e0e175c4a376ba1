import { localKeys } from "../local/stores.ts";
import type { RunningWorker } from "../local/worker.ts";
import type { BenchStack } from "./bench-stack.ts";
import type { CountingPath } from "./counting-path.ts";
import { BATCH_SIZE, eventBatches, mergedBatches, singleEvents } from "./events.ts";
import type { LoadJob } from "./load-job.ts";
import { rawScript } from "./raw-script.ts";

/** What is sent: one event, a batch of events with ids, a batch of merged rows. */
export const SHAPES = ["single", "events", "merged"] as const;
export type Shape = (typeof SHAPES)[number];

/** One way to count, under load. */
export interface Contender {
  shape: Shape;
  name: string;
  label: string;
  /** Events, or merged rows, in one request. */
  size: number;
  worker: RunningWorker | undefined;
  job: Pick<LoadJob, "protocol" | "port" | "requests" | "expected" | "connections" | "inFlight">;
}

/** Customers that one batch is over. */
const BATCH_CUSTOMERS = 10;
const CONNECTIONS: Record<Shape, number> = { single: 64, events: 16, merged: 16 };
const JSON_TYPE = "application/json";
const BATCH_TYPE = "application/vnd.edgemeter.batch+json";

/** Bodies as the contenders send them. */
export const BODIES: Record<Shape, readonly string[]> = {
  single: singleEvents(),
  events: eventBatches(BATCH_CUSTOMERS),
  merged: mergedBatches(BATCH_CUSTOMERS),
};

/** Everyone who takes part. */
export async function contenders(stack: BenchStack, path: CountingPath): Promise<Contender[]> {
  const all = [...workers(stack)];
  for (const shape of SHAPES) {
    const size = sizeOf(shape);
    const { plain, wrapped } = await rawScript(stack, path, BODIES[shape]);
    const script = {
      shape,
      size,
      worker: undefined,
      job: {
        protocol: "redis" as const,
        port: Number(new URL(stack.stores.redis.url).port),
        expected: "r".repeat(size),
        connections: 1,
        inFlight: CONNECTIONS[shape],
      },
    };
    all.push(
      {
        ...script,
        name: "script",
        label: "record script, raw socket",
        job: { ...script.job, requests: plain },
      },
      {
        ...script,
        name: "script-wrapped",
        label: "… in the local endpoint's wrapper",
        job: { ...script.job, requests: wrapped },
      },
    );
  }
  return all;
}

function workers(stack: BenchStack): Contender[] {
  const { ours, naive, limit } = stack;
  return [
    post("single", "ours", "edgemeter", ours, "/v1/events", JSON_TYPE, '"recorded":1,'),
    get("hincrby", "Worker with one bare HINCRBY", limit, "/hincrby", '"counted":'),
    post("single", "naive", "naive, command by command", naive, "/separate", JSON_TYPE, '"counted":1,'),
    post("single", "naive-pipelined", "naive, pipelined", naive, "/pipelined", JSON_TYPE, '"counted":1,'),
    get("hello", "Worker that says hello", limit, "/hello", "hello"),
    post("events", "ours", "edgemeter", ours, "/v1/events", JSON_TYPE, `"recorded":${BATCH_SIZE},`),
    post(
      "events",
      "naive-pipelined",
      "naive, pipelined",
      naive,
      "/pipelined",
      JSON_TYPE,
      `"counted":${BATCH_SIZE},`,
    ),
    post("merged", "ours", "edgemeter", ours, "/v1/events", BATCH_TYPE, `"recorded":${BATCH_SIZE},`),
  ];
}

function post(
  shape: Shape,
  name: string,
  label: string,
  worker: RunningWorker,
  path: string,
  type: string,
  expected: string,
): Contender {
  const requests = BODIES[shape].map((body) =>
    head(`POST ${path}`, [`content-type: ${type}`, `content-length: ${Buffer.byteLength(body)}`], body),
  );
  return {
    shape,
    name,
    label,
    size: sizeOf(shape),
    worker,
    job: overHttp(shape, worker, requests, expected),
  };
}

function get(name: string, label: string, worker: RunningWorker, path: string, expected: string): Contender {
  const job = overHttp("single", worker, [head(`GET ${path}`, [], "")], expected);
  return { shape: "single", name, label, size: 1, worker, job };
}

function overHttp(
  shape: Shape,
  worker: RunningWorker,
  requests: string[],
  expected: string,
): Contender["job"] {
  const port = Number(new URL(worker.url).port);
  return { protocol: "http", port, requests, expected, connections: CONNECTIONS[shape], inFlight: 1 };
}

function head(start: string, headers: string[], body: string): string {
  const all = [
    `${start} HTTP/1.1`,
    "host: bench",
    `authorization: Bearer ${localKeys.ingestKey}`,
    ...headers,
  ];
  return `${all.join("\r\n")}\r\n\r\n${body}`;
}

function sizeOf(shape: Shape): number {
  return shape === "single" ? 1 : BATCH_SIZE;
}
