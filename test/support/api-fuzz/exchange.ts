import type { ApiDocument, ApiOperation } from "../api-document.ts";
import { DocumentJudge } from "../api-document.ts";
import { knownCustomer, type FuzzRequest, type Key } from "./request.ts";

/** What the Worker has answered to one request. */
export interface FuzzAnswer {
  status: number;
  type: string;
  text: string;
}

/** Most things of a kind that are kept to be asked for. */
const MAX_KNOWN = 50;

/** Sends requests to a running Worker and judges its answers by its document. */
export class ApiFuzz {
  readonly #url: string;
  readonly #keys: Record<Key, string | undefined>;
  readonly #judge: DocumentJudge;
  readonly #published: DocumentJudge;
  /** Ids that lists and creations have told, by the path that takes them. */
  readonly #known = new Map<string, string[]>();
  /** How often each call was answered with each status. */
  readonly seen = new Map<string, number>();

  constructor(url: string, keys: Record<Key, string | undefined>, document: ApiDocument) {
    this.#url = url;
    this.#keys = keys;
    this.#judge = new DocumentJudge(document);
    this.#published = new DocumentJudge(document, "as published");
  }

  /** Reads all lists, so that there is something to ask for. */
  async warm(operations: readonly ApiOperation[]): Promise<void> {
    for (const operation of operations) {
      if (operation.method === "get" && !operation.path.includes("{") && operation.path.startsWith("/v1/")) {
        await this.play({ operation, key: "admin", path: {}, query: [], headers: {}, body: undefined });
      }
    }
  }

  /** Sends one request; says what is wrong with its answer, undefined when nothing is. */
  async play(request: FuzzRequest): Promise<string | undefined> {
    const { operation, body } = request;
    const address = this.#address(request);
    const key = this.#keys[request.key];
    const response = await fetch(this.#url + address, {
      method: operation.method.toUpperCase(),
      headers: {
        ...request.headers,
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && body.type !== "" && { "content-type": body.type }),
      },
      redirect: "manual",
      // A text has a content type of its own, bytes have none.
      ...(body !== undefined && { body: new TextEncoder().encode(body.text) }),
    });
    const answer = {
      status: response.status,
      type: response.headers.get("content-type") ?? "",
      text: await response.text(),
    };
    const line = `${operation.operationId} ${answer.status}`;
    this.seen.set(line, (this.seen.get(line) ?? 0) + 1);
    this.#learn(operation, answer);
    const fault = this.#fault(request, answer);
    const sent = `${operation.method} ${address} as ${request.key} ${body?.type ?? ""} ${body?.text.slice(0, 1500) ?? ""}`;
    return fault && `${fault}\n${sent}\n${answer.status} ${answer.type} ${answer.text.slice(0, 1500)}`;
  }

  #address({ operation, path, query }: FuzzRequest): string {
    const filled = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const value = path[name] ?? 0;
      return encodeURIComponent(
        typeof value === "string" ? value : this.#knownId(operation.path, name, value),
      );
    });
    const search = new URLSearchParams(
      query.map(([name, value]): [string, string] => [name, value.toWellFormed()]),
    ).toString();
    return search === "" ? filled : `${filled}?${search}`;
  }

  #knownId(path: string, name: string, number: number): string {
    if (path.startsWith("/v1/customers/")) {
      return knownCustomer(number);
    }
    if (name === "version") {
      return String(1 + (number % 3));
    }
    const ids = this.#known.get(name === "ref" ? "ref" : collectionOf(path)) ?? [];
    return ids[number % ids.length] ?? "unknown";
  }

  #learn({ path }: ApiOperation, { status, text, type }: FuzzAnswer): void {
    if (status > 299 || !type.includes("json")) {
      return;
    }
    const body = JSON.parse(text) as { id?: unknown; data?: unknown; lines?: { ref: string }[] };
    const items = (Array.isArray(body.data) ? body.data : [body]) as (typeof body)[];
    this.#keep(
      collectionOf(path),
      items.flatMap(({ id }) => (typeof id === "string" ? [id] : [])),
    );
    this.#keep(
      "ref",
      items.flatMap(({ lines }) => lines?.map(({ ref }) => ref) ?? []),
    );
  }

  #keep(kind: string, ids: readonly string[]): void {
    const known = this.#known.get(kind) ?? [];
    this.#known.set(kind, [...new Set([...ids, ...known])].slice(0, MAX_KNOWN));
  }

  #fault(request: FuzzRequest, answer: FuzzAnswer): string | undefined {
    const { operation } = request;
    const documented = operation.responses[String(answer.status)];
    if (answer.status >= 500 && operation.operationId !== "getReadiness") {
      return "failed on our side";
    }
    if (documented === undefined) {
      return "an undocumented status";
    }
    return (
      this.#keyFault(request, answer) ??
      this.#bodyFault(operation, answer) ??
      this.#takenFault(request, answer)
    );
  }

  /** A key of another scope is refused, one of the right scope is not. */
  #keyFault({ operation, key }: FuzzRequest, { status }: FuzzAnswer): string | undefined {
    const scopes = operation.security.flatMap((scheme) => scheme["key"] ?? []);
    if (scopes.length === 0) {
      return undefined;
    }
    const isKnown = key !== "none" && key !== "garbage";
    const expected = isKnown ? (scopes.includes(key) ? undefined : 403) : 401;
    const isRefused = status === 401 || status === 403;
    return (isRefused ? status : undefined) === expected
      ? undefined
      : `the key ${key} is not judged as documented`;
  }

  #bodyFault({ responses }: ApiOperation, { status, type, text }: FuzzAnswer): string | undefined {
    const content = responses[String(status)]?.content;
    if (content === undefined) {
      return text === "" ? undefined : "a body where none is documented";
    }
    const media = content[type.split(";")[0] ?? ""];
    if (media === undefined) {
      return "an undocumented content type";
    }
    const value: unknown = type.includes("json") ? JSON.parse(text) : text;
    const fault = this.#judge.fault(media.schema, value);
    if (fault !== undefined) {
      return `a body that does not match the document: ${fault}`;
    }
    if (!type.startsWith("application/problem+json")) {
      return undefined;
    }
    const { code, status: told } = value as { code: string; status: number };
    const { examples = {} } = media as { examples?: Record<string, unknown> };
    return told === status && Object.hasOwn(examples, code)
      ? undefined
      : "a problem that is not documented here";
  }

  /** What the published schema refuses is not taken. Events are answered one by one. */
  #takenFault({ operation, body }: FuzzRequest, { status }: FuzzAnswer): string | undefined {
    const schema = operation.requestBody?.content["application/json"]?.schema;
    if (
      status > 299 ||
      schema === undefined ||
      body === undefined ||
      operation.operationId === "recordEvents"
    ) {
      return undefined;
    }
    if (body.text === "" && operation.requestBody?.required !== true) {
      return undefined;
    }
    const fault = this.#published.fault(schema, body.json);
    return fault && `a body was taken that the document refuses: ${fault}`;
  }
}

/** `/v1/invoices` of `/v1/invoices/{id}/export`. */
function collectionOf(path: string): string {
  return path.split("/").slice(0, 3).join("/");
}
