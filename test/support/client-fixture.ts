import { MeterClient, type ClientOptions } from "../../src/edge/client.ts";
import { answerOf, START_MS } from "./edge-meter.ts";

/** What the meter answers to one request: that it counted it all, or as a test decides. */
export type Reply = "records" | "throws" | "hangs" | (() => Response);

/** One request, as the meter saw it. */
export interface SeenRequest {
  /** Since {@link START_MS}. */
  atMs: number;
  method: string;
  /** With the query. */
  path: string;
  headers: Record<string, string>;
  body: string;
  signal: AbortSignal | null | undefined;
}

export const KEY = "em_key_that_nobody_may_see";

/** A client, and what the meter saw of it; the replies are played in order, and what comes after them is recorded. */
export class ClientFixture {
  readonly client: MeterClient;
  readonly seen: SeenRequest[] = [];

  constructor(replies: readonly Reply[] = [], options: Partial<ClientOptions> = {}) {
    let ids = 0;
    this.client = new MeterClient({
      url: "https://meter.example.com/base/",
      key: KEY,
      fetch: async (input, init = {}) => {
        const reply = replies[this.seen.length] ?? "records";
        const { pathname, search } = new URL(addressOf(input));
        const body = textOf(init.body);
        this.seen.push({
          atMs: Date.now() - START_MS,
          method: init.method ?? "GET",
          path: pathname + search,
          headers: init.headers as Record<string, string>,
          body,
          signal: init.signal,
        });
        return play(reply, body);
      },
      random: () => 0.5,
      randomId: () => `id-${(ids += 1)}`,
      ...options,
    });
  }

  get times(): number[] {
    return this.seen.map(({ atMs }) => atMs);
  }

  /** The events of each request. */
  get events(): Record<string, unknown>[][] {
    return this.seen.map(({ body }) => JSON.parse(body) as Record<string, unknown>[]);
  }
}

/** Where a call goes; our own code gives it as a text. */
export function addressOf(input: Parameters<typeof fetch>[0]): string {
  if (typeof input !== "string") {
    throw new TypeError("the address is no text");
  }
  return input;
}

/** What a call sends; our own code gives it as a text. */
export function textOf(body: RequestInit["body"]): string {
  if (body !== undefined && typeof body !== "string") {
    throw new TypeError("the body is no text");
  }
  return body ?? "";
}

function play(reply: Reply, body: string): Response | Promise<Response> {
  switch (reply) {
    case "records":
      return Response.json(recorded(body));
    case "throws":
      throw new TypeError("fetch failed");
    case "hangs":
      return new Promise(() => undefined);
    default:
      return reply();
  }
}

function recorded(body: string) {
  const sent = JSON.parse(body) as unknown[] | { usage: unknown[] };
  const items = Array.isArray(sent) ? sent : sent.usage;
  return answerOf(items.map(() => ({ status: "recorded" as const })));
}

/** A reply of this status, with what a problem document has. */
export function problem(status: number, code: string, headers: Record<string, string> = {}): Reply {
  return () => Response.json({ code, detail: `detail of ${code}` }, { status, headers });
}
