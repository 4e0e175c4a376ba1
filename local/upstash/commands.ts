import type { RedisConnection } from "./connection.ts";

/** Where a command's keys stand among its words: `first` 0 for none, `last` -1 for the last word. */
export interface KeyPositions {
  first: number;
  last: number;
  step: number;
}

/** Positions of the keys of every command whose keys stand in fixed places, by upper-case name. */
export type CommandTable = Map<string, KeyPositions>;

/** Needs the whole database's lock, which a script with `allow-key-locking` does not hold. */
export const DATABASE_WIDE = ["FLUSHDB", "FLUSHALL", "KEYS", "SCAN", "DBSIZE", "RANDOMKEY", "SWAPDB"];

const REFUSED = new Set(
  [
    "AUTH HELLO SELECT QUIT RESET CLIENT CONFIG ACL CLUSTER REPLICAOF SLAVEOF SYNC PSYNC SHUTDOWN DEBUG MODULE",
    "SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE MONITOR WAIT MIGRATE SAVE BGSAVE",
    "MULTI EXEC DISCARD WATCH UNWATCH BLPOP BRPOP BRPOPLPUSH BLMOVE BLMPOP BZPOPMIN BZPOPMAX BZMPOP",
  ].flatMap((names) => names.split(" ")),
);

/** Whether a command makes no sense over HTTP, where a connection is nobody's. */
export function isRefused(name: string): boolean {
  return REFUSED.has(name);
}

/** Reads the table from the server itself. */
export async function readCommandTable(redis: RedisConnection): Promise<CommandTable> {
  const table: CommandTable = new Map();
  const reply = await redis.send(["COMMAND"]);
  for (const entry of Array.isArray(reply) ? reply : []) {
    if (!Array.isArray(entry)) {
      continue;
    }
    const [name, , flags, first, last, step] = entry;
    const subcommands = entry[9];
    const isMovable = Array.isArray(flags) && flags.some((flag) => String(flag) === "movablekeys");
    if (!isMovable && !(Array.isArray(subcommands) && subcommands.length > 0)) {
      table.set(String(name).toUpperCase(), {
        first: Number(first),
        last: Number(last),
        step: Number(step),
      });
    }
  }
  return table;
}
