import { RedisError, ReplyReader, type Reply } from "../local/upstash/resp.ts";

/** Cuts a connection's bytes into replies and tells each, as text. */
export interface ReplyStream {
  /** A reply that reports a failure begins with `failed`. */
  read: (chunk: Buffer, onReply: (text: string) => void) => void;
}

const HEAD_END = "\r\n\r\n";
const STATUS_AT = "HTTP/1.1 ".length;

/** Replies of HTTP/1.1: their bodies; each has to say its length. */
export class HttpReplies implements ReplyStream {
  #text = "";

  read(chunk: Buffer, onReply: (text: string) => void): void {
    this.#text += chunk.toString("latin1");
    for (let reply = this.#next(); reply !== undefined; reply = this.#next()) {
      onReply(reply);
    }
  }

  #next(): string | undefined {
    const headEnd = this.#text.indexOf(HEAD_END);
    if (headEnd < 0) {
      return undefined;
    }
    const head = this.#text.slice(0, headEnd);
    const start = headEnd + HEAD_END.length;
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) {
      throw new Error(`a reply without a length: ${head.slice(0, 300)}`);
    }
    const end = start + Number(length);
    if (end > this.#text.length) {
      return undefined;
    }
    const body = this.#text.slice(start, end);
    this.#text = this.#text.slice(end);
    const status = head.slice(STATUS_AT, STATUS_AT + 3);
    return status === "200" ? body : `failed: ${status} ${body}`;
  }
}

/** Replies of Redis: the last text of each. */
export class RedisReplies implements ReplyStream {
  readonly #reader = new ReplyReader();

  read(chunk: Buffer, onReply: (text: string) => void): void {
    this.#reader.read(chunk, (reply) => onReply(lastText(reply)));
  }
}

function lastText(reply: Reply): string {
  if (reply instanceof RedisError) {
    return `failed: ${reply.message}`;
  }
  const text = Array.isArray(reply) ? reply.at(-1) : reply;
  return Buffer.isBuffer(text) ? text.toString("latin1") : JSON.stringify(text);
}
