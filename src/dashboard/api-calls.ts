import type { ExecutionContext } from "hono";
import { PROBLEMS, type ProblemCode } from "../http/problem-catalogue.ts";
import { ApiProblem, type InputFault } from "../http/problem.ts";

/** An answer other than success, as the API words it. */
export interface Problem {
  title: string;
  detail: string;
  code: string;
  errors: InputFault[];
}

export interface ApiAnswer {
  status: number;
  body: Record<string, unknown>;
  /** Undefined when it was done. */
  problem: Problem | undefined;
}

export type ApiCalls = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<ApiAnswer>;

/** An application that answers requests within the Worker. */
export type InnerApp = (request: Request, execution: ExecutionContext) => Response | Promise<Response>;

/**
 * Prepares calls of the API's own routes within the Worker, with the key of a session, so that what a form asks for is
 * validated, done, refused and audited as it is over HTTP.
 */
export function apiCalls(app: InnerApp, key: string, execution: ExecutionContext): ApiCalls {
  return async (method, path, body, headers = {}) => {
    const request = new Request(`http://dashboard${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const response = await app(request, execution);
    const text = await response.text();
    const document = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
    const isDone = response.ok || (path === "/readyz" && response.status === 503);
    return { status: response.status, body: document, problem: isDone ? undefined : problemOf(document) };
  };
}

function problemOf(document: Record<string, unknown>): Problem {
  const { title, detail, code, errors } = document as Partial<Problem>;
  return {
    title: title ?? "It was not done",
    detail: detail ?? "",
    code: code ?? "internal_error",
    errors: errors ?? [],
  };
}

/** A refusal as it is thrown, where there is no form to show it beside. */
export function apiProblem({ code, detail, errors }: Problem): ApiProblem {
  const known = (Object.keys(PROBLEMS) as ProblemCode[]).find((candidate) => candidate === code);
  const faults = errors.map(({ path, message }) => `${path} ${message}`.trim());
  return new ApiProblem(known ?? "internal_error", [detail, ...faults].join("; "));
}
