import { readAnswer } from "./answer.ts";
import type { Attempt } from "./attempt.ts";

/** Where the meter is, and a key for it. */
export interface MeterAddress {
  url: string;
  key: string;
  /** The global one when absent. */
  fetch?: typeof fetch;
}

/** An address that was looked at. */
export interface CheckedAddress {
  /** Without a slash at its end. */
  base: string;
  authorization: string;
  fetch: typeof fetch;
}

/** What is posted: `size` results are expected. */
export interface Posted {
  type: string;
  body: string;
  size: number;
}

/** Checks where the meter is; throws a TypeError that does not name the key. */
export function meterAddress({ url, key, fetch: given }: MeterAddress): CheckedAddress {
  const parsed = parseUrl(url);
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.username || parsed.password) {
    throw new TypeError("the meter's url must be an http(s) address without a user or password");
  }
  if (!/^[\u0021-\u007e]+$/.test(key)) {
    throw new TypeError("the meter's key must be printable ASCII without spaces");
  }
  return {
    base: parsed.origin + parsed.pathname.replace(/\/+$/, ""),
    authorization: `Bearer ${key}`,
    // Called as a plain function: a global that is called as a method throws.
    fetch: given ?? ((input, init) => fetch(input, init)),
  };
}

function parseUrl(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}

/** Makes one attempt at `POST /v1/events`. */
export function postUsage(
  address: CheckedAddress,
  { type, body, size }: Posted,
  signal: AbortSignal,
): Promise<Attempt> {
  const init = { method: "POST", headers: { "content-type": type }, body, signal };
  return exchange(address, "/v1/events", init, (answer, status) =>
    status === 200 || status === 422 ? readAnswer(answer, size) : undefined,
  );
}

/** Makes one attempt at a call; `read` finds the answer in a body that is JSON, undefined where it is none. */
export async function exchange<Answer>(
  { base, authorization, fetch: send }: CheckedAddress,
  path: string,
  { headers, ...init }: Omit<RequestInit, "headers"> & { headers?: Record<string, string> },
  read: (body: unknown, status: number) => Answer | undefined,
): Promise<Attempt<Answer>> {
  const all = { ...init, headers: { ...headers, authorization }, redirect: "manual" as const };
  const response = await send(base + path, all);
  const text = await response.text();
  const answer = read(parseJson(text), response.status);
  if (answer !== undefined) {
    return { kind: "answered", answer };
  }
  const error = new Error(`the meter answered ${response.status}${told(text)}`);
  if (!response.ok && response.status < 500 && response.status !== 429) {
    return { kind: "refused", error };
  }
  // A 2xx that cannot be read may have counted: the same ids tell on the next attempt.
  const retryAfterMs = retryAfter(response.headers.get("retry-after"));
  return { kind: "unavailable", error, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/** The code and detail of a problem document, where there is one. */
function told(text: string): string {
  const problem = parseJson(text) as { code?: unknown; detail?: unknown } | null | undefined;
  return typeof problem?.code === "string" && typeof problem.detail === "string"
    ? `: ${problem.code}: ${problem.detail.slice(0, 300)}`
    : "";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Retry-After is a number of seconds or an HTTP date (RFC 9110, section 10.2.3). */
function retryAfter(header: string | null): number | undefined {
  if (header === null) {
    return undefined;
  }
  if (/^\d+$/.test(header)) {
    return Number(header) * 1000;
  }
  const dateMs = Date.parse(header);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - Date.now());
}
