import {
  currentCatalog,
  rereadCatalog,
  type CatalogDeps,
  type HeldCatalog,
} from "../catalog/current-catalog.ts";
import { unknownCustomers, type KnownCustomersDeps } from "../catalog/known-customers.ts";
import type { Rejection } from "../domain/event.ts";
import { applyOrSpool, type ApplyDeps } from "./apply-or-spool.ts";
import { checkMergedUsage, type Batch } from "./check-batch.ts";
import { checkCloudEvent } from "./check-cloud-event.ts";
import { checkEvent, type Checked } from "./check-event.ts";
import { rejected, resultOf, summarize, type EventResult, type RecordAnswer } from "./event-result.ts";
import { hasNoId, identify, withoutTimes, type Row, type SharedId } from "./identify.ts";

export interface IngestDeps extends CatalogDeps, ApplyDeps, KnownCustomersDeps {
  lateEventHours: number;
  requireKnownCustomers: boolean;
}

/** One request's events, in one of the three formats. */
export type Submission =
  | { format: "json" | "cloudevents"; events: readonly unknown[]; idempotencyKey: string | undefined }
  | { format: "batch"; batch: Batch };

/** No catalog was ever published: nothing can be counted, and nothing may be refused for good. */
export class NoCatalog extends Error {
  override readonly name = "NoCatalog";
}

const CHECKS = { json: checkEvent, cloudevents: checkCloudEvent, batch: checkMergedUsage };

/**
 * Records events: each is checked by itself, then all that stand are counted in one script call.
 *
 * Answers one result per event; `spooled` when the counters cannot be reached. Throws when no store can take them; a
 * repeat under the same ids is then safe.
 */
export async function recordUsage(
  deps: IngestDeps,
  submission: Submission,
  receivedAtMs: number,
): Promise<RecordAnswer> {
  const results: EventResult[] = [];
  const rows = await judge(deps, submission, receivedAtMs, results);
  if (deps.requireKnownCustomers) {
    await refuseUnknownCustomers(deps, rows, results, receivedAtMs);
  }
  const { groups, order } = identify(identifiable(rows, submission), sharedId(submission, deps.randomId));
  if (groups.length > 0) {
    const outcome = await applyOrSpool(deps, groups, receivedAtMs);
    for (const [position, { index, measurement }] of order.entries()) {
      if (measurement !== null) {
        results[index] = outcome === "spooled" ? { status: "spooled" } : resultOf(outcome[position]);
      }
    }
  }
  return summarize(results);
}

/**
 * Checks every event by itself.
 *
 * An unknown metric may have been published a moment ago: before that is told, the catalog is read once more.
 */
async function judge(
  deps: IngestDeps,
  submission: Submission,
  receivedAtMs: number,
  results: EventResult[],
): Promise<Row[]> {
  const current = await currentCatalog(deps, receivedAtMs);
  let checks = checkAll(deps, submission, receivedAtMs, current);
  if (checks.some((checked) => "code" in checked && checked.code === "unknown_metric")) {
    checks = checkAll(deps, submission, receivedAtMs, await rereadCatalog(deps, receivedAtMs));
  }
  return checks.map((checked, index) => {
    if ("code" in checked) {
      results[index] = rejected(checked);
      return { index, idDigest: undefined, measurement: null };
    }
    return { index, ...checked };
  });
}

function checkAll(
  deps: IngestDeps,
  submission: Submission,
  receivedAtMs: number,
  catalog: HeldCatalog | undefined,
): (Checked | Rejection)[] {
  if (catalog === undefined) {
    throw new NoCatalog("no catalog is published");
  }
  const judgement = { meters: catalog.meters, receivedAtMs, lateEventHours: deps.lateEventHours };
  const inputs = submission.format === "batch" ? submission.batch.usage : submission.events;
  return inputs.map((input) => CHECKS[submission.format](input, judgement));
}

/** What stands, and of what was refused the rows that a shared id stands for. */
function identifiable(rows: readonly Row[], submission: Submission): Row[] {
  return rows.filter(({ index, measurement }) => {
    switch (submission.format) {
      case "batch":
        return true;
      case "json":
        return measurement !== null || hasNoId(submission.events[index]);
      case "cloudevents":
        return measurement !== null;
    }
  });
}

function sharedId(submission: Submission, randomId: () => string): SharedId {
  if (submission.format === "batch") {
    return { origin: "batch", id: submission.batch.batch, content: submission.batch.usage };
  }
  const { idempotencyKey, events } = submission;
  return idempotencyKey === undefined
    ? // A fresh id is never met again: what it stands for need not be told apart.
      { origin: "receipt", id: randomId(), content: null }
    : { origin: "key", id: idempotencyKey, content: withoutTimes(events.filter(hasNoId)) };
}

async function refuseUnknownCustomers(
  deps: IngestDeps,
  rows: Row[],
  results: EventResult[],
  nowMs: number,
): Promise<void> {
  const customerIds = rows.flatMap(({ measurement }) => measurement?.customerId ?? []);
  const unknown = await unknownCustomers(deps, customerIds, nowMs);
  for (const row of rows) {
    if (row.measurement !== null && unknown.has(row.measurement.customerId)) {
      row.measurement = null;
      results[row.index] = rejected({
        code: "unknown_customer",
        detail: "put the customer first: PUT /v1/customers/{id}",
      });
    }
  }
}
