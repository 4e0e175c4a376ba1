import * as z from "zod";
import { EVENT_PROBLEMS } from "../../http/problem-catalogue.ts";
import { named } from "../named.ts";

type EventProblemCode = keyof typeof EVENT_PROBLEMS;
const CODES = Object.keys(EVENT_PROBLEMS) as [EventProblemCode, ...EventProblemCode[]];

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
