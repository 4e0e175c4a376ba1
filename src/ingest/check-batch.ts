import * as z from "zod";
import { MAX_EVENTS, type Rejection } from "../domain/event.ts";
import { measureMerged, mergedUsageSchema } from "../domain/merged-usage.ts";
import { storableText } from "../domain/text.ts";
import { invalidEvent, unknownMetric, type Checked, type Judgement } from "./check-event.ts";

/** A call of our SDK: merged usage, one id for all of it. */
export const batchSchema = z.strictObject({
  batch: storableText(),
  usage: z.array(z.unknown()).min(1).max(MAX_EVENTS),
});

export type Batch = z.infer<typeof batchSchema>;

/** Checks one row of a batch; its id is the batch's. */
export function checkMergedUsage(input: unknown, judgement: Judgement): Checked | Rejection {
  const parsed = mergedUsageSchema.safeParse(input);
  if (!parsed.success) {
    return invalidEvent(parsed.error);
  }
  const meter = judgement.meters.get(parsed.data.metricName);
  if (meter === undefined) {
    return unknownMetric(parsed.data.metricName);
  }
  const measurement = measureMerged(parsed.data, meter, judgement.receivedAtMs, judgement.lateEventHours);
  return "code" in measurement ? measurement : { idDigest: undefined, measurement };
}
