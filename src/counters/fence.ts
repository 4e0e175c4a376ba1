import { invariant } from "../domain/invariant.ts";
import beginShardsSource from "./begin-shards.lua";
import fenceBeginSource from "./fence-begin.lua";
import fenceEndSource from "./fence-end.lua";
import fencePageSource from "./fence-page.lua";
import fenceRaiseSource from "./fence-raise.lua";
import type { NoClaim } from "./flush-claim.ts";
import { metaKey, SHARDS } from "./keys.ts";
import type { RedisClient } from "./redis.ts";
import { Script } from "./script.ts";

const beginShardsScript = new Script(beginShardsSource);
const beginScript = new Script(fenceBeginSource);
const pageScript = new Script(fencePageSource);
const raiseScript = new Script(fenceRaiseSource);
const endScript = new Script(fenceEndSource);

const METAS = Array.from({ length: SHARDS }, (_, shard) => metaKey(shard));
/** Keys that one call looks at; most of them are ids, and passed over by the server. */
const PAGE_KEYS = 10_000;

/** A shard's life, and a number of its claims. */
export interface ShardNumber {
  born: string;
  number: number;
}

/** Who tells of the incident: a claim that was refused, or an operator. `fenced` only joins a fence that is open. */
export type FenceReason = Pick<NoClaim, "kind" | "shard" | "born" | "fences"> | "by_hand";

/** One pass over all keys, and how many steps of it are done: on another copy of Redis they are not. */
export interface FencePass {
  incident: string;
  pass: string;
  steps: number;
}

/**
 * Opens the fence, or joins the one that is open; answers its name.
 *
 * Undefined when the reason is past: a fence was closed since, or Redis is another.
 */
export async function openFence(
  redis: RedisClient,
  incident: string,
  reason: FenceReason,
): Promise<string | undefined> {
  const open = await redis.run(beginScript, METAS, [incident, ...reasonWords(reason)]);
  invariant(typeof open === "string", "the fence script answers a name");
  return open === "" ? undefined : open;
}

function reasonWords(reason: FenceReason): string[] {
  if (reason === "by_hand") {
    return ["0", "any"];
  }
  const { kind, shard, born, fences } = reason;
  return [String(shard), kind === "fenced" ? "none" : born, String(fences)];
}

/**
 * Begins a page of buckets anew; answers the next cursor.
 *
 * Undefined when the fence is not open any more, or Redis is not the copy that the pass began on.
 */
export async function fencePage(
  redis: RedisClient,
  { incident, pass, steps }: FencePass,
  cursor: string,
  epoch: string,
  pageKeys = PAGE_KEYS,
): Promise<{ cursor: string; begun: number } | undefined> {
  const words = [incident, pass, String(steps), cursor, String(pageKeys), epoch];
  const reply = await redis.run(pageScript, [metaKey(0)], words);
  invariant(Array.isArray(reply), "the fence script answers a cursor and a count");
  return reply.length === 0 ? undefined : { cursor: String(reply[0]), begun: Number(reply[1]) };
}

/** Gives every shard its life where it has none; answers that of each. */
export async function beginShards(redis: RedisClient, born: string): Promise<ShardNumber[]> {
  const lives = await redis.run(beginShardsScript, METAS, [born]);
  invariant(Array.isArray(lives) && lives.length === SHARDS, "every shard has a life");
  return lives.map((life) => ({ born: String(life), number: 0 }));
}

/** Raises claim numbers to those that the ledger names; answers each shard's life and number, undefined as `fencePage`. */
export async function raiseNumbers(
  redis: RedisClient,
  { incident, pass, steps }: FencePass,
  unreached: ReadonlyMap<number, number>,
): Promise<ShardNumber[] | undefined> {
  const numbers = METAS.map((_, shard) => String(unreached.get(shard) ?? 0));
  const reply = await redis.run(raiseScript, METAS, [incident, pass, String(steps), ...numbers]);
  invariant(Array.isArray(reply), "the fence script answers lives and numbers");
  if (reply.length === 0) {
    return undefined;
  }
  return METAS.map((_, shard) => ({
    born: String(reply[2 * shard]),
    number: Number(reply[2 * shard + 1]),
  }));
}

/** Closes the fence; answers false when another run has, or Redis is not the copy that was fenced. */
export async function closeFence(redis: RedisClient, { incident, pass, steps }: FencePass): Promise<boolean> {
  return (await redis.run(endScript, METAS, [incident, pass, String(steps)])) === 1;
}
