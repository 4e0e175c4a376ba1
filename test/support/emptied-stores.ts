import { Client } from "pg";
import { startEndpoint, type Endpoint } from "../../local/endpoint.ts";
import type { Stores } from "../../local/stores.ts";
import { RedisConnection } from "../../local/upstash/connection.ts";

/** Leaves running stores as a first start does: no data, no faults, nothing in Stripe. */
export async function emptyStores(stores: Stores, client: Client): Promise<void> {
  const { redis, upstash, neon, stripe } = stores;
  for (const { faults } of [upstash, neon, stripe]) {
    faults.reset();
  }
  await fetch(`${stripe.url}/_control/forget-everything`, { method: "POST" });
  const connection = new RedisConnection(redis.url);
  await connection.send(["FLUSHALL"]);
  connection.close();
  await client.query(`
do $$ begin
  execute (select 'truncate ' || string_agg(quote_ident(tablename), ', ') || ' restart identity'
    from pg_tables where schemaname = 'public' and tablename <> 'schema_migrations');
end $$`);
}

/** Lets tests in workerd, which reach a store only through its endpoint, empty all of them: `POST /_control/empty`. */
export async function startEmptying(stores: Stores): Promise<Endpoint> {
  const client = new Client(stores.postgres.url);
  await client.connect();
  const endpoint = await startEndpoint({
    subject: ({ url }) => url.pathname,
    serve: () => Promise.resolve({ status: 404, body: "" }),
    control: async ({ url }) => {
      if (url.pathname !== "/_control/empty") {
        return undefined;
      }
      await emptyStores(stores, client);
      return { status: 200, body: "{}" };
    },
  });
  return {
    ...endpoint,
    stop: async () => {
      await endpoint.stop();
      await client.end();
    },
  };
}
