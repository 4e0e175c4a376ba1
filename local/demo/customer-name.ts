import { isStorableText, MAX_TEXT_LENGTH } from "../../src/domain/text.ts";
import type { LogEntry } from "./access-log.ts";
import { firstSegment } from "./request-line.ts";

/** What of a request says who the customer is. */
export type CustomerFrom = "ip" | "user" | "path-prefix";

export const CUSTOMER_SOURCES: readonly CustomerFrom[] = ["ip", "user", "path-prefix"];

/** The customer of a request, or why nobody can be billed for it. */
export function customerOf(entry: LogEntry, from: CustomerFrom): { customerId: string } | { reason: string } {
  const customerId = nameOf(entry, from);
  if (customerId.length > MAX_TEXT_LENGTH) {
    return { reason: `customer name longer than ${MAX_TEXT_LENGTH} characters` };
  }
  if (!isStorableText(customerId)) {
    return { reason: "customer name with U+0000" };
  }
  // A URL that ends in one of these means another place, however it is encoded.
  return customerId === "." || customerId === ".."
    ? { reason: "customer name that no URL can hold (. or ..)" }
    : { customerId };
}

function nameOf(entry: LogEntry, from: CustomerFrom): string {
  switch (from) {
    case "ip":
      return entry.host;
    case "user":
      return entry.user ?? "anonymous";
    case "path-prefix":
      return firstSegment(entry.request);
  }
}
