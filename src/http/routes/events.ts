import { Hono, type Context } from "hono";
import type { Deps } from "../../deps.ts";
import { MAX_EVENTS } from "../../domain/event.ts";
import { hasAtMost, isStorableText, MAX_TEXT_LENGTH } from "../../domain/text.ts";
import { batchSchema } from "../../ingest/check-batch.ts";
import { recordUsage, type Submission } from "../../ingest/record-usage.ts";
import { requireScope } from "../auth.ts";
import { checked, mediaType, parseJson, readBytes } from "../body.ts";
import { fromBinaryMode, isBinaryMode } from "../cloud-events.ts";
import { ApiProblem } from "../problem.ts";

/** What `POST /v1/events` takes beside CloudEvents in binary mode. */
const MEDIA_TYPES = {
  "application/json": "json",
  "application/cloudevents+json": "cloudevent",
  "application/cloudevents-batch+json": "cloudevents",
  "application/vnd.edgemeter.batch+json": "batch",
} as const;

/** `POST /v1/events`: events in one of four formats, each answered by itself. */
export function eventRoutes(deps: Deps): Hono {
  const routes = new Hono();
  routes.post("/v1/events", requireScope(deps.keys, "ingest"), async (context) => {
    const receivedAtMs = deps.now();
    const submission = await readSubmission(context);
    const answer = await recordUsage(deps, submission, receivedAtMs);
    if (answer.results.length > 0 && answer.recorded + answer.duplicates + answer.spooled === 0) {
      throw new ApiProblem("no_event_accepted", "results tells why, event by event", { ...answer });
    }
    return context.json(answer);
  });
  return routes;
}

async function readSubmission(context: Context): Promise<Submission> {
  const idempotencyKey = readIdempotencyKey(context);
  const type = mediaType(context);
  const isNamed = Object.hasOwn(MEDIA_TYPES, type);
  const format = isNamed ? MEDIA_TYPES[type as keyof typeof MEDIA_TYPES] : undefined;
  const { raw } = context.req;
  if ((format === undefined || format === "json") && isBinaryMode(raw.headers)) {
    const event = fromBinaryMode(raw.headers, await readBytes(raw));
    return { format: "cloudevents", events: [event], idempotencyKey };
  }
  if (format === undefined) {
    const types = Object.keys(MEDIA_TYPES).join(", ");
    throw new ApiProblem("unsupported_media_type", `send one of ${types}, or a CloudEvent in binary mode`);
  }
  const body = parseJson(await readBytes(raw));
  switch (format) {
    case "json":
      return { format, events: boundedEvents(Array.isArray(body) ? body : [body], 1), idempotencyKey };
    case "cloudevent":
      return { format: "cloudevents", events: [body], idempotencyKey };
    case "cloudevents":
      if (!Array.isArray(body)) {
        throw new ApiProblem("invalid_request", "a batch of CloudEvents is an array");
      }
      return { format, events: boundedEvents(body, 0), idempotencyKey };
    case "batch":
      if (typeof body === "object" && body !== null && "usage" in body && Array.isArray(body.usage)) {
        boundedEvents(body.usage, 0);
      }
      return { format, batch: checked(batchSchema, body, "the batch is not valid") };
  }
}

function boundedEvents(events: unknown[], least: number): unknown[] {
  if (events.length < least) {
    throw new ApiProblem("invalid_request", "send at least one event");
  }
  if (events.length > MAX_EVENTS) {
    throw new ApiProblem("too_many_events", `send at most ${MAX_EVENTS} events in one call`);
  }
  return events;
}

/** The header's draft has a quoted string; a bare one is taken too. */
function readIdempotencyKey(context: Context): string | undefined {
  const header = context.req.header("idempotency-key");
  if (header === undefined) {
    return undefined;
  }
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
  if (key === "" || !hasAtMost(key, MAX_TEXT_LENGTH) || !isStorableText(key)) {
    throw new ApiProblem("invalid_request", `Idempotency-Key: 1 to ${MAX_TEXT_LENGTH} characters`);
  }
  return key;
}
