import * as z from "zod";
import { named } from "../named.ts";

const CODES = [
  "invalid_event",
  "unknown_metric",
  "unknown_customer",
  "value_out_of_range",
  "too_precise",
  "too_late",
  "too_early",
  "event_conflict",
  "counter_overflow",
  "too_many_series",
] as const;

const count = z.int().min(0);

/** What became of one event. */
export const eventResult = named(
  "EventResult",
  z.object({
    status: z.enum(["recorded", "duplicate", "conflict", "rejected", "spooled"]),
    code: z.enum(CODES).optional().describe("Why it is not counted."),
    detail: z.string().optional(),
  }),
);

/** Members of the answer; of a problem, too. */
export const recordAnswerMembers = {
  recorded: count,
  duplicates: count,
  conflicts: count,
  rejected: count,
  spooled: count,
  results: z.array(eventResult).describe("In the order sent."),
};

/** What `POST /v1/events` answers. */
export const recordAnswer = named("RecordAnswer", z.object(recordAnswerMembers));
