import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { forEachConcurrently } from "../../../local/demo/concurrency.ts";
import { Progress } from "../../../local/demo/output.ts";
import { replayLog, type ReplaySettings } from "../../../local/demo/replay.ts";
import type { LoggedRequest } from "../../../local/demo/survey.ts";

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) {
    stop();
  }
});

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function asLogged(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(Number(request.headers["x-replay-status"])).end();
}

function logged(customerId: string, status: number, request = "GET / HTTP/1.1", timeMs = 0): LoggedRequest {
  return { customerId, entry: { host: "a", user: null, timeMs, request, status, bytes: "5" } };
}

async function* stream(requests: LoggedRequest[]): AsyncGenerator<LoggedRequest> {
  yield* requests;
}

function replay(productUrl: string, requests: LoggedRequest[], changes: Partial<ReplaySettings> = {}) {
  const settings = {
    productUrl,
    weight: 1000n,
    spanMs: 0,
    durationMs: 0,
    signal: new AbortController().signal,
    ...changes,
  };
  const output = { write: () => undefined, isTerminal: false };
  return replayLog(stream(requests), settings, new Progress(output, "replayed", requests.length));
}

test("replay: sends what the log says", async () => {
  const seen: unknown[] = [];
  const url = await listen((request, response) => {
    const { headers } = request;
    const replayed = ["status", "bytes", "customer", "weight"].map((name) => headers[`x-replay-${name}`]);
    seen.push([request.method, request.url, ...replayed]);
    asLogged(request, response);
  });
  await replay(url, [logged("ü/1", 404, "POST /a b HTTP/1.1")]);
  expect(seen).toEqual([["POST", "/a%20b", "404", "5", "%C3%BC%2F1", "1000"]]);
});

test("replay: counts answers per customer and status", async () => {
  const statuses = [200, 204, 304, 399, 400, 404, 500];
  const requests = [...statuses.map((status) => logged("a", status)), logged("b", 503)];
  const outcome = await replay(await listen(asLogged), requests);
  expect(outcome.byCustomer).toEqual(
    new Map([
      ["a", { requests: 7, billable: 4 }],
      ["b", { requests: 1, billable: 0 }],
    ]),
  );
  expect(outcome.byStatus).toEqual(new Map([...statuses, 503].map((status) => [status, 1])));
  expect(outcome.failures).toEqual(new Map());
});

test("replay: a preflight is a request that nobody pays for", async () => {
  const asked = "OPTIONS / HTTP/1.1";
  const requests = [logged("a", 204, asked), logged("a", 404, asked), logged("a", 200)];
  const outcome = await replay(await listen(asLogged), requests);
  expect(outcome.byCustomer).toEqual(new Map([["a", { requests: 3, billable: 1 }]]));
  expect(outcome.preflights).toBe(1);
});

test("replay: what goes otherwise is a failure and counts for nobody", async () => {
  const url = await listen((request, response) => {
    if (request.url === "/dropped") {
      request.socket.destroy();
    } else {
      response.writeHead(500).end();
    }
  });
  const requests = [logged("a", 200), logged("a", 200), logged("a", 200, "GET /dropped HTTP/1.1")];
  const outcome = await replay(url, requests);
  expect(outcome.byCustomer).toEqual(new Map());
  expect(outcome.failures).toEqual(
    new Map([
      ["answered 500 instead of 200", 2],
      ["socket hang up", 1],
    ]),
  );
});

test("replay: keeps the log's order and squeezes its gaps", async () => {
  const arrivals: { path: string; atMs: number }[] = [];
  const url = await listen((request, response) => {
    arrivals.push({ path: request.url ?? "", atMs: performance.now() });
    asLogged(request, response);
  });
  const startMs = performance.now();
  const hour = 3_600_000;
  await replay(
    url,
    [
      logged("a", 200, "GET /1", 0),
      logged("a", 200, "GET /2", hour),
      logged("a", 200, "GET /3", 0),
      logged("a", 200, "GET /4", 2 * hour),
    ],
    { spanMs: 2 * hour, durationMs: 200 },
  );
  expect(arrivals.map(({ path }) => path).toSorted()).toEqual(["/1", "/2", "/3", "/4"]);
  expect(arrivals.find(({ path }) => path === "/2")?.atMs).toBeGreaterThanOrEqual(startMs + 99);
  expect(arrivals.find(({ path }) => path === "/4")?.atMs).toBeGreaterThanOrEqual(startMs + 199);
});

test("replay: ends when it is interrupted", async () => {
  const url = await listen(asLogged);
  const signal = AbortSignal.abort(new Error("ended by SIGINT"));
  await expect(replay(url, [logged("a", 200)], { signal })).rejects.toThrow("ended by SIGINT");
});

test("concurrency: starts in order, never more than the limit at once", async () => {
  const started: number[] = [];
  let running = 0;
  let most = 0;
  await forEachConcurrently([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    started.push(item);
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
  });
  expect(started).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(most).toBe(3);
});

test("concurrency: an error ends it and is thrown", async () => {
  const started: number[] = [];
  const work = forEachConcurrently([1, 2, 3, 4, 5, 6], 2, async (item) => {
    started.push(item);
    if (item === 2) {
      throw new Error("no 2");
    }
    await new Promise((resolve) => setImmediate(resolve));
  });
  await expect(work).rejects.toThrow("no 2");
  expect(started.length).toBeLessThan(6);
});
