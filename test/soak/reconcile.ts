import type { Redis } from "ioredis";
import { dirtyKey, inflightKey, SHARDS } from "../../src/counters/keys.ts";
import type { RunningMeter } from "../support/running-meter.ts";
import { PROBE } from "./alert-probe.ts";
import type { SendResult } from "./sender-process.ts";

/** Two figures that have to be the same. */
export interface Check {
  what: string;
  left: number | string;
  right: number | string;
  isEqual: boolean;
  /** The first of what differs. */
  differing: string[];
}

const MAX_SHOWN = 10;
const THOUSANDTHS = `
  (case when min(aggregation) = 'max' then max(value) else sum(value) end * 1000)::numeric(38, 0)::text as value`;
const OF_THE_LOAD = `not starts_with(customer_id, '${PROBE}')`;
const HOURS = `select customer_id, metric_name, ${THOUSANDTHS} from usage_records where ${OF_THE_LOAD} group by 1, 2`;
const DAYS = `select customer_id, metric_name, ${THOUSANDTHS} from usage_daily where ${OF_THE_LOAD} group by 1, 2`;

/** Compares what the client knows with the ledger, and looks for anything that is still on its way. */
export async function reconcile(meter: RunningMeter, redis: Redis, result: SendResult): Promise<Check[]> {
  const acknowledged = Object.values(result.acknowledged).reduce((sum, count) => sum + count, 0);
  const short = result.totals.filter((total) => total.sent !== total.acknowledged);
  return [
    {
      ...equality("events sent = acknowledged", result.sent, acknowledged),
      differing: [
        ...short.map(
          ({ customerId, metricName, ...of }) =>
            `${customerId} ${metricName}: ${of.sent} sent, ${of.acknowledged} acknowledged`,
        ),
        ...result.failures,
      ].slice(0, 2 * MAX_SHOWN),
    },
    await compareLedger(meter, result, "hours", HOURS),
    await compareLedger(meter, result, "days", DAYS),
    equality("buckets dirty or in flight", await waitingBuckets(redis), 0),
    equality("batches in the spool", await spooledBatches(meter), 0),
    await checkIntegrity(meter),
  ];
}

function equality(what: string, left: number | string, right: number | string): Check {
  return { what, left, right, isEqual: left === right, differing: [] };
}

/** Every customer and metric by itself; `left` and `right` are how many there are and how many agree. */
async function compareLedger(
  meter: RunningMeter,
  { totals }: SendResult,
  name: string,
  query: string,
): Promise<Check> {
  type LedgerTotal = { customer_id: string; metric_name: string; value: string };
  const { rows } = await meter.database.query<LedgerTotal>(query);
  const ledger = new Map(rows.map((row) => [`${row.customer_id} ${row.metric_name}`, row.value]));
  const expected = new Map(
    totals
      .filter(({ acknowledged }) => acknowledged > 0)
      .map(({ customerId, metricName, value }) => [`${customerId} ${metricName}`, String(value)]),
  );
  const differing = [...new Set([...expected.keys(), ...ledger.keys()])].filter(
    (total) => expected.get(total) !== ledger.get(total),
  );
  return {
    ...equality(
      `customers and metrics acknowledged = equal in the ledger's ${name}`,
      expected.size,
      expected.size - differing.length,
    ),
    differing: differing
      .slice(0, MAX_SHOWN)
      .map(
        (total) =>
          `${total}, in thousandths: ${expected.get(total) ?? "none"}, in the ledger ${ledger.get(total) ?? "none"}`,
      ),
  };
}

async function waitingBuckets(redis: Redis): Promise<number> {
  let waiting = 0;
  for (let shard = 0; shard < SHARDS; shard += 1) {
    waiting += (await redis.zcard(dirtyKey(shard))) + (await redis.hlen(inflightKey(shard)));
  }
  return waiting;
}

async function spooledBatches(meter: RunningMeter): Promise<number> {
  const { rows } = await meter.database.query<{ batches: string }>("select count(*) as batches from spool");
  return Number(rows[0]?.batches);
}

/** What the project's own checks say, and whether it thinks that Redis has lost anything. */
async function checkIntegrity(meter: RunningMeter): Promise<Check> {
  const run = await meter.send("POST", "/v1/integrity/run");
  const kept = await meter.send("GET", "/v1/integrity");
  const { status } = (run?.body ?? {}) as { status?: string };
  const { findings, redisLosses } = (kept?.body ?? {}) as { findings?: unknown[]; redisLosses?: unknown[] };
  const found = [...(findings ?? ["no answer"]), ...(redisLosses ?? [])];
  return {
    ...equality("integrity", found.length > 0 ? `${found.length} found` : (status ?? "no answer"), "ok"),
    differing: found.slice(0, MAX_SHOWN).map((one) => JSON.stringify(one)),
  };
}
