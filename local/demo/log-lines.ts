import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";

/** Longest line read as one; a longer one is cut, and so cannot be parsed. */
export const MAX_LINE_BYTES = 64 * 1024;

const LINE_FEED = 10;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Streams the lines of a log, plain or gzip (told by its first bytes), without their line ends. */
export async function* readLines(path: string): AsyncGenerator<string> {
  const isCompressed = await isGzip(path);
  const file = createReadStream(path);
  const bytes = isCompressed ? pipeGunzip(file) : file;
  try {
    let pending: Buffer[] = [];
    let pendingBytes = 0;
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
        yield decodeLine([...pending, chunk.subarray(start, end)]);
        pending = [];
        pendingBytes = 0;
        start = end + 1;
      }
      // One byte more than a line may have is kept, to know that it is too long.
      const rest = chunk.subarray(start, start + MAX_LINE_BYTES + 1 - pendingBytes);
      pending.push(rest);
      pendingBytes += rest.length;
    }
    if (pendingBytes > 0) {
      yield decodeLine(pending);
    }
  } finally {
    file.destroy();
  }
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

function pipeGunzip(file: ReturnType<typeof createReadStream>): AsyncIterable<Buffer> {
  const gunzip = createGunzip();
  file.on("error", (error) => gunzip.destroy(error));
  return file.pipe(gunzip) as AsyncIterable<Buffer>;
}

/** Bytes that are no UTF-8 are read one by one, as Latin-1: a log may hold anything. */
function decodeLine(parts: Buffer[]): string {
  const bytes = Buffer.concat(parts).subarray(0, MAX_LINE_BYTES + 1);
  const line = bytes.at(-1) === 13 ? bytes.subarray(0, -1) : bytes;
  try {
    return utf8.decode(line);
  } catch {
    return line.toString("latin1");
  }
}
