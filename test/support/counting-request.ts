import { formatScaled, powerOfTen } from "../../src/domain/decimal.ts";
import { FUTURE_LIMIT_MS, MAX_COUNTED } from "../../src/domain/event.ts";
import type { Aggregation } from "../../src/domain/meter.ts";
import { HOUR_MS } from "../../src/domain/window.ts";
import type { Submission } from "../../src/ingest/record-usage.ts";
import type { Group, Increment } from "./counting-model.ts";
import type { Draft, Form } from "./counting-schedule.ts";

interface CountedMeter {
  name: string;
  aggregation: Aggregation;
  scale: number;
  allowNegative: boolean;
  dimensions: string[];
}

/** One meter of each aggregation, with and without decimals, dimensions and negative values. */
export const METERS: readonly CountedMeter[] = [
  { name: "calls", aggregation: "sum", scale: 0, allowNegative: false, dimensions: ["region"] },
  { name: "seconds", aggregation: "sum", scale: 3, allowNegative: true, dimensions: [] },
  { name: "jobs", aggregation: "count", scale: 0, allowNegative: false, dimensions: ["region"] },
  { name: "disk", aggregation: "max", scale: 3, allowNegative: false, dimensions: ["region"] },
  { name: "spare", aggregation: "min", scale: 1, allowNegative: true, dimensions: [] },
  { name: "level", aggregation: "last", scale: 1, allowNegative: false, dimensions: ["region"] },
];

/** The catalog of the schedules; it prices nothing. */
export const COUNTED_CATALOG = {
  currency: "usd",
  defaultPlan: "free",
  meters: METERS.map((meter) => ({ ...meter, displayName: meter.name, unit: "units" })),
  plans: [{ name: "free", displayName: "Free", baseFee: "0.00", prices: [] }],
};

/** An event with its time as it was first sent; undefined leaves it to the receipt. */
export interface Sent {
  draft: Draft;
  timeMs: number | undefined;
}

/** A request as a client keeps it for repeats. */
export interface Request {
  form: Form;
  events: Sent[];
  /** Its `Idempotency-Key`, or a batch's id. */
  key: string | undefined;
}

/** The bytes of a request, as the routes hand them on. */
export function submissionOf(request: Request, prefix: string): Submission {
  const { form, events, key } = request;
  if (form === "batch") {
    return {
      format: "batch",
      batch: { batch: `${prefix}${key}`, usage: events.map((sent) => row(sent, prefix)) },
    };
  }
  const bodies = events.map((sent) => (form === "json" ? plain(sent, prefix) : cloud(sent, prefix)));
  return {
    format: form === "json" ? "json" : "cloudevents",
    events: bodies,
    idempotencyKey: key === undefined ? undefined : `${prefix}${key}`,
  };
}

/** What a request must count, and the code of each row that is refused by itself. */
export interface Judged {
  groups: Group[];
  /** Row of each increment of the groups, in their order. */
  order: number[];
  refusals: (string | null)[];
}

/** Judges a request in the plainest way; `receiptId` stands for events without any id. */
export function judgeRequest(
  request: Request,
  prefix: string,
  receivedAtMs: number,
  lateEventHours: number,
  receiptId: string,
): Judged {
  const { form, events } = request;
  const refusals = events.map((sent) => refusalOf(form, sent, receivedAtMs, lateEventHours));
  const increments = events.map((sent, index) =>
    refusals[index] === null ? incrementOf(form, sent, prefix, receivedAtMs) : null,
  );
  const groups: Group[] = [];
  const order: number[] = [];
  const anonymous: number[] = [];
  for (const [index, sent] of events.entries()) {
    const id = ownId(form, sent);
    const increment = increments[index];
    if (id === undefined) {
      anonymous.push(index);
    } else if (increment) {
      const { customerId, metric, region, units } = increment;
      const content = JSON.stringify([metric, region ?? null, units.toString()]);
      const carried = sent.timeMs === undefined ? null : String(sent.timeMs);
      groups.push({
        id: JSON.stringify([customerId, form, id]),
        content,
        carried,
        arrivedMs: receivedAtMs,
        increments: [increment],
      });
      order.push(index);
    }
  }
  if (anonymous.some((index) => refusals[index] === null)) {
    const times = anonymous.map((index) => events[index]?.timeMs);
    groups.push({
      id: JSON.stringify([
        request.key === undefined ? receiptId : `${prefix}${request.key}`,
        form === "batch",
      ]),
      content: JSON.stringify(anonymous.map((index) => contentOf(form, events[index]!, prefix))),
      carried: times.includes(undefined) ? null : JSON.stringify(times),
      arrivedMs: receivedAtMs,
      increments: anonymous.map((index) => increments[index] ?? null),
    });
    order.push(...anonymous);
  }
  return { groups, order, refusals };
}

/** Letter of a counted row → what the answer says of it. */
export const SAID = {
  r: "recorded",
  d: "duplicate",
  c: "event_conflict",
  o: "counter_overflow",
  x: "event_conflict",
} as const;

export function customerName(prefix: string, customer: number): string {
  // One with every character that a key or an address could trip over.
  return customer === 2 ? `${prefix}:a/b %{é}` : `${prefix}${customer}`;
}

