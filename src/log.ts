/** One thing that happened. Never a secret, an event's content or a store's raw error. */
export interface LogEntry {
  level: "info" | "error";
  event: string;
  requestId?: string;
  customerId?: string;
  error?: unknown;
  report?: object;
}

export type Log = (entry: LogEntry) => void;

const MAX_MESSAGE = 300;

/** Writes one JSON line. */
export const consoleLog: Log = (entry) => {
  const line = JSON.stringify({
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
