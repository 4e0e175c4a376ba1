import { parseLine, type LogEntry } from "./access-log.ts";
import { customerOf, type CustomerFrom } from "./customer-name.ts";
import { readLines } from "./log-lines.ts";

/** A request of the log and whose it is. */
export interface LoggedRequest {
  entry: LogEntry;
  customerId: string;
}

/** Why lines cannot be replayed, how many, and the first of them. */
export interface Unparsable {
  reason: string;
  count: number;
  examples: { lineNumber: number; line: string }[];
}

/** What a log holds; `customers` is in the order of first appearance. */
export interface Survey {
  lines: number;
  requests: number;
  customers: Set<string>;
  byStatus: Map<number, number>;
  unparsable: Map<string, Unparsable>;
  /** From the first request to the latest, steps back in time left out. */
  spanMs: number;
}

const MAX_EXAMPLES = 3;

/** Reads a whole log once, so that its customers are known before the first request is replayed. */
export async function surveyLog(path: string, from: CustomerFrom): Promise<Survey> {
  const survey: Survey = {
    lines: 0,
    requests: 0,
    customers: new Set(),
    byStatus: new Map(),
    unparsable: new Map(),
    spanMs: 0,
  };
  let latestMs: number | undefined;
  for await (const line of readLines(path)) {
    survey.lines += 1;
    const read = readRequest(line, from);
    if ("reason" in read) {
      noteUnparsable(survey, read.reason, line);
      continue;
    }
    const { entry, customerId } = read;
    survey.requests += 1;
    survey.customers.add(customerId);
    increment(survey.byStatus, entry.status);
    survey.spanMs += Math.max(0, entry.timeMs - (latestMs ?? entry.timeMs));
    latestMs = Math.max(entry.timeMs, latestMs ?? entry.timeMs);
  }
  return survey;
}

/** The requests among the first `lines` lines of a log, in its order; a log that still grows is read no further. */
export async function* readRequests(
  path: string,
  from: CustomerFrom,
  lines: number,
): AsyncGenerator<LoggedRequest> {
  let lineNumber = 0;
  for await (const line of readLines(path)) {
    if (lineNumber === lines) {
      return;
    }
    lineNumber += 1;
    const read = readRequest(line, from);
    if (!("reason" in read)) {
      yield read;
    }
  }
}

/** Adds one to a count that starts at 0. */
export function increment<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function readRequest(line: string, from: CustomerFrom): LoggedRequest | { reason: string } {
  const parsed = parseLine(line);
  if (parsed.kind === "unparsable") {
    return parsed;
  }
  const customer = customerOf(parsed.entry, from);
  return "reason" in customer ? customer : { entry: parsed.entry, customerId: customer.customerId };
}

function noteUnparsable(survey: Survey, reason: string, line: string): void {
  const known = survey.unparsable.get(reason) ?? { reason, count: 0, examples: [] };
  survey.unparsable.set(reason, known);
  known.count += 1;
  if (known.examples.length < MAX_EXAMPLES) {
    known.examples.push({ lineNumber: survey.lines, line });
  }
}
