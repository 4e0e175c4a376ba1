import { AsyncLocalStorage } from "node:async_hooks";

/** One thing that happened. Never a secret, an event's content or a store's raw error. */
export interface LogEntry {
  level: "info" | "error";
  event: string;
  customerId?: string;
  error?: unknown;
  report?: object;
}

export type Log = (entry: LogEntry) => void;

const MAX_MESSAGE = 300;

const requestIds = new AsyncLocalStorage<string>();

/** Has all that is logged by some work, and by what it calls, say under which request or run it was. */
export function logUnder<Result>(requestId: string, work: () => Result): Result {
  return requestIds.run(requestId, work);
}

/** Writes one JSON line. */
export const consoleLog: Log = (entry) => {
  const requestId = requestIds.getStore();
  const line = JSON.stringify({
    ...(requestId !== undefined && { requestId }),
    ...entry,
    ...(entry.error !== undefined && { error: describe(entry.error) }),
  });
  // eslint-disable-next-line no-console -- the one place that logs
  console[entry.level](line);
};

function describe(error: unknown): object {
  if (!(error instanceof Error)) {
    return { name: typeof error };
  }
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const stack = error.stack?.split("\n").slice(1, 5).join(" ").trim();
  return { name: error.name, message: error.message.slice(0, MAX_MESSAGE), code, stack };
}
