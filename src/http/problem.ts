import type { Context } from "hono";
import { PROBLEMS, type ProblemCode } from "./problem-catalogue.ts";

/** One fault of an input and where it is. */
export interface InputFault {
  path: string;
  message: string;
}

/** Seconds after which a client may try again, by status. */
const RETRY_AFTER_SECONDS: Partial<Record<number, number>> = { 429: 1, 503: 5 };

/** An answer other than success, thrown anywhere below a route. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly code: ProblemCode;
  /** Further members of the document, e.g. `errors` or an answer's results. */
  readonly members: Record<string, unknown>;
  /** Seconds after which to try again, where the code's own do not fit. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ProblemCode,
    detail: string,
    members: Record<string, unknown> = {},
    retryAfterSeconds?: number,
  ) {
    super(detail);
    this.code = code;
    this.members = members;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Answers a problem document as RFC 9457 has it. */
export function problemResponse(context: Context, problem: ApiProblem): Response {
  const [status, title] = PROBLEMS[problem.code];
  const headers = new Headers({ "content-type": "application/problem+json" });
  const retryAfter = problem.retryAfterSeconds ?? RETRY_AFTER_SECONDS[status];
  if (retryAfter !== undefined) {
    headers.set("retry-after", String(retryAfter));
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
