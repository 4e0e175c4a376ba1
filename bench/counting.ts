import { localKeys } from "../local/stores.ts";
import type { BenchStack } from "./bench-stack.ts";
import { BATCH_SIZE, eventBatches, mergedBatches, singleEvents } from "./events.ts";
import { SlottedRequest } from "./slots.ts";

/** What Upstash takes for one command, in dollars. */
export const DOLLARS_PER_COMMAND = 0.2 / 100_000;

/** Commands billed for one request. */
export interface Bill {
  what: string;
  /** Events, or merged rows, in the request. */
  size: number;
  ours: number;
  /** What the design allows. */
  budget: number;
  /** Undefined where the naive design has nothing of the kind. */
  naive: number | undefined;
}

interface Case {
  what: string;
  size: number;
  body: string;
  type?: string;
  budget: number;
  /** The naive design counts the same events one by one. */
  isNaive?: boolean;
  /** Buckets are flushed before, so that they turn dirty again. */
  isFlushed?: boolean;
  /** The request before, once more. */
  isRepeat?: boolean;
}

const BATCH_TYPE = "application/vnd.edgemeter.batch+json";
const [single = ""] = singleEvents();

/** New buckets cost two commands more each, buckets that turn dirty one; they are made before what is counted. */
const CASES: Case[] = [
  { what: "single event, new bucket", size: 1, body: single, budget: 6, isNaive: true },
  { what: "single event, dirty bucket", size: 1, body: single, budget: 4, isNaive: true },
  { what: "single event, repeated", size: 1, body: single, budget: 4, isNaive: true, isRepeat: true },
  {
    what: "single event, bucket just flushed",
    size: 1,
    body: single,
    budget: 5,
    isNaive: true,
    isFlushed: true,
  },
  ...[1, 10].flatMap((customers) => [
    {
      what: `${BATCH_SIZE} events with ids, ${customers} customer-hours, new`,
      size: BATCH_SIZE,
      body: eventBatches(customers, 3).at(-1) ?? "",
      budget: 1 + BATCH_SIZE + 4 * customers,
      isNaive: true,
    },
    {
      what: `${BATCH_SIZE} events with ids, ${customers} customer-hours, dirty`,
      size: BATCH_SIZE,
      body: eventBatches(customers, 3).at(-1) ?? "",
      budget: 1 + BATCH_SIZE + 2 * customers,
      isNaive: true,
    },
  ]),
  ...[1, 10].map((customers) => ({
    what: `${BATCH_SIZE} merged rows, ${customers} customer-hours, dirty`,
    size: BATCH_SIZE,
    body: mergedBatches(customers, 3).at(-1) ?? "",
    type: BATCH_TYPE,
    budget: 2 + 2 * customers,
  })),
];

/** Counts what each kind of request costs, ours and naive, as the endpoint bills it. */
export async function countCommands(stack: BenchStack): Promise<Bill[]> {
  await stack.forgetCounts();
  // The script's first call carries its text; what is measured is every later one.
  await post(stack.ours.url, "/v1/events", filled(single.replace("cus_", "primer_"), 0).bytes);
  const bills: Bill[] = [];
  let id = 1;
  let bytes = Buffer.alloc(0);
  for (const { what, size, body, type, budget, isNaive, isFlushed, isRepeat } of CASES) {
    if (isRepeat !== true) {
      ({ bytes, next: id } = filled(body, id));
    }
    if (isFlushed === true) {
      await flushNow(stack);
    }
    const ours = await billed(stack, () => post(stack.ours.url, "/v1/events", bytes, type));
    const naive =
      isNaive === true ? await billed(stack, () => post(stack.naive.url, "/separate", bytes)) : undefined;
    bills.push({ what, size, ours, budget, naive });
  }
  return bills;
}

function filled(body: string, firstId: number): { bytes: Buffer<ArrayBuffer>; next: number } {
  return new SlottedRequest(body).fill(firstId);
}

/** All but the look at the catalog, which an isolate takes once in a while whatever it counts. */
async function billed({ stores }: BenchStack, work: () => Promise<void>): Promise<number> {
  stores.upstash.commands.reset();
  await work();
  const { billed: all, byCommand } = stores.upstash.commands.read();
  return all - (byCommand["HMGET"] ?? 0);
}

async function post(
  workerUrl: string,
  path: string,
  body: Buffer<ArrayBuffer>,
  type = "application/json",
): Promise<void> {
  await checked(
    await fetch(`${workerUrl}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${localKeys.ingestKey}`, "content-type": type },
      body,
    }),
  );
}

/** Fires the cron that moves what is dirty into the ledger. */
export async function flushNow({ ours }: BenchStack): Promise<void> {
  const cron = encodeURIComponent("* * * * *");
  await checked(await fetch(`${ours.url}/cdn-cgi/handler/scheduled?cron=${cron}`));
}

async function checked(answer: Response): Promise<void> {
  const text = await answer.text();
  if (!answer.ok) {
    throw new Error(`${answer.url} answers ${answer.status}: ${text.slice(0, 300)}`);
  }
}
