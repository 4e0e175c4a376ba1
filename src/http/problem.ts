import type { Context } from "hono";

/** Every problem the API answers with: its status and title. Codes are stable. */
export const PROBLEMS = {
  invalid_json: [400, "The body is not valid JSON"],
  invalid_request: [400, "The request is not as documented"],
  invalid_signature: [400, "The signature is not valid"],
  invalid_cursor: [400, "The cursor is not one of ours"],
  unsupported_timezone: [400, "Usage is not kept by that zone's hours"],
  unauthorized: [401, "No valid key"],
  forbidden: [403, "The key has another scope"],
  not_found: [404, "There is no such thing"],
  method_not_allowed: [405, "The method is not for this address"],
  conflict: [409, "It is not in a state for that"],
  too_many_keys: [409, "No further keys are taken"],
  too_many_endpoints: [409, "No further webhook endpoints are taken"],
  precondition_failed: [412, "It has changed since you read it"],
  body_too_large: [413, "The body is too large"],
  too_many_events: [413, "Too many events in one call"],
  unsupported_media_type: [415, "The content type is not one of ours"],
  invalid_content: [422, "The content is not valid"],
  no_event_accepted: [422, "No event was accepted"],
  rate_limited: [429, "Too many requests"],
  internal_error: [500, "Something failed on our side"],
  misconfigured: [500, "The Worker's settings are missing or wrong"],
  not_configured: [501, "What this needs is not configured"],
  stripe_refused: [502, "Stripe did not do it"],
  store_unavailable: [503, "A store does not answer"],
  no_catalog: [503, "No catalog is published yet"],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One fault of an input and where it is. */
export interface InputFault {
  path: string;
  message: string;
}

/** Seconds after which a client may try again, by status. */
const RETRY_AFTER_SECONDS: Partial<Record<number, string>> = { 429: "1", 503: "5" };

/** An answer other than success, thrown anywhere below a route. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly code: ProblemCode;
  /** Further members of the document, e.g. `errors` or an answer's results. */
  readonly members: Record<string, unknown>;

  constructor(code: ProblemCode, detail: string, members: Record<string, unknown> = {}) {
    super(detail);
    this.code = code;
    this.members = members;
  }
}

/** Answers a problem document as RFC 9457 has it. */
export function problemResponse(context: Context, problem: ApiProblem): Response {
  const [status, title] = PROBLEMS[problem.code];
  const headers = new Headers({ "content-type": "application/problem+json" });
  const retryAfter = RETRY_AFTER_SECONDS[status];
  if (retryAfter !== undefined) {
    headers.set("retry-after", retryAfter);
  }
  if (status === 401) {
    headers.set("www-authenticate", "Bearer");
  }
  const document = {
    type: `/docs/problems/${problem.code}`,
    title,
    status,
    detail: problem.message,
    instance: context.req.path,
    code: problem.code,
    requestId: context.get("requestId"),
    ...problem.members,
  };
  return context.newResponse(JSON.stringify(document), { status, headers: Object.fromEntries(headers) });
}
