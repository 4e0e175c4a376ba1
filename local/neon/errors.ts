import { DatabaseError } from "pg";
import type { EndpointReply } from "../endpoint.ts";

/** The fields of a Postgres error that Neon's client copies onto its own. */
const FIELDS = [
  "severity",
  "code",
  "detail",
  "hint",
  "position",
  "internalPosition",
  "internalQuery",
  "where",
  "schema",
  "table",
  "column",
  "dataType",
  "constraint",
  "file",
  "line",
  "routine",
] as const;

/** The server is going down, starting or out of room: what became of the statement is not known. */
const SERVER_AWAY = /^(?:57P0[1-4]|08\w{3}|53300)$/;

/** What is wrong with a request, as Neon tells its client. */
export class NeonRequestError extends Error {
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

/** An error of Postgres is status 400 with its fields; a server that cannot be reached is 503. */
export function errorReply(error: unknown): EndpointReply {
  if (error instanceof NeonRequestError) {
    return json(400, { message: error.message, code: error.code ?? null });
  }
  if (error instanceof DatabaseError && !SERVER_AWAY.test(error.code ?? "")) {
    const fields = Object.fromEntries(FIELDS.map((field) => [field, error[field] ?? null]));
    return json(400, { message: error.message, ...fields });
  }
  const message = error instanceof Error ? error.message : String(error);
  return json(503, { message: `Couldn't connect to compute node: ${message}`, code: null });
}

function json(status: number, body: unknown): EndpointReply {
  return { status, body: JSON.stringify(body) };
}
