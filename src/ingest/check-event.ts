import type * as z from "zod";
import { eventSchema, measure, type Measurement, type Rejection } from "../domain/event.ts";
import type { Meter } from "../domain/meter.ts";
import { digestId } from "./digest.ts";

/** What an event is judged by: the meters, and the late window at the time of receipt. */
export interface Judgement {
  meters: ReadonlyMap<string, Meter>;
  receivedAtMs: number;
  lateEventHours: number;
}

/** An event that may be counted. */
export interface Checked {
  /** Digest of its own id; undefined when it carries none. */
  idDigest: string | undefined;
  measurement: Measurement;
}

/** Checks one event of the JSON format. */
export function checkEvent(input: unknown, judgement: Judgement): Checked | Rejection {
  const parsed = eventSchema.safeParse(input);
  if (!parsed.success) {
    return invalidEvent(parsed.error);
  }
  const { id, customerId, metricName } = parsed.data;
  const meter = judgement.meters.get(metricName);
  if (meter === undefined) {
    return unknownMetric(metricName);
  }
  const measurement = measure(parsed.data, meter, judgement.receivedAtMs, judgement.lateEventHours);
  if ("code" in measurement) {
    return measurement;
  }
  return { idDigest: id === undefined ? undefined : digestId(customerId, "event", id), measurement };
}

/** Tells what is wrong with an input, briefly and without its content. */
export function invalidEvent(error: z.ZodError): Rejection {
  const detail = error.issues.map((issue) => [...issue.path, issue.message].join(": ")).join("; ");
  return { code: "invalid_event", detail: detail.slice(0, 1000) };
}

export function unknownMetric(metricName: string): Rejection {
  return { code: "unknown_metric", detail: `the catalog has no meter named ${metricName.slice(0, 128)}` };
}
