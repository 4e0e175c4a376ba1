import * as z from "zod";
import { eventSchema, MAX_EVENTS } from "../../domain/event.ts";
import { mergedUsageSchema } from "../../domain/merged-usage.ts";
import { batchSchema } from "../../ingest/check-batch.ts";
import { cloudEventSchema } from "../../ingest/check-cloud-event.ts";
import { recordAnswer } from "../answers/events.ts";
import { eventExample, recordAnswerExample } from "../examples.ts";
import { named } from "../named.ts";
import { json, type Operation } from "../operation.ts";

const cloudEvent = named("CloudEvent", cloudEventSchema, {
  description:
    "CloudEvents 1.0: `subject` is the customer, `type` the metric, `time` the timestamp, `source` and `id` together the id, `data.value` the value and the rest of `data` the metadata. Further attributes are strings, integers or booleans.",
});
const cloudEventExample = {
  specversion: "1.0",
  id: "8f2",
  source: "/api",
  type: "api_calls",
  subject: "cus_acme",
  time: "2026-11-23T12:00:00.000Z",
  data: { value: 2, region: "eu" },
};
const merged = {
  customerId: "cus_acme",
  metricName: "api_calls",
  hour: "2026-11-23T12:00:00.000Z",
  metadata: { region: "eu" },
  count: 3,
  sum: "12",
};

/** `POST /v1/events`; each row of a batch and each event is read by its schema, and answered by itself. */
export const eventOperations: readonly Operation[] = [
  {
    id: "recordEvents",
    method: "post",
    path: "/v1/events",
    tag: "Events",
    summary: "Record usage",
    description:
      "One event, an array of them, CloudEvents (structured, batch, or binary with `ce-` headers), or a batch of merged usage from the SDK. A bad event never hurts its neighbours. When nothing is recorded, duplicate or spooled, the answer is 422 with the same members.",
    scopes: ["ingest"],
    headers: z.object({
      "idempotency-key": z
        .string()
        .min(1)
        .meta({ maxLength: 128, description: "Stands for all events of the request that carry no id." })
        .optional(),
    }),
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.union([eventSchema, z.array(eventSchema).min(1).max(MAX_EVENTS)]),
          example: [eventExample],
        },
        "application/cloudevents+json": { schema: cloudEvent, example: cloudEventExample },
        "application/cloudevents-batch+json": {
          schema: z.array(cloudEvent).max(MAX_EVENTS),
          example: [cloudEventExample],
        },
        "application/vnd.edgemeter.batch+json": {
          schema: named(
            "Batch",
            batchSchema.extend({ usage: z.array(mergedUsageSchema).min(1).max(MAX_EVENTS) }),
            { description: "Merged usage under one id." },
          ),
          example: { batch: "b_1", usage: [merged] },
        },
      },
    },
    answers: { 200: json("What became of each event.", recordAnswer, recordAnswerExample) },
    problems: [
      "invalid_json",
      "invalid_request",
      "body_too_large",
      "too_many_events",
      "unsupported_media_type",
      "invalid_content",
      "no_event_accepted",
      "no_catalog",
    ],
  },
];
