import { DatabaseError, Pool, type CustomTypesConfig, type PoolClient } from "pg";
import { startEndpoint, type Endpoint, type EndpointReply, type EndpointRequest } from "../endpoint.ts";
import { errorReply } from "./errors.ts";
import { beginStatement, checkConnectionString, parseRequest, type Statement } from "./request.ts";

const MAX_CONNECTIONS = 20;
const SUBJECT_LETTERS = 80;

/** Every value stays the text that Postgres wrote. */
const TEXT = { getTypeParser: () => (value: string) => value } as unknown as CustomTypesConfig;

/**
 * Starts an endpoint that answers `POST /sql` as Neon does over HTTP, on a plain Postgres.
 *
 * Subject of a request for faults: `POST /sql ` and the start of each statement, white space squeezed.
 */
export async function startLocalNeon(options: { databaseUrl: string; port?: number }): Promise<Endpoint> {
  const databaseUrl = new URL(options.databaseUrl);
  const pool = new Pool({
    connectionString: options.databaseUrl,
    max: MAX_CONNECTIONS,
    allowExitOnIdle: true,
    types: TEXT,
  });
  // An idle connection that the server ends is left out of the pool; the next request opens another.
  pool.on("error", () => undefined);
  const endpoint = await startEndpoint({
    subject,
    serve: (request) => serve(request, pool, databaseUrl),
    ...(options.port !== undefined && { port: options.port }),
  });
  const stop = async (): Promise<void> => {
    await endpoint.stop();
    await pool.end();
  };
  return { ...endpoint, stop };
}

async function serve(request: EndpointRequest, pool: Pool, databaseUrl: URL): Promise<EndpointReply> {
  if (request.method !== "POST" || request.url.pathname !== "/sql") {
    return { status: 404, body: JSON.stringify({ message: "not found" }) };
  }
  try {
    checkConnectionString(request.headers, databaseUrl);
    const { statements, isBatch } = parseRequest(request.body);
    const isArray = request.headers["neon-array-mode"] === "true";
    const answer = await withClient(pool, async (client) => {
      if (isBatch) {
        const begin = beginStatement(request.headers);
        return { results: await runTransaction(client, begin, statements, isArray) };
      }
      const [statement] = statements;
      return statement === undefined ? {} : await run(client, statement, isArray);
    });
    return { status: 200, body: JSON.stringify(answer) };
  } catch (error) {
    return errorReply(error);
  }
}

/** A connection that failed is not lent again; neither is one that a statement left within a transaction. */
async function withClient<T>(pool: Pool, use: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let isSound = false;
  const onError = (): void => {
    isSound = false;
  };
  client.on("error", onError);
  try {
    const result = await use(client);
    isSound = true;
    return result;
  } catch (error) {
    // A FATAL error is the server's last word on this connection.
    isSound = error instanceof DatabaseError && error.severity === "ERROR";
    throw error;
  } finally {
    client.off("error", onError);
    client.release(!isSound || client.getTransactionStatus() !== "I");
  }
}

async function runTransaction(
  client: PoolClient,
  begin: string,
  statements: Statement[],
  isArray: boolean,
): Promise<unknown[]> {
  await client.query(begin);
  try {
    const results: unknown[] = [];
    for (const statement of statements) {
      // eslint-disable-next-line no-await-in-loop -- statements of a transaction follow each other
      results.push(await run(client, statement, isArray));
    }
    await client.query("commit");
    return results;
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

async function run(client: PoolClient, statement: Statement, isArray: boolean): Promise<unknown> {
  const query = {
    text: statement.query,
    values: statement.params,
    // One statement a query, as Neon has it, also without parameters.
    queryMode: "extended",
    ...(isArray && { rowMode: "array" }),
  };
  const { fields, rows, command, rowCount } = await client.query(query);
  return { fields, rows: rows as unknown[], command, rowCount, rowAsArray: isArray };
}

function subject(request: EndpointRequest): string {
  const start = `${request.method} ${request.url.pathname}`;
  try {
    const { statements } = parseRequest(request.body);
    const texts = statements.map(({ query }) =>
      query.replaceAll(/\s+/g, " ").trim().slice(0, SUBJECT_LETTERS),
    );
    return [start, ...texts].join(" ");
  } catch {
    return start;
  }
}
