import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Client } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LocalServer } from "../../../local/local-server.ts";
import { startPostgres } from "../../../local/postgres-server.ts";

const TIMEOUT_MS = 60_000;
const isRoot = process.getuid?.() === 0;

let dir: string;
let servers: LocalServer[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "edgemeter-postgres-"));
  servers = [];
});

afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await rm(dir, { recursive: true, force: true });
});

async function start(folder: string, fresh = false, lines: string[] = []): Promise<LocalServer> {
  await mkdir(folder, { recursive: true });
  const server = await startPostgres({ dir: folder, fresh, print: (line) => lines.push(line) });
  servers.push(server);
  return server;
}

async function query(server: LocalServer, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

test(
  "postgres: what was committed survives a crash, a stop and a new start",
  async () => {
    const server = await start(dir);
    await query(server, "create table t as select 1 as n");
    await server.kill();
    expect(server.pid()).toBeUndefined();
    await server.restart();
    expect(await query(server, "select n from t")).toEqual([{ n: 1 }]);
    await server.stop();
    const next = await start(dir);
    expect(await query(next, "select n from t")).toEqual([{ n: 1 }]);
    await next.stop();
    const empty = await start(dir, true);
    expect(await query(empty, "select to_regclass('t') as t")).toEqual([{ t: null }]);
  },
  TIMEOUT_MS,
);

test(
  "postgres: two run at once, each with its own data",
  async () => {
    const [one, two] = await Promise.all([start(join(dir, "one")), start(join(dir, "two"))]);
    await query(one, "create table only_one (n int)");
    expect(await query(two, "select to_regclass('only_one') as found")).toEqual([{ found: null }]);
  },
  TIMEOUT_MS,
);

test(
  "postgres: listens on the loopback address alone, in UTC, with UTF-8",
  async () => {
    const sql =
      "select current_setting('listen_addresses') as address, current_setting('TimeZone') as zone, " +
      "current_setting('server_encoding') as encoding";
    expect(await query(await start(dir), sql)).toEqual([
      { address: "127.0.0.1", zone: "UTC", encoding: "UTF8" },
    ]);
  },
  TIMEOUT_MS,
);

test.skipIf(!isRoot)(
  "postgres: run by root in a closed folder, the data is where its user can reach it, and that is said",
  async () => {
    const lines: string[] = [];
    const server = await start(join(dir, "closed", "stack"), true, lines);
    expect((await stat(dir)).mode & 0o077).toBe(0);
    const [row] = await query(server, "select current_setting('data_directory') as data");
    const { data } = row as { data: string };
    expect(data).toMatch(/^\/var\/lib\/edgemeter\/[0-9a-f]{16}\/postgres$/);
    expect(lines).toEqual([
      `Postgres, which must not run as root, cannot reach ${join(dir, "closed", "stack")}: its data is in ${data}.`,
    ]);
    await server.stop();
    await rm(dirname(data), { recursive: true });
  },
  TIMEOUT_MS,
);
