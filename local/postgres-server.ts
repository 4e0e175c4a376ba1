import { execFile } from "node:child_process";
import { chownSync, existsSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { freePort, startChild, type Child } from "./child.ts";
import { runServer, type LocalServer, type ServerOptions } from "./local-server.ts";
import { makeDataFolder, postgresHome, type PostgresHome } from "./postgres-home.ts";

const NAME = "edgemeter";
const START_ATTEMPTS = 20;
const RETRY_MS = 250;
/** A crashed server's helpers may still hold its memory for a moment. */
const STILL_HELD = ["pre-existing shared memory block", "is another postmaster"];

export interface PostgresOptions extends ServerOptions {
  /** The stack's folder; data is kept in its `postgres`, if the server's user can reach that. */
  dir: string;
  fresh: boolean;
  print: (line: string) => void;
}

/** Starts a real Postgres on a free loopback port, its data folder made at the first start. */
export async function startPostgres(options: PostgresOptions): Promise<LocalServer> {
  const home = postgresHome(options.dir, options.print);
  if (options.fresh || !existsSync(join(home.data, "PG_VERSION"))) {
    await rm(home.data, { recursive: true, force: true });
    await initialise(home);
  }
  const port = await freePort();
  const server = await runServer(
    `postgres://${NAME}:${NAME}@127.0.0.1:${port}/${NAME}`,
    () => startProcess(home, port),
    options,
  );
  try {
    await createDatabase(server.url);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/** Made beside its place and moved there when complete: a half made folder is never taken for data. */
async function initialise(home: PostgresHome): Promise<void> {
  const draft = `${home.data}-new`;
  await rm(draft, { recursive: true, force: true });
  makeDataFolder(draft, home.owner);
  const passwordFile = join(dirname(home.data), ".postgres-password");
  await writeFile(passwordFile, NAME, { mode: 0o600 });
  if (home.owner !== undefined) {
    chownSync(passwordFile, home.owner.uid, home.owner.gid);
  }
  const settings = ["--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", `--username=${NAME}`];
  try {
    await promisify(execFile)(
      join(home.binaries, "bin", "initdb"),
      [`--pgdata=${draft}`, `--pwfile=${passwordFile}`, ...settings],
      { ...home.owner, cwd: draft, env: environment() },
    );
    await rename(draft, home.data);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function startProcess(home: PostgresHome, port: number): Promise<Child> {
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    max_connections: "100",
    timezone: "UTC",
    log_timezone: "UTC",
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  for (let attempt = 1; ; attempt += 1) {
    try {
      // eslint-disable-next-line no-await-in-loop -- the next attempt follows the failed one
      return await startChild({
        command: join(home.binaries, "bin", "postgres"),
        args: ["-D", home.data, ...args],
        readyLine: "database system is ready to accept connections",
        // Postgres ends at once with SIGINT; SIGTERM would wait for its clients.
        stopSignal: "SIGINT",
        spawn: { ...home.owner, cwd: home.data, env: environment() },
      });
    } catch (error) {
      if (attempt >= START_ATTEMPTS || !STILL_HELD.some((sign) => String(error).includes(sign))) {
        throw error;
      }
      // eslint-disable-next-line no-await-in-loop -- as above
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

async function createDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url.replace(/[^/]*$/, "postgres") });
  await client.connect();
  try {
    const { rowCount } = await client.query("select from pg_database where datname = $1", [NAME]);
    if (rowCount === 0) {
      await client.query(`create database ${NAME}`);
    }
  } finally {
    await client.end();
  }
}

/** English messages, since the ready line is read from them; no setting of the user's own Postgres. */
function environment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith("PG"));
  return { ...Object.fromEntries(entries), LC_ALL: "C" };
}
