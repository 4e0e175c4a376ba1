import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Client, DatabaseError } from "pg";

const FOLDER = join(import.meta.dirname, "..", "migrations");
const NAME = /^\d{4}_[a-z0-9_]+\.sql$/;
/** Any number that is always the same. */
const ADVISORY_LOCK = 5_823_412_907;
/** A migration waits no longer for a table: what queues behind it waits as long. */
const LOCK_TIMEOUT = "2s";
const LOCK_ATTEMPTS = 15;
const LOCK_NOT_AVAILABLE = "55P03";

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

/**
 * Brings a database up to date, forward only; each migration and its record are one transaction.
 *
 * Safe to run twice at once and while the Worker serves. Gives back the names of what it applied.
 */
export async function migrate(
  databaseUrl: string,
  options: { print: (line: string) => void; folder?: string },
): Promise<string[]> {
  const migrations = await readMigrations(options.folder ?? FOLDER);
  const client = new Client({ connectionString: directUrl(databaseUrl) });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [ADVISORY_LOCK]);
    await client.query(`create table if not exists schema_migrations (
      name text primary key, checksum text not null, applied_at timestamptz not null default now())`);
    const { rows } = await client.query<{ name: string; checksum: string }>(
      "select name, checksum from schema_migrations order by name",
    );
    const pending = findPending(migrations, rows);
    for (const migration of pending) {
      // eslint-disable-next-line no-await-in-loop -- in order, each on top of the one before
      await applyPatiently(client, migration);
      options.print(`Migrated: ${migration.name}`);
    }
    return pending.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).toSorted();
  const misnamed = names.find((name) => !NAME.test(name));
  if (misnamed !== undefined) {
    throw new Error(`migrations/${misnamed} is not named NNNN_words_in_lower_case.sql`);
  }
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(folder, name), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

function findPending(migrations: Migration[], applied: { name: string; checksum: string }[]): Migration[] {
  const byName = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const { name, checksum } of applied) {
    const file = byName.get(name);
    if (file === undefined) {
      throw new Error(
        `The database has migration ${name}, which is not in migrations/. ` +
          "Use the version of the project that has it, or a later one.",
      );
    }
    if (file.checksum !== checksum) {
      throw new Error(
        `migrations/${name} was changed after it was applied. ` +
          "Restore it as it was, and make the change in a new migration.",
      );
    }
  }
  const done = new Set(applied.map(({ name }) => name));
  const pending = migrations.filter(({ name }) => !done.has(name));
  const last = applied.at(-1)?.name ?? "";
  const late = pending.find(({ name }) => name < last);
  if (late !== undefined) {
    throw new Error(
      `migrations/${late.name} sorts before ${last}, which is applied: give it a later number.`,
    );
  }
  return pending;
}

/** Tries again when a table was busy for too long: in between, those who waited behind us go on. */
async function applyPatiently(client: Client, migration: Migration): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // eslint-disable-next-line no-await-in-loop -- the next attempt follows the failed one
      await apply(client, migration);
      return;
    } catch (error) {
      const isBusy = error instanceof DatabaseError && error.code === LOCK_NOT_AVAILABLE;
      if (!isBusy || attempt >= LOCK_ATTEMPTS) {
        throw new Error(`migrations/${migration.name} failed: ${(error as Error).message}`, { cause: error });
      }
    }
  }
}

async function apply(client: Client, { name, sql, checksum }: Migration): Promise<void> {
  await client.query("begin");
  try {
    await client.query(`set local lock_timeout = '${LOCK_TIMEOUT}'`);
    await client.query(sql);
    await client.query("insert into schema_migrations (name, checksum) values ($1, $2)", [name, checksum]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

/** Neon's pooler lends sessions by the transaction, so that a session's lock means nothing: go round it. */
function directUrl(databaseUrl: string): string {
  return databaseUrl.replace(/-pooler(?=\.[^@/]*\.neon\.tech)/, "");
}

if (import.meta.main) {
  const databaseUrl = process.env["DATABASE_URL"];
  if (databaseUrl === undefined || databaseUrl === "") {
    process.stderr.write(
      "Set DATABASE_URL to the database to migrate, e.g. postgres://user:password@host/db\n",
    );
    process.exit(2);
  }
  try {
    const applied = await migrate(databaseUrl, { print: (line) => process.stdout.write(`${line}\n`) });
    process.stdout.write(applied.length === 0 ? "Nothing to migrate.\n" : `${applied.length} applied.\n`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
}
