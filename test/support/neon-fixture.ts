import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "../../local/migrate.ts";
import { startLocalNeon } from "../../local/neon/server.ts";
import { startPostgres } from "../../local/postgres-server.ts";

/** A real Postgres with the ledger's tables, and the endpoint that the Worker reaches it by. */
export interface NeonFixture {
  url: string;
  endpoint: string;
  /** Ends the server and starts it again, as an update does. */
  restart: () => Promise<void>;
  stop: () => Promise<void>;
}

function print(): void {}

/** Starts a Postgres of its own in a folder of its own. */
export async function startNeonFixture(): Promise<NeonFixture> {
  const dir = await mkdtemp(join(tmpdir(), "edgemeter-neon-"));
  const server = await startPostgres({ dir, fresh: true, print });
  await migrate(server.url, { print });
  const neon = await startLocalNeon({ databaseUrl: server.url });
  return {
    url: server.url,
    endpoint: `${neon.url}/sql`,
    restart: server.restart,
    stop: async () => {
      await neon.stop();
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
