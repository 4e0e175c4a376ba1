import { API_CALLS, type ApiCalls } from "./api.ts";
import { attemptOnce } from "./attempt.ts";
import type { Calls, Outcome } from "./calls.ts";
import { exchange } from "./http-call.ts";

type Name = keyof ApiCalls;

/**
 * All calls of the API beside events, by their names in its document.
 *
 * A call takes its path's and query's members, `ifMatch`, and the body as `body`. GET and PUT are repeated with backoff; what
 * may not be done twice is tried once. What fails throws a {@link MeterError}.
 */
export type Api = {
  readonly [Call in Name]: (
    ...input: object extends ApiCalls[Call]["input"]
      ? [input?: ApiCalls[Call]["input"]]
      : [input: ApiCalls[Call]["input"]]
  ) => Promise<ApiCalls[Call]["answer"]>;
};

type Value = string | number | undefined;
interface Members {
  [name: string]: Value | Record<string, string>;
}
interface Input {
  body?: unknown;
  ifMatch?: string;
}

/** Makes the calls over an address and a key. */
export function apiOf(calls: Calls): Api {
  const made = Object.entries(API_CALLS).map(([name, call]) => [
    name,
    (input: Input & Members = {}) => perform(calls, call, input),
  ]);
  return Object.fromEntries(made) as Api;
}

async function perform(
  calls: Calls,
  call: string,
  { body, ifMatch, ...rest }: Input & Members,
): Promise<unknown> {
  const [method = "", template = ""] = call.split(" ");
  const headers = {
    ...(body !== undefined && { "content-type": "application/json" }),
    ...(ifMatch !== undefined && { "if-match": ifMatch }),
  };
  const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const path = pathOf(template, rest);
  const send = (signal: AbortSignal): ReturnType<typeof exchange<{ value: unknown }>> =>
    exchange(calls.address, path, { ...init, signal }, (value, status) =>
      status >= 200 && status <= 299 ? { value } : undefined,
    );
  const isRepeatable = method === "GET" || method === "PUT";
  const outcome: Outcome<{ value: unknown }> = isRepeatable
    ? await calls.repeat(send)
    : await once(calls, send);
  if (outcome.kind !== "answered") {
    throw calls.failure(outcome);
  }
  return outcome.answer.value;
}

async function once(
  calls: Calls,
  send: Parameters<typeof attemptOnce<{ value: unknown }>>[0],
): Promise<Outcome<{ value: unknown }>> {
  const attempt = await attemptOnce(send, calls.attemptTimeoutMs);
  return { ...attempt, maybeApplied: attempt.kind === "unavailable" };
}

/** Fills the path's names; what is left of the input is the query, a record of it as `name[key]=value`. */
function pathOf(template: string, input: Members): string {
  const left = new Map(Object.entries(input));
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = left.get(name);
    left.delete(name);
    return encodeURIComponent(value as string | number);
  });
  const query = new URLSearchParams();
  for (const [name, value] of left) {
    if (typeof value === "object") {
      for (const [key, held] of Object.entries(value)) {
        query.append(`${name}[${key}]`, held);
      }
    } else if (value !== undefined) {
      query.append(name, String(value));
    }
  }
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}
