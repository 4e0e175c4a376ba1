/** An error as Redis words it, e.g. `WRONGTYPE Operation against …`. */
export class RedisError extends Error {}

/** Integers are their digits, exact at any size; all else that is text is bytes. */
export type Reply = null | string | Buffer | RedisError | Reply[];

const CRLF = "\r\n";

/** One command as the server reads it. */
export function encodeCommand(args: readonly string[]): string {
  let text = `*${args.length}${CRLF}`;
  for (const arg of args) {
    text += `$${Buffer.byteLength(arg)}${CRLF}${arg}${CRLF}`;
  }
  return text;
}

/** Reads replies (RESP 2) from chunks, in order; bytes of an unfinished reply wait for the next chunk. */
export class ReplyReader {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  /** No reply can be complete before there are this many bytes. */
  #needed = 0;

  read(chunk: Buffer, onReply: (reply: Reply) => void): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    while (this.#at < this.#bytes.length && this.#bytes.length >= this.#needed) {
      const start = this.#at;
      this.#needed = 0;
      const reply = this.#next();
      if (reply === undefined) {
        this.#bytes = this.#bytes.subarray(start);
        this.#needed = Math.max(0, this.#needed - start);
        this.#at = 0;
        return;
      }
      onReply(reply);
    }
    if (this.#at >= this.#bytes.length) {
      this.#bytes = Buffer.alloc(0);
      this.#at = 0;
    }
  }

  #next(): Reply | undefined {
    const end = this.#bytes.indexOf(CRLF, this.#at + 1, "latin1");
    if (end < 0) {
      return undefined;
    }
    const type = this.#bytes.readUInt8(this.#at);
    const first = this.#at + 1;
    this.#at = end + 2;
    switch (type) {
      case 0x2b: // +
        return this.#bytes.subarray(first, end);
      case 0x2d: // -
        return new RedisError(this.#bytes.toString("utf8", first, end));
      case 0x3a: // :
        return this.#bytes.toString("latin1", first, end);
      case 0x24: // $
        return this.#bulk(Number(this.#bytes.toString("latin1", first, end)));
      case 0x2a: // *
        return this.#array(Number(this.#bytes.toString("latin1", first, end)));
      default:
        throw new Error(`not a Redis reply: byte ${type}`);
    }
  }

  #bulk(length: number): Reply | undefined {
    if (length < 0) {
      return null;
    }
    const start = this.#at;
    if (this.#bytes.length < start + length + 2) {
      this.#needed = start + length + 2;
      return undefined;
    }
    this.#at = start + length + 2;
    return this.#bytes.subarray(start, start + length);
  }

  #array(length: number): Reply | undefined {
    if (length < 0) {
      return null;
    }
    const members: Reply[] = [];
    for (let index = 0; index < length; index += 1) {
      if (this.#at >= this.#bytes.length) {
        return undefined;
      }
      const member = this.#next();
      if (member === undefined) {
        return undefined;
      }
      members.push(member);
    }
    return members;
  }
}
