import { startEndpoint, type Endpoint } from "../../local/endpoint.ts";

/** What came to a path. */
export interface ReceivedAtPath {
  path: string;
  headers: Record<string, string>;
  body: string;
}

/**
 * Starts a receiver of webhooks for tests in workerd, which can only ask it over HTTP: it takes everything.
 *
 * `GET /_control/received` lists what has come. Subject of a request for faults: its path.
 */
export async function startWebhookEndpoint(): Promise<Endpoint> {
  const received: ReceivedAtPath[] = [];
  return startEndpoint({
    subject: ({ url }) => url.pathname,
    serve: ({ url, headers, body }) => {
      received.push({
        path: url.pathname,
        headers: headers as Record<string, string>,
        body: body.toString("utf8"),
      });
      return Promise.resolve({ status: 200, body: "thanks" });
    },
    control: ({ url }) =>
      Promise.resolve(
        url.pathname === "/_control/received" ? { status: 200, body: JSON.stringify(received) } : undefined,
      ),
  });
}
