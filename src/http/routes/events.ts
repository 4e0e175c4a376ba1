import { Hono, type Context } from "hono";
import type { Deps } from "../../deps.ts";
import { MAX_EVENTS } from "../../domain/event.ts";
import { isStorableText, MAX_TEXT_LENGTH } from "../../domain/text.ts";
import { recordUsage } from "../../ingest/record-usage.ts";
import { requireScope } from "../auth.ts";
import { readJson } from "../body.ts";
import { ApiProblem } from "../problem.ts";

/** `POST /v1/events`: one event or an array of them, each answered by itself. */
export function eventRoutes(deps: Deps): Hono {
  const routes = new Hono();
  routes.post("/v1/events", requireScope(deps.keys, "ingest"), async (context) => {
    const receivedAtMs = deps.now();
    const idempotencyKey = readIdempotencyKey(context);
    const body = await readJson(context);
    const events: unknown[] = Array.isArray(body) ? body : [body];
    if (events.length === 0) {
      throw new ApiProblem("invalid_request", "send at least one event");
    }
    if (events.length > MAX_EVENTS) {
      throw new ApiProblem("too_many_events", `send at most ${MAX_EVENTS} events in one call`);
    }
    const answer = await recordUsage(deps, events, { receivedAtMs, idempotencyKey });
    if (answer.recorded + answer.duplicates + answer.spooled === 0) {
      throw new ApiProblem("no_event_accepted", "results tells why, event by event", { ...answer });
    }
    return context.json(answer);
  });
  return routes;
}

/** The header's draft has a quoted string; a bare one is taken too. */
function readIdempotencyKey(context: Context): string | undefined {
  const header = context.req.header("idempotency-key");
  if (header === undefined) {
    return undefined;
  }
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
  if (key === "" || key.length > MAX_TEXT_LENGTH || !isStorableText(key)) {
    throw new ApiProblem("invalid_request", `Idempotency-Key: 1 to ${MAX_TEXT_LENGTH} characters`);
  }
  return key;
}
