import type { NeonQueryFunction } from "@neondatabase/serverless";

/** Longest wait for one answer, unless the caller has less time. */
const TIMEOUT_MS = 20_000;
/** Longest wait on the path of an event: a database that sleeps wakes in less, and our answer comes before a client gives up. */
export const EVENT_PATH_TIMEOUT_MS = 3_000;

/** Every column stays the text that Postgres printed. */
const AS_TEXT = { getTypeParser: () => (text: string) => text };

/** SQLSTATEs of a server that cannot work now: connection, resources, shutting down, read only. */
const AWAY = /^(08|53|57|25006)/;

/** SQLSTATEs that a row brings about: data, constraints, program limits. */
const OF_THE_DATA = /^(22|23|54)/;

/** Parameters as Postgres reads them; times are epoch ms and cast in the statement. */
export type Parameter = string | number | bigint | null;

export interface Statement {
  text: string;
  params: Parameter[];
}

/** A row as text: column name → text, or null. */
export type Row = Record<string, string | null>;

/** Postgres answered with an error; nothing of the call was applied. */
export class LedgerError extends Error {
  override readonly name = "LedgerError";
  /** SQLSTATE. */
  readonly code: string;

  /** The constraint that was violated, if one was. */
  readonly constraint: string | undefined;

  constructor(code: string, constraint: string | undefined, options: ErrorOptions) {
    super(`Postgres: ${code}`, options);
    this.code = code;
    this.constraint = constraint;
  }
}

/** Whether Postgres refused what it was given, or holds, of some row: the same call without that row may pass. */
export function isOfTheData(error: unknown): error is LedgerError {
  return error instanceof LedgerError && OF_THE_DATA.test(error.code);
}

/** Postgres could not be asked, or its answer was lost: the call may have been applied. */
export class LedgerUnreachable extends Error {
  override readonly name = "LedgerUnreachable";
  /** True when the answer did not come in time. */
  readonly isTimeout: boolean;

  constructor(message: string, cause: unknown) {
    super(message, { cause });
    const source = cause instanceof Error && "sourceError" in cause ? cause.sourceError : cause;
    this.isTimeout = source instanceof Error && source.name === "TimeoutError";
  }
}

/** Postgres over HTTP. Each call is one request, sent once. */
export interface Database {
  /** Waits no longer than `timeoutMs` where it is given. */
  query: (text: string, params: Parameter[], timeoutMs?: number) => Promise<Row[]>;
  /** Runs the statements in one READ COMMITTED transaction; any error rolls all of them back. */
  transaction: (statements: Statement[]) => Promise<Row[][]>;
}

/**
 * Prepares access to a Neon database; its driver is loaded with the first call, so that counting starts without it.
 *
 * `fetchEndpoint` is for a local endpoint that speaks Neon's protocol.
 */
export function createDatabase(url: string, fetchEndpoint?: string): Database {
  let loaded: NeonQueryFunction<false, false> | undefined;
  const load = async (): Promise<NeonQueryFunction<false, false>> => {
    loaded ??= await connect(url, fetchEndpoint);
    return loaded;
  };
  return {
    query: async (text, params, timeoutMs) => {
      const sql = await load();
      return answered(sql.query(text, params.map(toText), callOptions(timeoutMs)));
    },
    transaction: async (statements) => {
      const sql = await load();
      const queries = statements.map(({ text, params }) =>
        sql.query(text, params.map(toText), { types: AS_TEXT }),
      );
      return answered(sql.transaction(queries, { isolationLevel: "ReadCommitted", ...callOptions() }));
    },
  };
}

/** Given with each call: the driver forgets what it was connected with as soon as a call has options of its own. */
function callOptions(timeoutMs = TIMEOUT_MS): {
  types: typeof AS_TEXT;
  fetchOptions: { signal: AbortSignal };
} {
  return { types: AS_TEXT, fetchOptions: { signal: AbortSignal.timeout(timeoutMs) } };
}

async function connect(url: string, fetchEndpoint?: string): Promise<NeonQueryFunction<false, false>> {
  const { neon, neonConfig } = await import("@neondatabase/serverless");
  if (fetchEndpoint !== undefined) {
    neonConfig.fetchEndpoint = fetchEndpoint;
  }
  return neon(url);
}

function toText(value: Parameter): string | null {
  return value === null ? null : String(value);
}

async function answered<Rows>(call: Promise<unknown>): Promise<Rows> {
  try {
    return (await call) as Rows;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && !AWAY.test(code)) {
      const constraint = error instanceof Error && "constraint" in error ? error.constraint : undefined;
      throw new LedgerError(code, typeof constraint === "string" ? constraint : undefined, { cause: error });
    }
    throw new LedgerUnreachable("Postgres: no answer", error);
  }
}
