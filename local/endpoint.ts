import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FaultPlan, type Fault } from "./faults.ts";

export interface EndpointRequest {
  method: string;
  url: URL;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

export interface EndpointReply {
  status: number;
  headers?: Record<string, string>;
  body: string;
}

export interface EndpointOptions {
  /** What a fault's `match` is compared with, e.g. `POST /v1/invoices`. */
  subject: (request: EndpointRequest) => string;
  /** Serves one request; its effects are complete when it settles. */
  serve: (request: EndpointRequest) => Promise<EndpointReply>;
  /** Further paths under `/_control/`, e.g. counters for tests. */
  control?: (request: EndpointRequest) => Promise<EndpointReply | undefined>;
  port?: number;
}

export interface Endpoint {
  url: string;
  faults: FaultPlan;
  stop: () => Promise<void>;
}

const MAX_BODY_BYTES = 64 * 1024 * 1024;

/**
 * Starts a loopback HTTP server that can be told to fail.
 *
 * `POST /_control/faults` takes a {@link Fault}, `POST /_control/reset` and `POST /_control/release` and `/drop` do what
 * {@link FaultPlan} says, `GET /_control/subjects` lists what was asked of it.
 */
export async function startEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const faults = new FaultPlan();
  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    answer(incoming, outgoing, faults, options).catch((error: unknown) => {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      send(outgoing, { status: 500, body: JSON.stringify({ error: `local endpoint failed: ${detail}` }) });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, faults, stop: () => stopServer(server, faults) };
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  faults: FaultPlan,
  options: EndpointOptions,
): Promise<void> {
  const request = await readRequest(incoming);
  if (request.url.pathname.startsWith("/_control/")) {
    const reply = controlFaults(request, faults) ?? (await options.control?.(request));
    send(outgoing, reply ?? { status: 404, body: JSON.stringify({ error: "no such control" }) });
    return;
  }
  const fault = faults.take(options.subject(request));
  switch (fault?.mode) {
    case undefined:
      send(outgoing, await options.serve(request));
      return;
    case "before":
      incoming.socket.destroy();
      return;
    case "after":
      await options.serve(request);
      incoming.socket.destroy();
      return;
    case "status":
      send(outgoing, {
        status: fault.status ?? 500,
        ...(fault.headers && { headers: fault.headers }),
        body: fault.body ?? JSON.stringify({ error: "told to fail" }),
      });
      return;
    case "delay":
      await new Promise((resolve) => setTimeout(resolve, fault.delayMs ?? 1000));
      send(outgoing, await options.serve(request));
      return;
    case "hold":
    case "hold-after":
      await answerHeld(request, fault.mode, incoming, outgoing, faults, options);
      return;
  }
}

async function answerHeld(
  request: EndpointRequest,
  mode: "hold" | "hold-after",
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  faults: FaultPlan,
  options: EndpointOptions,
): Promise<void> {
  const early = mode === "hold-after" ? await options.serve(request) : undefined;
  if (await faults.hold()) {
    send(outgoing, early ?? (await options.serve(request)));
  } else {
    incoming.socket.destroy();
  }
}

function controlFaults(request: EndpointRequest, faults: FaultPlan): EndpointReply | undefined {
  switch (`${request.method} ${request.url.pathname}`) {
    case "POST /_control/faults":
      faults.add(JSON.parse(request.body.toString("utf8")) as Fault);
      return { status: 200, body: "{}" };
    case "POST /_control/reset":
      faults.reset();
      return { status: 200, body: "{}" };
    case "POST /_control/release":
      faults.release();
      return { status: 200, body: "{}" };
    case "POST /_control/drop":
      faults.drop();
      return { status: 200, body: "{}" };
    case "GET /_control/subjects":
      return { status: 200, body: JSON.stringify(faults.subjects) };
    default:
      return undefined;
  }
}

async function readRequest(incoming: IncomingMessage): Promise<EndpointRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      throw new Error(`request body over ${MAX_BODY_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return {
    method: incoming.method ?? "GET",
    url: new URL(incoming.url ?? "/", "http://127.0.0.1"),
    headers: incoming.headers,
    body: Buffer.concat(chunks),
  };
}

function send(outgoing: ServerResponse, reply: EndpointReply): void {
  if (outgoing.headersSent || outgoing.destroyed) {
    return;
  }
  outgoing.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
  outgoing.end(reply.body);
}

async function stopServer(server: Server, faults: FaultPlan): Promise<void> {
  faults.reset();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
