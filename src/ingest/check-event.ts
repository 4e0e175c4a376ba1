import type * as z from "zod";
import { eventSchema, measure, type Measurement, type Rejection } from "../domain/event.ts";
import type { Meter } from "../domain/meter.ts";
import { usualEvent } from "../domain/usual-input.ts";
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
  const event = usualEvent(input) ?? parsed(eventSchema, input);
  if ("code" in event) {
    return event;
  }
  const { id, customerId, metricName } = event;
  const meter = judgement.meters.get(metricName);
  if (meter === undefined) {
    return unknownMetric(metricName);
  }
  const measurement = measure(event, meter, judgement.receivedAtMs, judgement.lateEventHours);
  if ("code" in measurement) {
    return measurement;
  }
  return { idDigest: id === undefined ? undefined : digestId(customerId, "event", id), measurement };
}

/** Reads an input by its schema, or tells what is wrong with it. */
export function parsed<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
): z.output<Schema> | Rejection {
  const result = schema.safeParse(input);
  return result.success ? result.data : invalidEvent(result.error);
}

/** Tells what is wrong with an input, briefly and without its content. */
function invalidEvent(error: z.ZodError): Rejection {
  const detail = error.issues.map((issue) => [...issue.path, issue.message].join(": ")).join("; ");
  return { code: "invalid_event", detail: detail.slice(0, 1000) };
}

export function unknownMetric(metricName: string): Rejection {
  return { code: "unknown_metric", detail: `the catalog has no meter named ${metricName.slice(0, 128)}` };
}
