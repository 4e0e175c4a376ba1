import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { neon, neonConfig, NeonDbError } from "@neondatabase/serverless";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Endpoint } from "../../../local/endpoint.ts";
import { startLocalNeon } from "../../../local/neon/server.ts";
import { startPostgres } from "../../../local/postgres-server.ts";
import type { LocalServer } from "../../../local/local-server.ts";

let dir: string;
let server: LocalServer;
let endpoint: Endpoint;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "edgemeter-neon-"));
  server = await startPostgres({ dir, fresh: true, print: () => undefined });
  endpoint = await startLocalNeon({ databaseUrl: server.url });
  neonConfig.fetchEndpoint = () => `${endpoint.url}/sql`;
}, 60_000);

afterAll(async () => {
  await endpoint.stop();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

beforeEach(async () => {
  endpoint.faults.reset();
  await neon(server.url)`drop table if exists t`;
  await neon(server.url)`create table t (id int8 primary key, n numeric check (n > 0))`;
});

async function failure(promise: Promise<unknown>): Promise<NeonDbError> {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(NeonDbError);
  return error as NeonDbError;
}

test("neon: int8, numeric and jsonb keep every digit", async () => {
  const sql = neon(server.url);
  const document = JSON.stringify([{ id: "9223372036854775807", n: "0.1234567890123456789" }]);
  await sql`insert into t select id, n from jsonb_to_recordset(${document}::jsonb) as x(id int8, n numeric)`;
  expect(await sql`select id, n, null as nothing, 1 < 2 as yes from t`).toEqual([
    { id: "9223372036854775807", n: "0.1234567890123456789", nothing: null, yes: true },
  ]);
});

test("neon: full results carry fields, command and count", async () => {
  const sql = neon(server.url, { fullResults: true, arrayMode: true });
  await sql`insert into t values (1, 1), (2, 2)`;
  const result = await sql`update t set n = n + 1 returning id`;
  expect(result).toMatchObject({ command: "UPDATE", rowCount: 2, rowAsArray: true, rows: [["1"], ["2"]] });
  expect(result.fields).toMatchObject([{ name: "id", dataTypeID: 20 }]);
});

test("neon: a batch is one transaction, rolled back at the first error", async () => {
  const sql = neon(server.url);
  const error = await failure(
    sql.transaction([sql`insert into t values (1, 1)`, sql`insert into t values (1, 2)`, sql`select 1`]),
  );
  expect(error).toMatchObject({
    code: "23505",
    constraint: "t_pkey",
    table: "t",
    schema: "public",
    severity: "ERROR",
  });
  expect(error.detail).toBe("Key (id)=(1) already exists.");
  expect(await sql`select * from t`).toEqual([]);
  const results = await sql.transaction([sql`insert into t values (1, 1)`, sql`select count(*) from t`]);
  expect(results).toEqual([[], [{ count: "1" }]]);
});

test.each([
  ["ReadUncommitted", "read uncommitted"],
  ["ReadCommitted", "read committed"],
  ["RepeatableRead", "repeatable read"],
  ["Serializable", "serializable"],
] as const)("neon: a batch runs at isolation level %s", async (isolationLevel, shown) => {
  const sql = neon(server.url);
  const [rows] = await sql.transaction([sql`select current_setting('transaction_isolation') as level`], {
    isolationLevel,
  });
  expect(rows).toEqual([{ level: shown }]);
});

test("neon: a batch can be read only and deferrable", async () => {
  const sql = neon(server.url);
  const options = { isolationLevel: "Serializable", readOnly: true, deferrable: true } as const;
  const settings =
    "select current_setting('transaction_read_only') as r, current_setting('transaction_deferrable') as d";
  expect(await sql.transaction([sql.query(settings)], options)).toEqual([[{ r: "on", d: "on" }]]);
  const error = await failure(sql.transaction([sql`insert into t values (1, 1)`], options));
  expect(error.code).toBe("25006");
});

test.each([
  ["a syntax error", "selec 1", "42601"],
  ["an unknown table", "select * from nowhere", "42P01"],
  ["a failed check", "insert into t values (1, -1)", "23514"],
  ["two statements in one", "select 1; select 2", "42601"],
  [
    "a raised exception",
    "do $$ begin raise exception 'no' using hint = 'try', errcode = 'ZZ001'; end $$",
    "ZZ001",
  ],
])("neon: %s is a NeonDbError with its SQLSTATE", async (_name, query, code) => {
  const error = await failure(neon(server.url).query(query));
  expect(error.code).toBe(code);
});

test("neon: a failing statement leaves the connection fit for the next", async () => {
  const sql = neon(server.url);
  await failure(sql`select 1 / 0`);
  await sql`begin`;
  await sql`insert into t values (7, 7)`;
  expect(await sql`select id from t`).toEqual([{ id: "7" }]);
});

test.each([
  ["password", (url: URL) => void (url.password = "wrong"), "28P01"],
  ["user", (url: URL) => void (url.username = "wrong"), "28P01"],
  ["database", (url: URL) => void (url.pathname = "/wrong"), "3D000"],
])("neon: a wrong %s is refused", async (_name, change, code) => {
  const url = new URL(server.url);
  change(url);
  expect((await failure(neon(url.href)`select 1`)).code).toBe(code);
});

test("neon: a lost reply was applied, and a fault meets the statement it names", async () => {
  const sql = neon(server.url);
  endpoint.faults.reset();
  endpoint.faults.add({ mode: "after", match: "insert into t values ($1, $2)" });
  await failure(
    sql.transaction([
      sql`select 1`,
      sql`insert  into t
    values (${"1"}, ${"1"})`,
    ]),
  );
  expect(await sql`select id from t`).toEqual([{ id: "1" }]);
  expect(endpoint.faults.subjects[0]).toBe("POST /sql select 1 insert into t values ($1, $2)");
});

test("neon: with Postgres gone it answers 5xx, and by itself again once it is back", async () => {
  const sql = neon(server.url);
  await sql`insert into t values (1, 1)`;
  await server.stop();
  const error = await failure(sql`select 1`);
  expect(error.message).toContain("HTTP status 503");
  expect(error.code).toBeUndefined();
  await server.restart();
  expect(await sql`select id from t`).toEqual([{ id: "1" }]);
});

test("neon: a backend that is ended in mid-statement is no SQL error, and does not spoil the next", async () => {
  const sql = neon(server.url);
  const waiting = failure(sql`select pg_sleep(60)`);
  const admin = new Client({ connectionString: server.url });
  await admin.connect();
  const end = "select pg_terminate_backend(pid) from pg_stat_activity where query like 'select pg_sleep%'";
  await expect.poll(async () => (await admin.query(end)).rowCount, { interval: 10 }).toBe(1);
  await admin.end();
  expect((await waiting).message).toContain("HTTP status 503");
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
});
