import { demoCatalog } from "../../local/demo-catalog.ts";
import { ADMIN, call, READ, type Answer } from "./worker-api.ts";

/** What is sent or answered. */
// eslint-disable-next-line typescript/no-explicit-any -- tests assert what is in it
export type Document = Record<string, any>;

/** The demo catalog with another base fee of the flat plan. */
export function withFee(baseFee: string): Document {
  const [flat99, payg] = demoCatalog.plans;
  return { ...demoCatalog, plans: [{ ...flat99, baseFee }, payg] };
}

/** Puts a catalog, with further parts of the address and headers. */
export function put(document: unknown, query = "", headers: Record<string, string> = {}): Promise<Answer> {
  return call("PUT", `/v1/catalog${query}`, ADMIN, document, headers);
}

/** Publishes an old version anew. */
export function publish(
  version: number | string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<Answer> {
  return call("POST", `/v1/catalog/versions/${version}/publish`, ADMIN, body, headers);
}

/** Number of the latest version. */
export async function latest(): Promise<number> {
  return Number((await call("GET", "/v1/catalog", READ)).headers.get("etag")?.replaceAll('"', ""));
}

/** Where the faults are that an answer tells. */
export function pathsOf({ body }: Answer): string[] {
  return (body.errors as { path: string }[]).map(({ path }) => path);
}
