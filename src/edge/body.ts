import type { LaterQuantity } from "./metering.ts";
import type { Quantity } from "./quantity.ts";
import { countBody, type SentBody } from "./sent-body.ts";

export type { SentBody } from "./sent-body.ts";

/** Hono's context, or a call of `withMeter`: what tells the method. */
type Call = { req?: { method: string } } | { request?: { method: string } };

/**
 * A `value` that is known when the body has ended, or its client has gone: `value: ofSentBody(({ bytes }) => bytes)`.
 *
 * The body is read through JavaScript while it is sent.
 */
export function ofSentBody(
  quantity: (sent: SentBody) => Quantity,
): (call: Call, response: Response) => LaterQuantity {
  return (call, response) => {
    const { req, request } = call as { req?: { method: string }; request?: { method: string } };
    const counted = countBody(response, (req ?? request)?.method ?? "GET");
    return { response: counted.response, quantity: counted.ended.then(quantity) };
  };
}
