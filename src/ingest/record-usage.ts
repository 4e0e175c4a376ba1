import { currentCatalog, type CatalogDeps, type HeldCatalog } from "../catalog/current-catalog.ts";
import { recordGroups, type IdentifiedGroup, type RecordStatus } from "../counters/record.ts";
import {
  eventSchema,
  measure,
  type Measurement,
  type Rejection,
  type RejectionCode,
} from "../domain/event.ts";
import { digestId, fingerprint } from "./digest.ts";

export interface IngestDeps extends CatalogDeps {
  /** Fresh randomness with each call. */
  randomId: () => string;
  lateEventHours: number;
}

/** What became of one event. */
export interface EventResult {
  status: "recorded" | "duplicate" | "conflict" | "rejected" | "spooled";
  code?: RejectionCode;
  detail?: string;
}

export interface RecordAnswer {
  recorded: number;
  duplicates: number;
  conflicts: number;
  rejected: number;
  spooled: number;
  /** In the order sent. */
  results: EventResult[];
}

export interface Receipt {
  receivedAtMs: number;
  /** Stands for all events without an id, as one id. */
  idempotencyKey: string | undefined;
}

/** No catalog was ever published: nothing can be counted, and nothing may be refused for good. */
export class NoCatalog extends Error {
  override readonly name = "NoCatalog";
}

interface Accepted {
  index: number;
  id: string | undefined;
  measurement: Measurement;
}

/**
 * Records events: each is checked by itself, then all that stand are counted in one script call.
 *
 * Answers one result per event. Throws what the stores throw; a repeat under the same ids is then safe.
 */
export async function recordUsage(
  deps: IngestDeps,
  inputs: readonly unknown[],
  receipt: Receipt,
): Promise<RecordAnswer> {
  const catalog = await currentCatalog(deps, receipt.receivedAtMs);
  if (catalog === undefined) {
    throw new NoCatalog("no catalog is published");
  }
  const results: EventResult[] = [];
  const accepted: Accepted[] = [];
  for (const [index, input] of inputs.entries()) {
    const checked = checkEvent(input, catalog, receipt.receivedAtMs, deps.lateEventHours);
    if ("code" in checked) {
      results[index] = { status: "rejected", code: checked.code, detail: checked.detail };
    } else {
      accepted.push({ index, ...checked });
    }
  }
  if (accepted.length > 0) {
    const { groups, order } = identify(accepted, receipt.idempotencyKey, deps.randomId);
    const statuses = await recordGroups(deps.redis, groups, receipt.receivedAtMs, deps.randomId());
    for (const [position, { index }] of order.entries()) {
      results[index] = resultOf(statuses[position]);
    }
  }
  return summarize(results);
}

function checkEvent(
  input: unknown,
  catalog: HeldCatalog,
  receivedAtMs: number,
  lateEventHours: number,
): { id: string | undefined; measurement: Measurement } | Rejection {
  const parsed = eventSchema.safeParse(input);
  if (!parsed.success) {
    const detail = parsed.error.issues.map((issue) => [...issue.path, issue.message].join(": ")).join("; ");
    return { code: "invalid_event", detail: detail.slice(0, 1000) };
  }
  const meter = catalog.meters.get(parsed.data.metricName);
  if (meter === undefined) {
    return { code: "unknown_metric", detail: `the catalog has no meter named ${parsed.data.metricName}` };
  }
  const measured = measure(parsed.data, meter, receivedAtMs, lateEventHours);
  return "code" in measured ? measured : { id: parsed.data.id, measurement: measured };
}

/** Gives every event an id: its own, or one for all that have none. */
function identify(
  accepted: readonly Accepted[],
  idempotencyKey: string | undefined,
  randomId: () => string,
): { groups: IdentifiedGroup[]; order: Accepted[] } {
  const groups: IdentifiedGroup[] = [];
  const order: Accepted[] = [];
  const anonymous: Accepted[] = [];
  for (const event of accepted) {
    if (event.id === undefined) {
      anonymous.push(event);
    } else {
      const { measurement } = event;
      const idDigest = digestId(measurement.customerId, "event", event.id);
      groups.push({ idDigest, fingerprint: fingerprint([measurement]), measurements: [measurement] });
      order.push(event);
    }
  }
  if (anonymous.length > 0) {
    const measurements = anonymous.map(({ measurement }) => measurement);
    const idDigest =
      idempotencyKey === undefined
        ? digestId("", "receipt", randomId())
        : digestId("", "key", idempotencyKey);
    groups.push({ idDigest, fingerprint: fingerprint(measurements), measurements });
    order.push(...anonymous);
  }
  return { groups, order };
}

function resultOf(status: RecordStatus | undefined): EventResult {
  switch (status) {
    case "recorded":
    case "duplicate":
      return { status };
    case "conflict":
      return {
        status,
        code: "event_conflict",
        detail: "this id was used before for another content; it was not counted again",
      };
    case "counter_overflow":
      return {
        status: "rejected",
        code: status,
        detail: "the counter of this customer and hour is full: send what is left for another hour",
      };
    case "too_many_series":
      return {
        status: "rejected",
        code: status,
        detail: "this customer has 1,000 series in this hour: use dimensions with fewer values",
      };
    case undefined:
      throw new Error("the record script answered too few letters");
  }
}

function summarize(results: EventResult[]): RecordAnswer {
  const count = (status: EventResult["status"]): number =>
    results.filter((result) => result.status === status).length;
  return {
    recorded: count("recorded"),
    duplicates: count("duplicate"),
    conflicts: count("conflict"),
    rejected: count("rejected"),
    spooled: count("spooled"),
    results,
  };
}
