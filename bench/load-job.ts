/** One measurement that the load process is asked for. */
export interface LoadJob {
  protocol: "http" | "redis";
  port: number;
  /** Whole requests with slots for ids, taken in turn. */
  requests: readonly string[];
  /** Stands in every good reply; any other fails the job. */
  expected: string;
  connections: number;
  /** Requests sent ahead on one connection: 1 with HTTP. */
  inFlight: number;
  warmUpMs: number;
  durationMs: number;
  /** Exactly so many requests instead, all of them measured; `warmUpMs` and `durationMs` are 0 then. */
  requestCount?: number;
  /** Requests are sent on this schedule, answered or not; absent: the next as soon as one is answered. */
  ratePerSecond?: number;
  /** Processes whose processor time is read, by name. */
  pids: Record<string, number>;
}

/** What was seen between the warm-up and the end. */
export interface LoadResult {
  seconds: number;
  requests: number;
  /** From when a request was due to when its reply was read. */
  latencyMs: { p50: number; p99: number; max: number };
  /** From when a request was due to when it was sent: the generator's own part of the latency. */
  sendLagMs: { p50: number; p99: number };
  /** By the names of `pids`, and `client`, the load process itself; those that could be read. */
  processorMs: Record<string, number>;
}
