import { Stripe } from "stripe";
import type { Call } from "./call.ts";
import { resourceMissing } from "./errors.ts";
import { isInRange, pageOf, type ListPage } from "./listing.ts";
import type { StoredEvent } from "./store.ts";

/** An event as Stripe answers and sends it. */
export function eventView(event: Readonly<StoredEvent>) {
  return {
    id: event.id,
    object: "event",
    api_version: Stripe.API_VERSION,
    created: event.created,
    data: event.data,
    livemode: false,
    pending_webhooks: event.isDelivered ? 0 : 1,
    request: event.request,
    type: event.type,
  } as const;
}

export type EventView = ReturnType<typeof eventView>;

export function retrieveEvent(call: Call, _params: Stripe.EventRetrieveParams, id: string): EventView {
  const event = call.store.get("events", id);
  if (event === undefined) {
    throw resourceMissing("event", id, "id", 404);
  }
  return eventView(event);
}

export function listEvents(call: Call, params: Stripe.EventListParams): ListPage<EventView> {
  const types = params.type === undefined ? params.types : [params.type];
  const page = pageOf(
    call.store.list("events"),
    (event) =>
      (types === undefined || types.some((type) => isOfType(event.type, type))) &&
      (params.delivery_success === undefined || event.isDelivered === params.delivery_success) &&
      isInRange(event.created, params.created),
    params,
    { url: "/v1/events", noun: "event" },
  );
  return { ...page, data: page.data.map(eventView) };
}

function isOfType(type: string, asked: string): boolean {
  return asked.endsWith("*") ? type.startsWith(asked.slice(0, -1)) : type === asked;
}
