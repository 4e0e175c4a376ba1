import { timingSafeEqual } from "node:crypto";
import type { EndpointReply, EndpointRequest } from "../endpoint.ts";
import { newId, type Call } from "./call.ts";
import { StripeFailure } from "./errors.ts";
import { decodeForm, plainFields, type FormFields } from "./form.ts";
import { IdempotencyKeys, type KeyedRequest } from "./idempotency.ts";
import { findOperation, type Operation } from "./operations.ts";
import type { Store, StoredReply } from "./store.ts";

/** One request as it came; `status` is 0 until it is answered. */
export interface LoggedRequest {
  method: string;
  path: string;
  params: Record<string, unknown>;
  idempotencyKey: string | null;
  status: number;
  isReplayed: boolean;
}

/** An inner error of Stripe's: answered with 500 and remembered under the request's idempotency key. */
export interface StoredError {
  /** Only requests whose `METHOD /path` contains this. */
  match?: string;
  /** Whether the request takes effect nevertheless; false when absent. */
  isApplied?: boolean;
  /** Requests that fail; 1 when absent. */
  times?: number;
}

const MAX_LOGGED_REQUESTS = 10_000;

/** Serves API requests one after the other, each as one transaction with its idempotency record. */
export class Executor {
  readonly requests: LoggedRequest[] = [];
  readonly keys: IdempotencyKeys;
  readonly #key: string;
  readonly #store: Store;
  readonly #now: () => number;
  readonly #onCommit: () => void;
  #storedErrors: { error: StoredError; times: number }[] = [];
  #gate: { opened: Promise<void>; open: () => void } | undefined;

  constructor(options: { key: string; store: Store; now: () => number; onCommit: () => void }) {
    this.#key = options.key;
    this.#store = options.store;
    this.#now = options.now;
    this.#onCommit = options.onCommit;
    this.keys = new IdempotencyKeys(options.store, options.now);
  }

  failWithStoredError(error: StoredError): void {
    this.#storedErrors.push({ error, times: error.times ?? 1 });
  }

  /** Takes back what {@link failWithStoredError} has asked for and no request has met: replayed ones do not. */
  forgetStoredErrors(): void {
    this.#storedErrors = [];
  }

  /** All objects, their events and the replies to keys are gone, as in a new account. */
  forgetEverything(): void {
    this.forgetStoredErrors();
    this.#store.clear();
  }

  /** Keeps requests, their idempotency keys taken, from going on until {@link resume}. */
  pause(): void {
    if (this.#gate === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#gate = { opened: promise, open: resolve };
    }
  }

  resume(): void {
    this.#gate?.open();
    this.#gate = undefined;
  }

  /** Runs a change that no API request asks for, as one transaction. */
  apply<T>(change: (call: Call) => T): T {
    try {
      const result = change(this.#call({ id: null, idempotency_key: null }));
      this.#store.commit();
      this.#onCommit();
      return result;
    } catch (error) {
      this.#store.rollback();
      throw error;
    }
  }

  async execute(request: EndpointRequest): Promise<EndpointReply> {
    const requestId = newId("req");
    try {
      return await this.#answer(request, requestId);
    } catch (error) {
      if (error instanceof StripeFailure) {
        return reply(error.status, JSON.stringify({ error: error.error }), requestId);
      }
      throw error;
    }
  }

  async #answer(request: EndpointRequest, requestId: string): Promise<EndpointReply> {
    const { method, url } = request;
    this.#authorize(request.headers.authorization);
    const found = findOperation(method, url.pathname);
    if (found === undefined) {
      throw unrecognized(method, url.pathname);
    }
    const fields = decodeForm([url.search.slice(1), request.body.toString("utf8")].filter(Boolean).join("&"));
    const params = plainFields(fields);
    const header = request.headers["idempotency-key"];
    const key = method === "POST" && typeof header === "string" && header !== "" ? header : null;
    const logged = this.#log({ method, path: url.pathname, params, idempotencyKey: key });
    const keyed =
      key === null
        ? undefined
        : { key, endpoint: `${method} ${url.pathname}`, parameters: JSON.stringify(params) };
    const answered = await this.#answerOnce({ ...found, fields, keyed, requestId, logged });
    logged.status = answered.status;
    return answered;
  }

