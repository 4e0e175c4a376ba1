import * as z from "zod";
import { PROBLEMS, type ProblemCode } from "../../http/problem-catalogue.ts";
import { named } from "../named.ts";
import { recordAnswerMembers } from "./events.ts";

const CODES = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]];

const members = {
  type: z.string().describe("Where the problem is explained."),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string(),
  instance: z.string().describe("The path that was asked for."),
  code: named("ProblemCode", z.enum(CODES), { description: "Stable: what programs decide by." }),
  requestId: z.string().describe("Find it in the log."),
  errors: z
    .array(z.object({ path: z.string(), message: z.string() }))
    .optional()
    .describe("Each fault of the input, and where."),
};

/** RFC 9457. */
export const problem = named("Problem", z.object(members), {
  description: "Every answer that is no success, as RFC 9457 has it.",
});

/** What `POST /v1/events` answers when nothing of it is counted. */
export const eventsProblem = named(
  "EventsProblem",
  z.object({ ...members, ...z.object(recordAnswerMembers).partial().shape }),
  { description: "A problem, with the results where the events could be read." },
);

/** What a problem looks like. */
export function problemExample(code: ProblemCode): object {
  const [status, title] = PROBLEMS[code];
  return {
    type: `/docs/problems/${code}`,
    title,
    status,
    detail: "what is wrong with this request, in words",
    instance: "/v1/customers/cus_acme",
    code,
    requestId: "6b0b1f0e-7d3c-4a39-9f0a-0f6a0f2d6b9e",
  };
}
