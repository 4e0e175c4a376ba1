import type { EventResult, UsageEvent } from "./event.ts";

/**
 * What became of one attempt: the meter's word on each event; refused as a whole, where the same request would be
 * refused again; or unavailable, where the events may or may not be counted and the same ids may be sent again.
 */
export type Attempt =
  | { kind: "answered"; results: EventResult[] }
  | { kind: "refused"; error: Error }
  | { kind: "unavailable"; error: Error; retryAfterMs?: number };

/** Carries events to the meter; one call is one attempt, and a thrown error counts as unavailable. */
export interface Transport {
  send: (events: UsageEvent[], signal: AbortSignal) => Promise<Attempt>;
}

/** The RPC side of the meter that a product's service binding gives (entrypoint `MeterEntrypoint`). */
export interface MeterBinding {
  record: (events: UsageEvent[]) => Promise<{ results: EventResult[] }>;
}

/** Sends over a service binding: no network between, no key. */
export function serviceBinding(binding: MeterBinding): Transport {
  return {
    async send(events) {
      const answer = await binding.record(events);
      return readResults(answer, events.length) ?? unreadable("the meter's RPC answer has no results");
    },
  };
}

/** Sends to `POST {url}/v1/events` under a bearer key with scope `ingest`; no error it gives names the key. */
export function httpTransport(options: { url: string; key: string; fetch?: typeof fetch }): Transport {
  const url = eventsUrl(options.url);
  if (!/^[\u0021-\u007e]+$/.test(options.key)) {
    throw new TypeError("the meter's key must be printable ASCII without spaces");
  }
  const send = options.fetch ?? fetch;
  return {
    async send(events, signal) {
      const response = await send(url, {
        method: "POST",
        headers: { authorization: `Bearer ${options.key}`, "content-type": "application/json" },
        body: JSON.stringify(events),
        redirect: "manual",
        signal,
      });
      return readAttempt(response, events.length);
    },
  };
}

function eventsUrl(base: string): string {
  const url = URL.parse(base);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    throw new TypeError("the meter's url must be an http(s) address without a user or password");
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}/v1/events`;
}

async function readAttempt(response: Response, count: number): Promise<Attempt> {
  const text = await response.text();
  const error = new Error(`the meter answered ${response.status}`);
  if (response.status >= 500 || response.status === 429) {
    const retryAfterMs = readRetryAfter(response.headers.get("retry-after"));
    return { kind: "unavailable", error, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
  if (response.ok || response.status === 422) {
    const answered = readResults(parseJson(text), count);
    if (answered !== undefined) {
      return answered;
    }
  }
  // A 2xx that cannot be read may have counted: the same ids tell on the next attempt.
  return response.ok ? unreadable("the meter's answer cannot be read") : { kind: "refused", error };
}

function readResults(answer: unknown, count: number): Attempt | undefined {
  if (typeof answer !== "object" || answer === null || !("results" in answer)) {
    return undefined;
  }
  const { results } = answer;
  return Array.isArray(results) && results.length === count
    ? { kind: "answered", results: results as EventResult[] }
    : undefined;
}

function unreadable(message: string): Attempt {
  return { kind: "unavailable", error: new Error(message) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Retry-After is a number of seconds or an HTTP date (RFC 9110, section 10.2.3). */
function readRetryAfter(header: string | null): number | undefined {
  if (header === null) {
    return undefined;
  }
  if (/^\d+$/.test(header)) {
    return Number(header) * 1000;
  }
  const dateMs = Date.parse(header);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - Date.now());
}
