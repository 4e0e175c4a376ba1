import { open } from "node:fs/promises";
import { InputError } from "./input-error.ts";

/** Largest file taken: far more than any catalog, and than an export of a year's usage. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Reads a JSON file of bounded size; throws an {@link InputError} that names the option. */
export async function readJson(option: string, path: string): Promise<unknown> {
  const bytes = await readBounded(option, path);
  try {
    // The decoder drops a byte order mark, and tells what is no UTF-8.
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch (error) {
    const reason = String(error instanceof Error ? error.message : error).replaceAll(/\s+/g, " ");
    throw new InputError(`${option} ${path} is not JSON: ${reason}.`, { cause: error });
  }
}

async function readBounded(option: string, path: string): Promise<Buffer> {
  try {
    await using file = await open(path, "r");
    const { size } = await file.stat();
    if (size <= MAX_BYTES) {
      return await file.readFile();
    }
  } catch (error) {
    throw new InputError(`${option} ${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  }
  throw new InputError(
    `${option} ${path} has more than ${MAX_BYTES / 2 ** 20} MiB: it is no catalog, usage or export.`,
  );
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") {
    return "there is no such file";
  }
  return code === "EISDIR" ? "it is a folder" : error instanceof Error ? error.message : String(error);
}