  async #answerOnce(run: Run): Promise<EndpointReply> {
    const { keyed, requestId } = run;
    if (keyed === undefined) {
      await this.#gate?.opened;
      return this.#run(run);
    }
    const remembered = this.keys.begin(keyed);
    if (remembered !== undefined) {
      run.logged.isReplayed = true;
      return replay(remembered, requestId);
    }
    try {
      await this.#gate?.opened;
      const answered = this.#run(run);
      return { ...answered, headers: { ...answered.headers, "idempotency-key": keyed.key } };
    } finally {
      this.keys.end(keyed.key);
    }
  }

  /** From here to its end a request is never interrupted by another. */
  #run({ operation, ids, fields, keyed, requestId, logged }: Run): EndpointReply {
    const execute = operation.prepare(fields);
    const call = this.#call({ id: requestId, idempotency_key: keyed?.key ?? null });
    const storedError = this.#takeStoredError(`${logged.method} ${logged.path}`);
    let status = 200;
    let body: string;
    try {
      const answer = storedError?.isApplied === false ? {} : execute(call, ids);
      body = JSON.stringify(answer, null, 2);
    } catch (error) {
      const isKept = error instanceof StripeFailure && error.stage === "applied";
      if (!isKept) {
        this.#store.rollback();
      }
      if (!(error instanceof StripeFailure) || error.stage === "refused") {
        throw error;
      }
      status = error.status;
      body = JSON.stringify({ error: error.error }, null, 2);
    }
    if (storedError !== undefined) {
      status = 500;
      body = JSON.stringify({ error: { type: "api_error", message: "An unknown error occurred" } });
    }
    if (keyed !== undefined) {
      this.keys.remember(keyed, { status, body, requestId });
    }
    this.#store.commit();
    this.#onCommit();
    return reply(status, body, requestId);
  }

  #call(request: Call["request"]): Call {
    return { store: this.#store, nowSeconds: Math.floor(this.#now() / 1000), request };
  }

  #authorize(header: string | undefined): void {
    const given = header?.startsWith("Bearer ") === true ? header.slice("Bearer ".length) : basicUser(header);
    if (given === undefined) {
      throw unauthorized(
        "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
      );
    }
    const [left, right] = [Buffer.from(given), Buffer.from(this.#key)];
    if (left.length !== right.length || !timingSafeEqual(left, right)) {
      throw unauthorized(`Invalid API Key provided: ${given.slice(0, 8)}****`);
    }
  }

  #log(request: Omit<LoggedRequest, "status" | "isReplayed">): LoggedRequest {
    const logged = { ...request, status: 0, isReplayed: false };
    if (this.requests.length >= MAX_LOGGED_REQUESTS) {
      this.requests.shift();
    }
    this.requests.push(logged);
    return logged;
  }

  #takeStoredError(subject: string): { isApplied: boolean } | undefined {
    const entry = this.#storedErrors.find(
      ({ error, times }) => times > 0 && subject.includes(error.match ?? ""),
    );
    if (entry === undefined) {
      return undefined;
    }
    entry.times -= 1;
    return { isApplied: entry.error.isApplied ?? false };
  }
}

interface Run {
  operation: Operation;
  ids: string[];
  fields: FormFields;
  keyed: KeyedRequest | undefined;
  requestId: string;
  logged: LoggedRequest;
}

function reply(status: number, body: string, requestId: string): EndpointReply {
  return { status, headers: { "request-id": requestId }, body };
}

function replay(remembered: StoredReply, requestId: string): EndpointReply {
  return {
    status: remembered.status,
    headers: {
      "request-id": requestId,
      "original-request": remembered.requestId,
      "idempotency-key": remembered.id,
      "idempotent-replayed": "true",
    },
    body: remembered.body,
  };
}

function basicUser(header: string | undefined): string | undefined {
  if (header?.startsWith("Basic ") !== true) {
    return undefined;
  }
  return Buffer.from(header.slice("Basic ".length), "base64").toString("utf8").split(":")[0];
}

function unauthorized(message: string): StripeFailure {
  return new StripeFailure(401, { type: "invalid_request_error", message }, "refused");
}

function unrecognized(method: string, path: string): StripeFailure {
  const message = `Unrecognized request URL (${method}: ${path}). If you are trying to list objects, remove the trailing slash. If you are trying to retrieve an object, make sure you passed a valid (non-empty) identifier in your code.`;
  return new StripeFailure(404, { type: "invalid_request_error", message }, "refused");
}
