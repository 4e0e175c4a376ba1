import { wrapScript } from "../local/upstash/script-wrapper.ts";
import { readCommandTable } from "../local/upstash/commands.ts";
import { RedisConnection } from "../local/upstash/connection.ts";
import { encodeCommand } from "../local/upstash/resp.ts";
import type { BenchStack } from "./bench-stack.ts";
import type { CountingPath, RecordCall } from "./counting-path.ts";
import { SLOT, SlottedRequest } from "./slots.ts";

/** The record script on a plain Redis socket, with the arguments the Worker sends. */
export interface RawScript {
  /** As it is, but for the first line that only Upstash knows. */
  plain: string[];
  /** As the local endpoint runs it: calls counted for billing, undeclared keys refused. */
  wrapped: string[];
}

/** Requests in Redis's protocol for the same bodies; their ids are slots. */
export async function rawScript(
  stack: BenchStack,
  path: CountingPath,
  bodies: readonly string[],
): Promise<RawScript> {
  const calls: RecordCall[] = [];
  for (const body of bodies) {
    calls.push(await path.record(path.parse(new SlottedRequest(body).fill(1).bytes)));
  }
  const source = calls[0]?.source ?? "";
  const connection = new RedisConnection(stack.stores.redis.url);
  const wrappedSource = wrapScript(source, await readCommandTable(connection));
  connection.close();
  const load = async (text: string): Promise<string[]> => {
    const digest = String(await stack.redis.script("LOAD", text));
    return calls.map(({ keys, args }) =>
      encodeCommand(["EVALSHA", digest, String(keys.length), ...keys.map(freshId), ...args]),
    );
  };
  return { plain: await load(source.replace(/^#![^\n]*/, "")), wrapped: await load(wrappedSource) };
}

/** Keys of ids become new ones with every call, of the same length. */
function freshId(key: string): string {
  return key.startsWith("i:") ? `${key.slice(0, -SLOT.length)}${SLOT}` : key;
}
