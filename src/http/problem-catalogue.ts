import type { RejectionCode } from "../domain/event.ts";

/** Status, title, what it means, and what to do. */
type Entry = readonly [status: number, title: string, meaning: string, remedy: string];

/** Every problem the API answers with. Codes are stable; `/docs/problems/{code}` shows each. */
export const PROBLEMS = {
  invalid_json: [
    400,
    "The body is not valid JSON",
    "The body could not be read as JSON in UTF-8.",
    "Check that the whole body arrives, that it is encoded as UTF-8, and that no comma or quote is missing.",
  ],
  invalid_request: [
    400,
    "The request is not as documented",
    "A parameter of the address, a header, or the outer form of the body is not as documented: it is unknown, given twice, missing, or has a value that is not allowed.",
    "`detail` names what is wrong, and `errors` each parameter by `path`. Correct them and send again.",
  ],
  invalid_signature: [
    400,
    "The signature is not valid",
    "The header `Stripe-Signature` is not of this body, of this endpoint's secret, or not of the last five minutes.",
    "Set STRIPE_WEBHOOK_SECRET to the signing secret that Stripe shows for this endpoint. Stripe sends the event again.",
  ],
  invalid_cursor: [
    400,
    "The cursor is not one of ours",
    "`cursor` was not given out by this list, or was changed, or is of another question.",
    "Take it from `nextCursor` of the page before, with the same other parameters, or begin without one.",
  ],
  unsupported_timezone: [
    400,
    "Usage is not kept by that zone's hours",
    "Usage is kept by the hour of UTC. The zone's offset is not whole hours, so that its days would cut hours in two.",
    "Ask for another `timezone`, such as UTC, and convert the days.",
  ],
  unauthorized: [
    401,
    "No valid key",
    "The header `Authorization` has no key, or one that is not known, has expired or was revoked; a customer token may have expired.",
    "Send `Authorization: Bearer <key>`. Make a new key with POST /v1/api-keys, a new token with POST /v1/customers/{id}/tokens. A new key counts at once.",
  ],
  forbidden: [
    403,
    "The key has another scope",
    "The key is known and may not do this: its scope is another, or it is a customer token, which reads one customer's usage, alerts and invoices and nothing else.",
    "Use a key whose scope `detail` names.",
  ],
  not_found: [
    404,
    "There is no such thing",
    "Nothing is at this address: no route has it, or what its id names was never there, was deleted, or is not of this token's customer.",
    "Check the address and the id; ids are percent-encoded.",
  ],
  method_not_allowed: [
    405,
    "The method is not for this address",
    "The address is there, but does not take this method.",
    "The header `Allow` lists the methods that it takes.",
  ],
  conflict: [
    409,
    "It is not in a state for that",
    "What the request asks for does not go with the state of the thing, or its id stands for other content already.",
    "Read it, then decide: `detail` says what is in the way.",
  ],
  too_many_keys: [
    409,
    "No further keys are taken",
    "There are as many keys as may be that are not revoked.",
    "Revoke keys that are not used any more: GET /v1/api-keys tells when each was last used.",
  ],
  too_many_endpoints: [
    409,
    "No further webhook endpoints are taken",
    "There are as many webhook endpoints as may be, of this customer or in all.",
    "Delete one that is not used any more.",
  ],
  precondition_failed: [
    412,
    "It has changed since you read it",
    "`If-Match` names a version that is not the latest any more: somebody else has changed it.",
    "Read it again, make your change there, and send it with the new ETag.",
  ],
  body_too_large: [
    413,
    "The body is too large",
    "The body has more than 1 MiB.",
    "Send less at once: events can be sent in several calls.",
  ],
  too_many_events: [
    413,
    "Too many events in one call",
    "One call takes at most 1,000 events.",
    "Send them in several calls. None of these was counted.",
  ],
  unsupported_media_type: [
    415,
    "The content type is not one of ours",
    "The header `Content-Type` is missing or names a type that is not read here.",
    "Send application/json, or for events one of the types that `detail` lists.",
  ],
  invalid_content: [
    422,
    "The content is not valid",
    "The body is JSON, but not what is documented: members are missing, unknown, of the wrong type, or do not go together. Nothing was changed.",
    "`errors` has every fault with its `path`. Correct them and send again.",
  ],
  no_event_accepted: [
    422,
    "No event was accepted",
    "Every event of the call was rejected or in conflict; none was counted.",
    "`results` tells why, event by event, in the order sent, each with a code of its own.",
  ],
  rate_limited: [
    429,
    "Too many requests",
    "This key has sent more requests than its limit allows, or so many unknown keys come at once that no more are looked up for the moment.",
    "Wait as many seconds as `Retry-After` says, then send the same again. Send more events in each call.",
  ],
  internal_error: [
    500,
    "Something failed on our side",
    "Something happened that was not expected. The log has all of it, under the `requestId`.",
    "Send the same again, under the same ids: nothing is counted twice. If it stays, tell the operator the `requestId`.",
  ],
  misconfigured: [
    500,
    "The Worker's settings are missing or wrong",
    "A binding, a variable or a secret of the Worker is missing or not valid.",
    "The Worker's log names it. Set it and deploy again.",
  ],
  not_configured: [
    501,
    "What this needs is not configured",
    "This deployment lacks a secret without which this cannot be done.",
    "`detail` names the secret: set it with `npx wrangler secret put`.",
  ],
  stripe_refused: [
    502,
    "Stripe did not do it",
    "Stripe refused the request, or gave no answer. The ledger has what was tried.",
    "`detail` has Stripe's answer. Put right in Stripe what it objects to, then ask again.",
  ],
  store_unavailable: [
    503,
    "A store does not answer",
    "Redis or Postgres does not answer at the moment.",
    "Wait as many seconds as `Retry-After` says, then send the same again, under the same ids: nothing is counted twice.",
  ],
  no_catalog: [
    503,
    "No catalog is published yet",
    "Without a catalog no meter is known, so that nothing can be counted or priced.",
    "Publish one with PUT /v1/catalog, then send the same again.",
  ],
} as const satisfies Record<string, Entry>;

