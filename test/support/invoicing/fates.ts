import { LedgerUnreachable, type Database } from "../../../src/ledger/database.ts";

/** What becomes of one call to a store. `late`: the caller gives up, and it is served afterwards. */
export const FATES = [
  "through",
  "killed before it",
  "killed after it",
  "lost before it",
  "lost after it",
  "served late",
  "409",
  "429",
  "500 kept, not done",
  "500 kept, done",
] as const;
export type Fate = (typeof FATES)[number];

/** One call of a run: its store, and what is asked of it. */
export interface StoreCall {
  store: "stripe" | "ledger";
  /** `POST /v1/invoices/:id/finalize`, or the statement's first word. */
  name: string;
}

export type FateOf = (call: StoreCall) => Fate;

/** Every call goes through. */
export const UNDISTURBED: FateOf = () => "through";

/** The `skip`th call of a name has a fate, all others go through. */
export function onCall(name: string, fate: Fate, skip = 0): FateOf {
  let left = skip;
  let isOver = false;
  return (call) => {
    if (isOver || call.name !== name) {
      return "through";
    }
    left -= 1;
    isOver = left < 0;
    return isOver ? fate : "through";
  };
}

/** The `index`th call of all has a fate; `wasReached` tells whether there were so many. */
export function atCall(index: number, fate: Fate): { fateOf: FateOf; wasReached: () => boolean } {
  let calls = 0;
  return {
    fateOf: () => {
      calls += 1;
      return calls - 1 === index ? fate : "through";
    },
    wasReached: () => calls > index,
  };
}

/** What carries calls out by their fates. */
export interface Carrier {
  /** Makes a call; `lose` is what the caller is told when there is no answer. */
  carry: <T>(call: StoreCall, make: (fate: Fate) => Promise<T>, lose: () => Error) => Promise<T>;
}

/** A ledger of which each call has a fate; what fails otherwise than Stripe does is lost. */
export function fatedDatabase(database: Database, carrier: Carrier): Database {
  const lose = (): Error => new LedgerUnreachable("Postgres: no answer", undefined);
  const nameOf = (text: string): string => /\w+/.exec(text)?.[0] ?? "";
  return {
    query: (text, params, timeoutMs) =>
      carrier.carry(
        { store: "ledger", name: nameOf(text) },
        () => database.query(text, params, timeoutMs),
        lose,
      ),
    transaction: (statements) =>
      carrier.carry(
        { store: "ledger", name: nameOf(statements[0]?.text ?? "") },
        () => database.transaction(statements),
        lose,
      ),
  };
}

const ERRORS: Partial<Record<Fate, { status: number; code: string }>> = {
  "409": { status: 409, code: "lock_timeout" },
  "429": { status: 429, code: "rate_limit" },
};

/** What has Stripe keep an error as its answer to a request's key. */
export interface KeptErrors {
  keep: (match: string, isApplied: boolean) => Promise<void>;
  forget: () => Promise<void>;
}

/** A fetch of Stripe of which each call has a fate. */
export function fatedFetch(
  carrier: Carrier,
  errors: KeptErrors,
  onAnswer: (request: string, status: number, body: string) => void,
): typeof fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const { pathname } = new URL(url);
    const subject = `${init?.method ?? "GET"} ${pathname}`;
    const name = subject.replace(/\/(in|cus|il|ii)_[^/]+/g, "/:id");
    const make = async (fate: Fate): Promise<Response> => {
      const refusal = ERRORS[fate];
      if (refusal !== undefined) {
        const error = { type: "invalid_request_error", code: refusal.code, message: "told to" };
        return Response.json({ error }, { status: refusal.status });
      }
      if (fate.startsWith("500")) {
        await errors.keep(subject, fate === "500 kept, done");
      }
      const response = await fetch(url, init);
      if (fate.startsWith("500")) {
        // A replayed answer has not met it: it must not wait for another request.
        await errors.forget();
      }
      // Read whole, so that nothing is left to be waited for when the turn is over.
      const body = await response.text();
      onAnswer(subject, response.status, body);
      return new Response(body, { status: response.status, headers: response.headers });
    };
    return carrier.carry({ store: "stripe", name }, make, () => new TypeError("fetch failed"));
  };
}
