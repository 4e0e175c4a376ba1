import type { Context } from "hono";
import type * as z from "zod";
import { ApiProblem, type InputFault } from "./problem.ts";

/** Largest body taken. */
export const MAX_BODY_BYTES = 1024 * 1024;

/** Reads a JSON body: content type, size, UTF-8 and syntax are checked in this order. */
export async function readJson(context: Context): Promise<unknown> {
  if (mediaType(context) !== "application/json") {
    throw new ApiProblem("unsupported_media_type", "send content-type: application/json");
  }
  return parseJson(await readBytes(context.req.raw));
}

/** Reads a JSON body that may be left out: without one, an empty object. */
export async function readOptionalJson(context: Context): Promise<unknown> {
  if (mediaType(context) !== "") {
    return readJson(context);
  }
  // Over HTTP a request without a body has one of no bytes, not none.
  const bytes = await readBytes(context.req.raw);
  return bytes.length === 0 ? {} : parseJson(bytes);
}

/** The media type of the body, in lower case and without parameters. */
export function mediaType(context: Context): string {
  return (context.req.header("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** Reads JSON in UTF-8. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes)) as unknown;
  } catch {
    throw new ApiProblem("invalid_json", "the body must be JSON in UTF-8");
  }
}

/** Checks an input against its schema; throws with every fault and its path. */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  detail: string,
): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) {
    const errors: InputFault[] = parsed.error.issues.map((issue) => ({
      path: issue.path.join("."),
      message: issue.message,
    }));
    throw new ApiProblem("invalid_content", detail, { errors });
  }
  return parsed.data;
}

/** Reads a body of any type; one without a length is read no further than to the limit. */
export async function readBytes(request: Request): Promise<Uint8Array> {
  const length = request.headers.get("content-length");
  if (length === null) {
    return readStream(request);
  }
  if (Number(length) > MAX_BODY_BYTES) {
    throw tooLarge();
  }
  // In one piece: a stream's chunks cost more than all checks of a small body.
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length > MAX_BODY_BYTES) {
    throw tooLarge();
  }
  return bytes;
}

function tooLarge(): ApiProblem {
  return new ApiProblem("body_too_large", `send at most ${MAX_BODY_BYTES} bytes`);
}

async function readStream(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      throw tooLarge();
    }
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