function ownId(form: Form, { draft }: Sent): string | undefined {
  if (form === "batch") {
    return undefined;
  }
  return draft.id === undefined
    ? form === "cloud"
      ? `anonymous ${draft.units}`
      : undefined
    : `e${draft.id}`;
}

function refusalOf(form: Form, sent: Sent, receivedAtMs: number, lateEventHours: number): string | null {
  const { draft } = sent;
  const meter = METERS[draft.metric];
  if (draft.flaw === "malformed") {
    return "invalid_event";
  }
  if (meter === undefined) {
    return "unknown_metric";
  }
  const timeMs = sent.timeMs ?? receivedAtMs;
  const oldestMs = receivedAtMs - lateEventHours * HOUR_MS;
  const hourMs = Math.floor(timeMs / HOUR_MS) * HOUR_MS;
  if (form === "batch" ? hourMs + HOUR_MS <= oldestMs : timeMs < oldestMs) {
    return "too_late";
  }
  if ((form === "batch" ? hourMs : timeMs) > receivedAtMs + FUTURE_LIMIT_MS) {
    return "too_early";
  }
  if (draft.flaw === "precise") {
    return "too_precise";
  }
  const isCount = form === "batch" && meter.aggregation === "count";
  if ((draft.units < 0n && !meter.allowNegative) || (isCount && draft.units === 0n)) {
    return "value_out_of_range";
  }
  if (draft.units > MAX_COUNTED) {
    return "value_out_of_range";
  }
  return timeMs > receivedAtMs + FUTURE_LIMIT_MS && meter.aggregation === "last" ? "too_early" : null;
}

function incrementOf(form: Form, { draft, timeMs }: Sent, prefix: string, receivedAtMs: number): Increment {
  const meter = METERS[draft.metric]!;
  const atMs = timeMs ?? receivedAtMs;
  const isWholeHour = form === "batch" && meter.aggregation !== "last";
  return {
    customerId: customerName(prefix, draft.customer),
    metric: meter.name,
    aggregation: meter.aggregation,
    region: meter.dimensions.includes("region") ? draft.region : undefined,
    units: meter.aggregation === "count" && form !== "batch" ? 1n : draft.units,
    timeMs: isWholeHour ? Math.floor(atMs / HOUR_MS) * HOUR_MS : atMs,
  };
}

/** What counts as content under a shared id: of a batch all of it, of others all but their times. */
function contentOf(form: Form, sent: Sent, prefix: string): unknown {
  return form === "batch" ? row(sent, prefix) : plain({ ...sent, timeMs: undefined }, prefix);
}

function plain({ draft, timeMs }: Sent, prefix: string): object {
  return {
    ...(draft.id !== undefined && { id: `e${draft.id}` }),
    customerId: customerName(prefix, draft.customer),
    metricName: METERS[draft.metric]?.name ?? "no_meter",
    ...(!isOne(draft) && { value: valueOf(draft) }),
    ...(timeMs !== undefined && { timestamp: timeText(draft, timeMs) }),
    // Beside the dimension, something that is none.
    metadata: { ...(draft.region !== undefined && { region: draft.region }), note: "x" },
    ...(draft.flaw === "malformed" && { misspelt: 1 }),
  };
}

function cloud(sent: Sent, prefix: string): object {
  const { draft, timeMs } = sent;
  return {
    specversion: "1.0",
    id: ownId("cloud", sent),
    source: "/gateway",
    type: METERS[draft.metric]?.name ?? "no_meter",
    subject: customerName(prefix, draft.customer),
    ...(timeMs !== undefined && { time: new Date(timeMs).toISOString() }),
    ...(!isOne(draft) && { data: cloudData(draft) }),
  };
}

function cloudData(draft: Draft): unknown {
  return draft.flaw === "malformed" ? [1] : { value: valueOf(draft), region: draft.region ?? null };
}

/** Whether an event may leave its value out, and a CloudEvent its data. */
function isOne({ metric, units, region, flaw, isPlain }: Draft): boolean {
  const scale = METERS[metric]?.scale ?? 0;
  return isPlain && flaw === undefined && region === undefined && units === powerOfTen(scale);
}

function row({ draft, timeMs }: Sent, prefix: string): object {
  const meter = METERS[draft.metric];
  const time = timeText(draft, timeMs ?? 0);
  return {
    customerId: customerName(prefix, draft.customer),
    metricName: meter?.name ?? "no_meter",
    hour: time,
    ...(draft.region !== undefined && { metadata: { region: draft.region } }),
    [meter?.aggregation ?? "sum"]: valueOf(draft),
    ...(meter?.aggregation === "last" && { lastAt: time }),
    ...(draft.flaw === "malformed" && { misspelt: 1 }),
  };
}

function timeText(draft: Draft, timeMs: number): string | number {
  return draft.isPlain ? new Date(timeMs).toISOString() : timeMs;
}

function valueOf({ metric, units, flaw, isPlain }: Draft): string | number {
  const scale = METERS[metric]?.scale ?? 0;
  const text = formatScaled(units, scale, flaw === "precise" ? scale : 0);
  if (flaw === "precise") {
    return `${text}${text.includes(".") ? "" : "."}1`;
  }
  return isPlain && units < 1000n ? Number(text) : text;
}
