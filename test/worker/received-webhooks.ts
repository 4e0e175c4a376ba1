import { inject } from "vitest";
import { ADMIN, call } from "./worker-api.ts";

export interface Received {
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** The address of a path of the receiver. */
export function receiverUrl(path: string): string {
  return `${inject("controls").receiverUrl}${path}`;
}

/** What has come to a path. */
export async function receivedAt(path: string): Promise<Received[]> {
  const response = await fetch(receiverUrl("/_control/received"));
  return (await response.json<Received[]>()).filter((one) => one.path === path);
}

/** Has a path answered otherwise, so many times. */
export async function answerAt(
  path: string,
  status: number,
  times: number,
  headers: Record<string, string> = {},
): Promise<void> {
  const fault = { mode: "status", match: path, status, times, headers, body: "no" };
  await fetch(receiverUrl("/_control/faults"), { method: "POST", body: JSON.stringify(fault) });
}

/** Makes an endpoint at a path of the receiver. */
export async function makeEndpoint(
  path: string,
  settings: object = {},
): Promise<{ id: string; secret: string }> {
  const made = await call("POST", "/v1/webhook-endpoints", ADMIN, { url: receiverUrl(path), ...settings });
  if (made.status !== 201) {
    throw new Error(`no endpoint: ${JSON.stringify(made.body)}`);
  }
  return made.body;
}

/** Deletes every endpoint, so that what other tests tell goes nowhere. */
export async function deleteEndpoints(): Promise<void> {
  const { body } = await call("GET", "/v1/webhook-endpoints?limit=1000", ADMIN);
  for (const { id } of body.data as { id: string }[]) {
    await call("DELETE", `/v1/webhook-endpoints/${id}`, ADMIN);
  }
}
