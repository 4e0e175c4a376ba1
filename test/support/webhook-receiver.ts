import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";

/** A request that a receiver has got whole. */
export interface ReceivedWebhook {
  id: string;
  headers: Record<string, string>;
  body: string;
}

export type Answer = (outgoing: ServerResponse, received: ReceivedWebhook, incoming: IncomingMessage) => void;

/** A real HTTP server that gets webhooks, and answers them as a test wants. */
export interface WebhookReceiver {
  url: string;
  received: ReceivedWebhook[];
  answer: Answer;
  /** Settles when so many requests have come in all. */
  whenReceived: (count: number) => Promise<void>;
  stop: () => Promise<void>;
}

/** Takes what it is given. */
export const acknowledge: Answer = (outgoing) => {
  outgoing.writeHead(200).end("thanks");
};

/** Answers a status, with a body and headers. */
export function answerWith(status: number, body = "", headers: Record<string, string> = {}): Answer {
  return (outgoing) => {
    outgoing.writeHead(status, headers).end(body);
  };
}

/** Gets a request whole and never answers. */
export const keepSilent: Answer = () => undefined;

/** Starts a receiver on a port of its own. */
export async function startReceiver(answer: Answer = acknowledge): Promise<WebhookReceiver> {
  const watchers: { count: number; tell: () => void }[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const headers = incoming.headers as Record<string, string>;
      const received = {
        id: headers["webhook-id"] ?? "",
        headers,
        body: Buffer.concat(chunks).toString("utf8"),
      };
      receiver.received.push(received);
      receiver.answer(outgoing, received, incoming);
      for (const watcher of watchers.filter(({ count }) => receiver.received.length >= count)) {
        watcher.tell();
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    received: [],
    answer,
    whenReceived: (count) =>
      new Promise((resolve) => {
        if (receiver.received.length >= count) {
          resolve();
        } else {
          watchers.push({ count, tell: resolve });
        }
      }),
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return receiver;
}

/** What a webhook says, if another's verifier accepts it; throws if not. */
export function verified(secret: string, { headers, body }: ReceivedWebhook): unknown {
  return new Webhook(secret).verify(body, headers);
}
