import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { RunningMeter } from "../support/running-meter.ts";
import type { Check } from "./reconcile.ts";

/** Customers whose names begin so are the probe's, not the load's. */
export const PROBE = "probe_";
/** What the demo catalog includes of calls. */
const INCLUDED_CALLS = 10_000;
const EVERY_MS = 7_000;

/** From the answer of an event that crosses a threshold to the first attempt to tell it, in ms. */
export interface AlertDelays {
  crossed: number;
  p50: number;
  max: number;
}

export interface AlertProbe {
  /** Sends no more; what was sent is still told by the ticks that come. */
  stopSending: () => Promise<void>;
  /** What has come, and whether each crossing was told once. */
  read: () => { delays: AlertDelays; check: Check };
  stop: () => void;
}

/** Lets a new customer use all that is included every few seconds, and notes when a webhook tells of it. */
export async function startAlertProbe(meter: RunningMeter): Promise<AlertProbe> {
  const answeredMs = new Map<string, number>();
  const toldMs = new Map<string, number[]>();
  const server = receive((customerId) => {
    toldMs.set(customerId, [...(toldMs.get(customerId) ?? []), Date.now()]);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const made = await meter.send("POST", "/v1/webhook-endpoints", { url: `http://127.0.0.1:${port}/` });
  if (made?.status !== 201) {
    throw new Error(`no webhook endpoint: ${JSON.stringify(made)}`);
  }
  const sending = new Set<Promise<void>>();
  const cross = async (customerId: string): Promise<void> => {
    const event = { id: customerId, customerId, metricName: "api_calls", value: INCLUDED_CALLS };
    const answer = await meter.send("POST", "/v1/events", event);
    if (answer?.status === 200) {
      answeredMs.set(customerId, Date.now());
    }
  };
  const timer = setInterval(() => {
    const run = cross(`${PROBE}${answeredMs.size}_${Date.now()}`).finally(() => sending.delete(run));
    sending.add(run);
  }, EVERY_MS);
  return {
    stopSending: async () => {
      clearInterval(timer);
      await Promise.all(sending);
    },
    read: () => readProbe(answeredMs, toldMs),
    stop: () => {
      clearInterval(timer);
      server.close();
    },
  };
}

function receive(note: (customerId: string) => void): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { data } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as {
        data: { customerId?: string };
      };
      if (data.customerId?.startsWith(PROBE) === true) {
        note(data.customerId);
      }
      response.writeHead(204).end();
    });
  });
}

function readProbe(
  answeredMs: ReadonlyMap<string, number>,
  toldMs: ReadonlyMap<string, readonly number[]>,
): { delays: AlertDelays; check: Check } {
  const once = [...answeredMs.keys()].filter((customerId) => toldMs.get(customerId)?.length === 1);
  const delays = [...answeredMs]
    .flatMap(([customerId, ms]) => (toldMs.get(customerId) ?? []).slice(0, 1).map((told) => told - ms))
    .toSorted((left, right) => left - right);
  return {
    delays: {
      crossed: answeredMs.size,
      p50: delays[Math.floor(delays.length / 2)] ?? Number.NaN,
      max: delays.at(-1) ?? Number.NaN,
    },
    check: {
      what: "thresholds crossed = told once",
      left: answeredMs.size,
      right: once.length,
      isEqual: answeredMs.size === once.length,
      differing: [...answeredMs.keys()].filter((customerId) => !once.includes(customerId)).slice(0, 10),
    },
  };
}
