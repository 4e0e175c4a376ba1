import { createHash } from "node:crypto";
import type { CommandTable } from "./commands.ts";
import { RedisError, type Reply } from "./resp.ts";
import { wrapScript } from "./script-wrapper.ts";

/** No script has it: what is asked for under an unknown digest must not meet a script loaded past us. */
const NO_SCRIPT = "0".repeat(40);
const MAX_SCRIPTS = 10_000;

/** A command as Redis gets it, and how its reply is read. */
export interface Translated {
  args: readonly string[];
  /** The reply to the client, and how many calls the script made; called once, with Redis's own reply. */
  read?: (reply: Reply) => { reply: Reply; calls: number };
}

/** Which wrapped script stands for which original, by the digests that clients know. */
export class ScriptBook {
  readonly #table: CommandTable;
  readonly #texts = new Map<string, string>();
  /** Original digest → digest of the wrapped script, for those that Redis was seen to have. */
  readonly #loaded = new Map<string, string>();

  constructor(table: CommandTable) {
    this.#table = table;
  }

  translate(name: string, args: readonly string[]): Translated {
    switch (name) {
      case "EVAL":
      case "EVAL_RO":
        return this.#eval(args);
      case "EVALSHA":
      case "EVALSHA_RO":
        return this.#evalsha(args);
      case "SCRIPT":
        return this.#script(args);
      default:
        return { args };
    }
  }

  #eval(args: readonly string[]): Translated {
    const [command = "", script = "", ...rest] = args;
    const digest = sha1(script);
    const wrapped = this.#wrap(digest, script);
    return {
      args: [command, wrapped, ...rest],
      read: (reply) => {
        const outcome = unwrap(reply);
        if (!(reply instanceof RedisError)) {
          this.#loaded.set(digest, sha1(wrapped));
        }
        return outcome;
      },
    };
  }

  #evalsha(args: readonly string[]): Translated {
    const [command = "", given = "", ...rest] = args;
    const digest = given.toLowerCase();
    return {
      args: [command, this.#loaded.get(digest) ?? NO_SCRIPT, ...rest],
      read: (reply) => {
        if (reply instanceof RedisError && reply.message.startsWith("NOSCRIPT")) {
          this.#loaded.delete(digest);
        }
        return unwrap(reply);
      },
    };
  }

  #script(args: readonly string[]): Translated {
    const [command = "", verb = "", ...rest] = args;
    switch (verb.toUpperCase()) {
      case "LOAD": {
        const script = rest[0] ?? "";
        const digest = sha1(script);
        const wrapped = this.#wrap(digest, script);
        return { args: [command, verb, wrapped], read: (reply) => this.#noteLoaded(reply, digest) };
      }
      case "EXISTS": {
        const known = rest.map((digest) => this.#loaded.get(digest.toLowerCase()) ?? NO_SCRIPT);
        return { args: [command, verb, ...known] };
      }
      case "FLUSH":
        return { args, read: (reply) => this.#forget(reply) };
      default:
        return { args };
    }
  }

  #noteLoaded(reply: Reply, digest: string): { reply: Reply; calls: number } {
    if (reply instanceof RedisError || reply === null) {
      return { reply, calls: 0 };
    }
    this.#loaded.set(digest, String(reply));
    return { reply: Buffer.from(digest), calls: 0 };
  }

  #forget(reply: Reply): { reply: Reply; calls: number } {
    this.#loaded.clear();
    return { reply, calls: 0 };
  }

  #wrap(digest: string, script: string): string {
    const known = this.#texts.get(digest);
    if (known !== undefined) {
      return known;
    }
    if (this.#texts.size >= MAX_SCRIPTS) {
      this.#texts.clear();
    }
    const wrapped = wrapScript(script, this.#table);
    this.#texts.set(digest, wrapped);
    return wrapped;
  }
}

function unwrap(reply: Reply): { reply: Reply; calls: number } {
  if (!Array.isArray(reply)) {
    return { reply, calls: 0 };
  }
  const [calls, result, error] = reply;
  return {
    calls: Number(calls),
    reply: Buffer.isBuffer(error) ? new RedisError(error.toString("utf8")) : (result ?? null),
  };
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
