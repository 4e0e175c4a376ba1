import * as z from "zod";
import { eventSchema, measure, type Rejection } from "../domain/event.ts";
import { isStorableText, storableText } from "../domain/text.ts";
import { parsed, unknownMetric, type Checked, type Judgement } from "./check-event.ts";
import { digestId } from "./digest.ts";

const MAX_SOURCE_LENGTH = 2048;

/** Context attributes as CloudEvents 1.0.2 has them; null is an attribute that is not set. */
export const cloudEventSchema = z.object({
  specversion: z.literal("1.0", "must be 1.0"),
  id: storableText(),
  source: storableText(MAX_SOURCE_LENGTH),
  type: storableText(),
  subject: storableText().nullish(),
  time: z.iso.datetime({ offset: true }).nullish(),
  datacontenttype: z.string().min(1).nullish(),
  dataschema: z.string().min(1).nullish(),
  data: z.unknown().optional(),
  data_base64: z.base64().nullish(),
});

/** Names of attributes, extensions included: lower case letters and digits. */
const NAME = /^[a-z0-9]+$/;

export type CloudEvent = z.infer<typeof cloudEventSchema>;

/** Checks that an input is a CloudEvent 1.0; what it is about is not looked at. */
export function parseCloudEvent(input: unknown): CloudEvent | Rejection {
  const attributes = parsed(cloudEventSchema, input);
  if ("code" in attributes) {
    return attributes;
  }
  for (const [name, value] of Object.entries(input as object)) {
    if (name === "data" || name === "data_base64") {
      continue;
    }
    if (!NAME.test(name)) {
      return { code: "invalid_event", detail: "attribute names are lower case letters and digits" };
    }
    if (!isAttributeValue(value)) {
      return { code: "invalid_event", detail: `${name}: an attribute is a string, an integer or a boolean` };
    }
  }
  return attributes;
}

/**
 * Checks one CloudEvent: `subject` is the customer, `type` the metric, `time` the timestamp, `source` and `id` together
 * the id, `data.value` the value and the rest of `data` the metadata.
 */
export function checkCloudEvent(input: unknown, judgement: Judgement): Checked | Rejection {
  const attributes = parseCloudEvent(input);
  if ("code" in attributes) {
    return attributes;
  }
  const data = attributes.data ?? {};
  if (typeof data !== "object" || Array.isArray(data) || typeof attributes.data_base64 === "string") {
    return { code: "invalid_event", detail: 'data: must be a JSON object such as {"value": 2}, or absent' };
  }
  const { value, ...metadata } = data as Record<string, unknown>;
  const event = parsed(eventSchema, {
    customerId: attributes.subject ?? undefined,
    metricName: attributes.type,
    value,
    timestamp: attributes.time ?? undefined,
    metadata,
  });
  if ("code" in event) {
    return event;
  }
  const meter = judgement.meters.get(attributes.type);
  if (meter === undefined) {
    return unknownMetric(attributes.type);
  }
  const measurement = measure(event, meter, judgement.receivedAtMs, judgement.lateEventHours);
  if ("code" in measurement) {
    return measurement;
  }
  const id = JSON.stringify([attributes.source, attributes.id]);
  return { idDigest: digestId(measurement.customerId, "cloudevent", id), measurement };
}

function isAttributeValue(value: unknown): boolean {
  if (typeof value === "string") {
    return isStorableText(value);
  }
  return value === null || value === undefined || typeof value === "boolean" || Number.isInteger(value);
}