export type ProblemCode = keyof typeof PROBLEMS;

/** Why one event of a call was not counted: title, what it means, and what to do. */
export const EVENT_PROBLEMS: Record<
  RejectionCode,
  readonly [title: string, meaning: string, remedy: string]
> = {
  invalid_event: [
    "The event is not as documented",
    "A member of the event is missing, unknown, of the wrong type or out of its bounds.",
    "`detail` names it. Unknown members are refused, since a misspelt `id` would bill every retry.",
  ],
  unknown_metric: [
    "The catalog has no such meter",
    "`metricName` is the name of no meter of the published catalog.",
    "Check its spelling, or publish a catalog that has it, then send the event again under the same id.",
  ],
  unknown_customer: [
    "The customer is not known",
    "This deployment counts only for customers that were put, and this one was not, or was deleted.",
    "Put it with PUT /v1/customers/{id}, then send the event again under the same id.",
  ],
  value_out_of_range: [
    "The value is out of range",
    "The value is negative where the meter does not allow it, or larger than can be counted.",
    "Correct the value; larger ones can be split over several events.",
  ],
  too_precise: [
    "The value has too many decimals",
    "The value has more decimals than the meter's `scale`.",
    "Round it where it is measured: what is billed is not rounded here.",
  ],
  too_late: [
    "The event came too late",
    "Its timestamp lies further back than the late window of this deployment, 24 hours unless set otherwise.",
    "Correct usage of the past with POST /v1/customers/{id}/adjustments.",
  ],
  too_early: [
    "The event lies ahead",
    "Its timestamp is more than five minutes ahead of our clock.",
    "Set the sender's clock, or leave the timestamp out: then the time of receipt counts.",
  ],
  event_conflict: [
    "The id stands for another event",
    "An event of this id came before with other content, or was refused. It was not counted again.",
    "Give each event an id of its own; repeat an event only unchanged.",
  ],
  counter_overflow: [
    "The counter of this hour is full",
    "With this event the customer's counter of this hour would pass what can be counted exactly.",
    "Send what is left for another hour, or publish a meter of a coarser unit.",
  ],
  too_many_series: [
    "Too many series in one hour",
    "A customer has at most 1,000 different combinations of metric and dimension values in one hour.",
    "Use dimensions with fewer values: no request ids, no user ids.",
  ],
};
