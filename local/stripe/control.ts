import type { EndpointReply, EndpointRequest } from "../endpoint.ts";
import { StripeFailure } from "./errors.ts";
import type { Executor, StoredError } from "./executor.ts";
import { completePayment, failPayment } from "./invoice-status.ts";
import type { Webhooks } from "./webhooks.ts";

interface ControlBody extends StoredError {
  url?: string;
  event?: string;
  invoice?: string;
}

/** What tests and the demo do to this Stripe besides the API; see the README beside this file. */
export async function control(
  request: EndpointRequest,
  executor: Executor,
  webhooks: Webhooks,
): Promise<EndpointReply | undefined> {
  try {
    const text = request.body.toString("utf8");
    const body = (text === "" ? {} : JSON.parse(text)) as ControlBody;
    const answer = await obey(`${request.method} ${request.url.pathname}`, body, executor, webhooks);
    return answer && { status: 200, body: JSON.stringify(answer) };
  } catch (error) {
    if (error instanceof StripeFailure) {
      return { status: error.status, body: JSON.stringify({ error: error.error }) };
    }
    throw error;
  }
}

async function obey(
  subject: string,
  body: ControlBody,
  executor: Executor,
  webhooks: Webhooks,
): Promise<object | undefined> {
  switch (subject) {
    case "POST /_control/webhook-url":
      webhooks.target = body.url;
      webhooks.kick();
      return {};
    case "POST /_control/webhooks/deliver":
      return webhooks.deliver(body.event);
    case "POST /_control/pay":
      return executor.apply((call) => completePayment(call, body.invoice ?? "", { isAttempt: true }));
    case "POST /_control/fail-payment":
      return executor.apply((call) => failPayment(call, body.invoice ?? ""));
    case "POST /_control/forget-idempotency-keys":
      executor.keys.forgetAll();
      return {};
    case "POST /_control/store-error":
      executor.failWithStoredError(body);
      return {};
    case "POST /_control/forget-store-errors":
      executor.forgetStoredErrors();
      return {};
    case "POST /_control/forget-everything":
      executor.forgetEverything();
      return {};
    case "POST /_control/pause":
      executor.pause();
      return {};
    case "POST /_control/resume":
      executor.resume();
      return {};
    case "GET /_control/requests":
      return executor.requests;
    default:
      return undefined;
  }
}
