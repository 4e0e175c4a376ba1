/** Where the demo's stack listens, and its keys; as in stack.json. */
export interface StackAddresses {
  workerUrl: string;
  adminKey: string;
  stripeUrl: string;
  stripeKey: string;
  databaseUrl: string;
}

/** The stack's HTTP API under its admin key; each call throws on an answer that is not 2xx. */
export interface Api {
  get: (path: string) => Promise<unknown>;
  put: (path: string, body: unknown) => Promise<unknown>;
  /** Runs what the cron trigger starts, as if it fired at that time, and waits for its end. */
  fireCron: (cron: string, timeMs: number) => Promise<void>;
}

/** Calls at once: the API is one process on this machine. */
export const API_CONCURRENCY = 8;

/** Connects to the API of a running stack; `signal` ends what is under way. */
export function connectApi(stack: StackAddresses, signal: AbortSignal): Api {
  const call = async (method: string, path: string, body?: unknown): Promise<string> => {
    const response = await fetch(`${stack.workerUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${stack.adminKey}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal,
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 500)}`);
    }
    return text;
  };
  return {
    get: async (path) => JSON.parse(await call("GET", path)) as unknown,
    put: async (path, body) => JSON.parse(await call("PUT", path, body)) as unknown,
    fireCron: async (cron, timeMs) => {
      const query = new URLSearchParams({ cron, time: String(timeMs) });
      await call("GET", `/cdn-cgi/handler/scheduled?${query.toString()}`);
    },
  };
}

/** The path of a customer's resource; ids may hold any characters. */
export function customerPath(customerId: string, resource = ""): string {
  return `/v1/customers/${encodeURIComponent(customerId)}${resource}`;
}
