import { invariant } from "../domain/invariant.ts";
import type { Bucket } from "../domain/bucket.ts";
import { parseSeries, parseState, type Series } from "../domain/series.ts";
import { parseBucketKey } from "./keys.ts";

/** Reads the answer of a script that returns bucket keys, each followed by the flat fields of its hash. */
export function parseBuckets(reply: unknown): Bucket[] {
  invariant(Array.isArray(reply) && reply.length % 2 === 0, "buckets come as pairs of key and fields");
  const pairs = reply as (string | string[])[];
  const buckets: Bucket[] = [];
  // A page has many fields and few series.
  const known = new Map<string, Series>();
  for (let index = 0; index < pairs.length; index += 2) {
    const key = pairs[index];
    const fields = pairs[index + 1];
    invariant(typeof key === "string" && Array.isArray(fields), "a bucket is a key and its fields");
    buckets.push(parseBucket(key, fields, known));
  }
  return buckets;
}

function parseBucket(key: string, fields: string[], known: Map<string, Series>): Bucket {
  const bucket: Bucket = { key, ...parseBucketKey(key), epoch: "", version: 0n, series: [] };
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const field = fields[index] ?? "";
    const value = fields[index + 1] ?? "";
    if (field === "e") {
      bucket.epoch = value;
    } else if (field === "n") {
      bucket.version = BigInt(value);
    } else if (field.startsWith("[")) {
      const series = known.get(field) ?? parseSeries(field);
      known.set(field, series);
      bucket.series.push({ text: field, series, state: parseState(value) });
    }
  }
  invariant(bucket.epoch !== "" && bucket.version > 0n, `bucket without epoch or version: ${bucket.hourMs}`);
  return bucket;
}
