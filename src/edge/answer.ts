/** The meter's word on one event or one row of a batch, in the order sent. */
export interface EventResult {
  status: "recorded" | "duplicate" | "conflict" | "rejected" | "spooled";
  /** Why it is not counted; the codes are in the meter's API. */
  code?: string;
  detail?: string;
}

/** What the meter answers to a call that it could read. */
export interface RecordAnswer {
  recorded: number;
  duplicates: number;
  conflicts: number;
  rejected: number;
  spooled: number;
  results: EventResult[];
}

const COUNTED = new Set<EventResult["status"]>(["recorded", "duplicate", "spooled"]);

/** Counted now, counted before, or kept by the meter to be counted within the minute. */
export function isCounted(result: EventResult | undefined): boolean {
  return result !== undefined && COUNTED.has(result.status);
}

/** Reads an answer that has one result for each of so many; undefined when it is none. */
export function readAnswer(answer: unknown, count: number): RecordAnswer | undefined {
  if (typeof answer !== "object" || answer === null || !("results" in answer)) {
    return undefined;
  }
  const { results } = answer;
  return Array.isArray(results) && results.length === count ? (answer as RecordAnswer) : undefined;
}
