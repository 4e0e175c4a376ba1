import { isCustomerType } from "../domain/notification-type.ts";
import type { ClaimedDelivery } from "../ledger/deliveries.ts";
import { emailContent } from "./email-content.ts";
import { emailHtml, emailText, type EmailMessage } from "./email-message.ts";

/** How an e-mail is sent. */
export interface EmailSender {
  /** Settles when it is accepted; what it throws may carry a `code`. */
  send: (message: EmailMessage) => Promise<unknown>;
  from: string;
}

export interface EmailDeps {
  /** Undefined where no e-mail is sent. */
  email: EmailSender | undefined;
  publicUrl: string | undefined;
  now: () => number;
  timeoutMs: number;
}

/** What became of an attempt. `failure` is undefined when the message was accepted. */
export interface EmailOutcome {
  attemptedMs: number;
  durationMs: number;
  failure: "timeout" | "unreachable" | "email_refused" | "no_address" | "email_not_configured" | undefined;
  /** The service's code, where it gave one. */
  response: string | null;
}

/** A code of the service's, such as E_SENDER_NOT_VERIFIED; its messages are not kept, they may hold addresses. */
const CODE = /^E_[A-Z_]{1,60}$/;

/** Writes to the customer that a delivery is for, once. Never throws: whatever fails is an outcome. */
export async function attemptEmail(deps: EmailDeps, delivery: ClaimedDelivery): Promise<EmailOutcome> {
  const attemptedMs = deps.now();
  const outcome = (failure: EmailOutcome["failure"], response: string | null = null): EmailOutcome => ({
    attemptedMs,
    durationMs: Math.max(0, deps.now() - attemptedMs),
    failure,
    response,
  });
  const { recipient, customerId, type } = delivery;
  if (deps.email === undefined) {
    return outcome("email_not_configured");
  }
  if (recipient === null || customerId === null || !isCustomerType(type)) {
    return outcome("no_address");
  }
  const content = emailContent({
    type,
    customerId,
    name: recipient.name,
    data: JSON.parse(delivery.data) as Record<string, unknown>,
    publicUrl: deps.publicUrl,
  });
  const message: EmailMessage = {
    to: recipient.address,
    from: deps.email.from,
    subject: content.subject,
    text: emailText(content),
    html: emailHtml(content),
    headers: { "X-Notification-Id": delivery.notificationId },
  };
  try {
    const isSent = await within(deps.timeoutMs, deps.email.send(message));
    return outcome(isSent ? undefined : "timeout");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    return CODE.test(code) ? outcome("email_refused", code) : outcome("unreachable");
  }
}

/** False when it has not settled in time. */
async function within(timeoutMs: number, call: Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([call.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
