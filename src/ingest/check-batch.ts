import * as z from "zod";
import { MAX_EVENTS, type Rejection } from "../domain/event.ts";
import { measureMerged, mergedUsageSchema } from "../domain/merged-usage.ts";
import { storableText } from "../domain/text.ts";
import { usualMergedUsage } from "../domain/usual-input.ts";
import { parsed, unknownMetric, type Checked, type Judgement } from "./check-event.ts";

/** A call of our SDK: merged usage, one id for all of it. */
export const batchSchema = z.strictObject({
  batch: storableText(),
  usage: z.array(z.unknown()).min(1).max(MAX_EVENTS),
});

export type Batch = z.infer<typeof batchSchema>;

/** Checks one row of a batch; its id is the batch's. */
export function checkMergedUsage(input: unknown, judgement: Judgement): Checked | Rejection {
  const usage = usualMergedUsage(input) ?? parsed(mergedUsageSchema, input);
  if ("code" in usage) {
    return usage;
  }
  const meter = judgement.meters.get(usage.metricName);
  if (meter === undefined) {
    return unknownMetric(usage.metricName);
  }
  const measurement = measureMerged(usage, meter, judgement.receivedAtMs, judgement.lateEventHours);
  return "code" in measurement ? measurement : { idDigest: undefined, measurement };
}
