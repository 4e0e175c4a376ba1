import { Buffer } from "node:buffer";
import { parseJson } from "./body.ts";
import { ApiProblem } from "./problem.ts";

const PREFIX = "ce-";
/** Any of these makes a request a CloudEvent in binary mode. */
const TELLING = ["ce-specversion", "ce-id", "ce-source", "ce-type"];

/** True when the attributes of a CloudEvent are in the headers and its data is the body. */
export function isBinaryMode(headers: Headers): boolean {
  return TELLING.some((name) => headers.has(name));
}

/**
 * Puts a CloudEvent in binary mode into the form of the structured mode.
 *
 * Source: CloudEvents 1.0.2, HTTP protocol binding 3.1. Data that is no JSON is kept as base64.
 */
export function fromBinaryMode(headers: Headers, body: Uint8Array): Record<string, unknown> {
  const event: Record<string, unknown> = {};
  for (const [name, value] of headers) {
    if (name.startsWith(PREFIX)) {
      event[name.slice(PREFIX.length)] = headerValue(name, value);
    }
  }
  const type = headers.get("content-type");
  if (type !== null) {
    event["datacontenttype"] = type;
  }
  if (body.length > 0) {
    if (isJson(type)) {
      event["data"] = parseJson(body);
    } else {
      event["data_base64"] = Buffer.from(body).toString("base64");
    }
  }
  return event;
}

/** Takes a header's value as the binding writes it: percent-encoded UTF-8, in double quotes or not. */
function headerValue(name: string, value: string): string {
  const quoted = /^"(.*)"$/s.exec(value)?.[1]?.replaceAll(/\\(.)/gs, "$1");
  try {
    return decodeURIComponent((quoted ?? value).replaceAll(/%(?![0-9a-f]{2})/gi, "%25"));
  } catch {
    throw new ApiProblem("invalid_request", `${name}: must be UTF-8, percent-encoded`);
  }
}

function isJson(type: string | null): boolean {
  const essence = type?.split(";")[0]?.trim().toLowerCase() ?? "application/json";
  return essence === "application/json" || essence.endsWith("+json");
}
