import type { RecordStatus } from "../counters/record.ts";
import type { Rejection, RejectionCode } from "../domain/event.ts";

/** What became of one event. */
export interface EventResult {
  status: "recorded" | "duplicate" | "conflict" | "rejected" | "spooled";
  code?: RejectionCode;
  detail?: string;
}

export interface RecordAnswer {
  recorded: number;
  duplicates: number;
  conflicts: number;
  rejected: number;
  spooled: number;
  /** In the order sent. */
  results: EventResult[];
}

/** The result of an event that is refused. */
export function rejected({ code, detail }: Rejection): EventResult {
  return { status: "rejected", code, detail };
}

/** The result of an event that the record script has judged. */
export function resultOf(status: RecordStatus | undefined): EventResult {
  switch (status) {
    case "recorded":
    case "duplicate":
      return { status };
    case "conflict":
      return {
        status,
        code: "event_conflict",
        detail: "this id was used before for another content; it was not counted again",
      };
    case "counter_overflow":
      return rejected({
        code: status,
        detail: "the counter of this customer and hour is full: send what is left for another hour",
      });
    case "too_many_series":
      return rejected({
        code: status,
        detail: "this customer has 1,000 series in this hour: use dimensions with fewer values",
      });
    case "refused_before":
      return {
        status: "conflict",
        code: "event_conflict",
        detail: "it was refused under this id before; send it under a new one",
      };
    case undefined:
      throw new Error("the record script answered too few letters");
  }
}

/** Counts results; they stay in the order sent. */
export function summarize(results: EventResult[]): RecordAnswer {
  const answer: RecordAnswer = { recorded: 0, duplicates: 0, conflicts: 0, rejected: 0, spooled: 0, results };
  for (const { status } of results) {
    switch (status) {
      case "duplicate":
        answer.duplicates += 1;
        break;
      case "conflict":
        answer.conflicts += 1;
        break;
      case "recorded":
      case "rejected":
      case "spooled":
        answer[status] += 1;
        break;
    }
  }
  return answer;
}
