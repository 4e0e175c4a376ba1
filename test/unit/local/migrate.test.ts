import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { migrate } from "../../../local/migrate.ts";
import { startPostgres } from "../../../local/postgres-server.ts";
import type { LocalServer } from "../../../local/local-server.ts";

let dir: string;
let server: LocalServer;
let client: Client;
let folder: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "edgemeter-migrate-"));
  server = await startPostgres({ dir, fresh: true, print: () => undefined });
  client = new Client({ connectionString: server.url });
  await client.connect();
}, 60_000);

afterAll(async () => {
  await client.end();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

beforeEach(async () => {
  await client.query("drop schema public cascade");
  await client.query("create schema public");
  folder = await mkdtemp(join(dir, "migrations-"));
  await writeFile(join(folder, "0001_first.sql"), "create table a (n int); insert into a values (1);");
});

function run(): Promise<string[]> {
  return migrate(server.url, { print: () => undefined, folder });
}

test("migrate: applies what is new, in order, once", async () => {
  await writeFile(join(folder, "0002_second.sql"), "alter table a add m int; update a set m = n + 1");
  expect(await run()).toEqual(["0001_first.sql", "0002_second.sql"]);
  expect(await run()).toEqual([]);
  await writeFile(join(folder, "0003_third.sql"), "insert into a values (5, 6)");
  expect(await run()).toEqual(["0003_third.sql"]);
  expect((await client.query("select n, m from a order by n")).rows).toEqual([
    { n: 1, m: 2 },
    { n: 5, m: 6 },
  ]);
});

test("migrate: a failing migration leaves no trace, those before it stay", async () => {
  await writeFile(join(folder, "0002_second.sql"), "create table b (n int); select 1 / 0;");
  await expect(run()).rejects.toThrow("migrations/0002_second.sql failed: division by zero");
  const { rows } = await client.query(
    "select to_regclass('b') as b, (select count(*) from schema_migrations) as n",
  );
  expect(rows).toEqual([{ b: null, n: "1" }]);
});

test("migrate: runners at once apply each migration once", async () => {
  const applied = await Promise.all([run(), run(), run()]);
  expect(applied.flat()).toEqual(["0001_first.sql"]);
  expect((await client.query("select * from a")).rowCount).toBe(1);
});

test("migrate: a changed migration is refused with what to do", async () => {
  await run();
  await writeFile(join(folder, "0001_first.sql"), "create table a (n int8)");
  await expect(run()).rejects.toThrow(
    "migrations/0001_first.sql was changed after it was applied. " +
      "Restore it as it was, and make the change in a new migration.",
  );
});

test("migrate: an applied migration that is gone is refused", async () => {
  await run();
  await rm(join(folder, "0001_first.sql"));
  await expect(run()).rejects.toThrow(
    "The database has migration 0001_first.sql, which is not in migrations/.",
  );
});

test("migrate: a migration numbered before an applied one is refused", async () => {
  await writeFile(join(folder, "0003_third.sql"), "select 1");
  await run();
  await writeFile(join(folder, "0002_second.sql"), "select 1");
  await expect(run()).rejects.toThrow("0002_second.sql sorts before 0003_third.sql");
});

test("migrate: a misnamed file is refused", async () => {
  await writeFile(join(folder, "2_Second.sql"), "select 1");
  await expect(run()).rejects.toThrow("migrations/2_Second.sql is not named");
});

test("migrate: waits for a busy table in short turns and then goes on", async () => {
  await run();
  await writeFile(join(folder, "0002_second.sql"), "alter table a add m int");
  const user = new Client({ connectionString: server.url });
  await user.connect();
  await user.query("begin");
  await user.query("lock table a in access exclusive mode");
  const running = run();
  const waiting =
    "select from pg_stat_activity where wait_event_type = 'Lock' and query like 'alter table a%'";
  await expect
    .poll(async () => (await client.query(waiting)).rowCount, { interval: 20, timeout: 10_000 })
    .toBe(1);
  await user.end();
  expect(await running).toEqual(["0002_second.sql"]);
});

test("migrate: the project's own migrations apply to an empty database", async () => {
  const applied = await migrate(server.url, { print: () => undefined });
  expect(applied[0]).toBe("0001_ledger.sql");
  expect((await client.query("select to_regclass('usage_records')::text as found")).rows).toEqual([
    { found: "usage_records" },
  ]);
});
