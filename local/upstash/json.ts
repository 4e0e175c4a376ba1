import { RedisError, type Reply } from "./resp.ts";

const LONG_NUMBER = /[[,]\s*-?\d[\d.eE+-]{15,}/;

/** Redis words from a JSON value; undefined when it is no array of scalars. Numbers keep their digits. */
export function parseCommand(value: unknown): string[] | undefined {
  if (!Array.isArray(value) || value.length === 0) {
    return undefined;
  }
  const words: string[] = [];
  for (const word of value as unknown[]) {
    if (typeof word === "string") {
      words.push(word);
    } else if (typeof word === "number" || typeof word === "boolean") {
      words.push(String(word));
    } else {
      return undefined;
    }
  }
  return words;
}

/** Parses a request body; a number that would lose digits becomes the string of them. */
export function parseBody(text: string): unknown {
  if (!LONG_NUMBER.test(text)) {
    return JSON.parse(text);
  }
  return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown);
}

function keepDigits(_key: string, value: unknown, context: { source?: string }): unknown {
  return typeof value === "number" ? (context.source ?? value) : value;
}

/** A reply as JSON text: strings in base64 if asked for, all but `OK`; integers as the server wrote them. */
export function replyJson(reply: Reply, isBase64: boolean): string {
  if (reply === null) {
    return "null";
  }
  if (typeof reply === "string") {
    return reply;
  }
  if (Buffer.isBuffer(reply)) {
    if (!isBase64) {
      return JSON.stringify(reply.toString("utf8"));
    }
    return reply.length === 2 && reply.toString("latin1") === "OK" ? '"OK"' : `"${reply.toString("base64")}"`;
  }
  if (reply instanceof RedisError) {
    return JSON.stringify(reply.message);
  }
  return `[${reply.map((member) => replyJson(member, isBase64)).join(",")}]`;
}

/** A command's outcome: `{"result":…}` or `{"error":…}`. */
export function outcomeJson(reply: Reply, isBase64: boolean): string {
  return reply instanceof RedisError
    ? `{"error":${JSON.stringify(reply.message)}}`
    : `{"result":${replyJson(reply, isBase64)}}`;
}
