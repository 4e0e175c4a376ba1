import type { Metadata } from "./store.ts";

type MetadataParam = Record<string, string | number | null> | "" | null | undefined;

/** Merges metadata as Stripe does: an empty value removes its key, an empty whole removes all keys. */
export function mergeMetadata(current: Metadata, change: MetadataParam): Metadata {
  if (change === undefined) {
    return current;
  }
  if (change === "" || change === null) {
    return {};
  }
  const merged = Object.entries({ ...current, ...change }).filter(([, value]) => value !== "");
  return Object.fromEntries(merged.map(([key, value]) => [key, String(value)]));
}

/** The new value of a field: unchanged when absent, null when cleared by an empty string. */
export function changedField<T>(current: T | null, change: T | "" | null | undefined): T | null {
  if (change === undefined) {
    return current;
  }
  return change === "" ? null : change;
}
