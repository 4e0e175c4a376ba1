import type { EndpointRequest } from "../endpoint.ts";
import { NeonRequestError } from "./errors.ts";

export interface Statement {
  query: string;
  params: (string | null)[];
}

/** Either one statement, or a list to be run as one transaction. */
export interface SqlRequest {
  statements: Statement[];
  isBatch: boolean;
}

const ISOLATION_LEVELS: Record<string, string> = {
  ReadUncommitted: "read uncommitted",
  ReadCommitted: "read committed",
  RepeatableRead: "repeatable read",
  Serializable: "serializable",
};

/** Reads the body of `POST /sql`. */
export function parseRequest(body: Buffer): SqlRequest {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    throw new NeonRequestError("could not parse the HTTP request body: not JSON");
  }
  if (isObject(value) && Array.isArray(value["queries"])) {
    return { statements: value["queries"].map(parseStatement), isBatch: true };
  }
  return { statements: [parseStatement(value)], isBatch: false };
}

/** The statement that opens the transaction of a batch, from the request's headers. */
export function beginStatement(headers: EndpointRequest["headers"]): string {
  const words = ["begin"];
  const level = single(headers["neon-batch-isolation-level"]);
  if (level !== undefined) {
    const sql = ISOLATION_LEVELS[level];
    if (sql === undefined) {
      throw new NeonRequestError(`invalid isolation level: ${level}`);
    }
    words.push(`isolation level ${sql}`);
  }
  if (single(headers["neon-batch-read-only"]) === "true") {
    words.push("read only");
  }
  if (single(headers["neon-batch-deferrable"]) === "true") {
    words.push("deferrable");
  }
  return words.join(" ");
}

/** Fails unless the connection string names the same user, password and database as the server's own. */
export function checkConnectionString(headers: EndpointRequest["headers"], databaseUrl: URL): void {
  const given = single(headers["neon-connection-string"]);
  if (given === undefined || !URL.canParse(given)) {
    throw new NeonRequestError("invalid connection string in header Neon-Connection-String");
  }
  const url = new URL(given);
  if (url.username !== databaseUrl.username || url.password !== databaseUrl.password) {
    const user = decodeURIComponent(url.username);
    throw new NeonRequestError(`password authentication failed for user '${user}'`, "28P01");
  }
  if (url.pathname !== databaseUrl.pathname) {
    throw new NeonRequestError(
      `database "${decodeURIComponent(url.pathname.slice(1))}" does not exist`,
      "3D000",
    );
  }
}

function parseStatement(value: unknown): Statement {
  if (!isObject(value) || typeof value["query"] !== "string") {
    throw new NeonRequestError("could not parse the HTTP request body: missing field `query`");
  }
  const params = value["params"] ?? [];
  if (!Array.isArray(params)) {
    throw new NeonRequestError("could not parse the HTTP request body: `params` is no list");
  }
  return { query: value["query"], params: params.map(parseParam) };
}

function parseParam(param: unknown): string | null {
  if (param === null || typeof param === "string") {
    return param;
  }
  return typeof param === "object" ? JSON.stringify(param) : `${param as number | boolean}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
