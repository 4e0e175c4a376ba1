import { DAY_MS, HOUR_MS, isoTime } from "../domain/window.ts";
import {
  changedDays,
  customersOfDay,
  differingDays,
  type CustomerDay,
  type DayDrift,
} from "../ledger/day-check.ts";
import type { Database } from "../ledger/database.ts";
import { openFindings, settleFindings, type Finding } from "../ledger/integrity-findings.ts";

/** Changes of this long are looked at by each run: a day, and two hours for runs that fail. */
const CHANGED_WITHIN_MS = 26 * HOUR_MS;
/** How old an hour may be whose bucket is still flushed: a bucket's life, and two days in which it may be made late. */
const FLUSHED_HOURS_MS = 12 * DAY_MS;
/** Most customer-days of a run that changed lately; which of more differs from hour to hour. */
const MAX_CHANGED = 2000;
/** Most customer-days of the older day that a run looks at. */
const MAX_OLDER = 500;
/** Most known findings that a run looks at again. */
const MAX_OPEN = 500;
/** Customer-days compared by one statement. */
const PAGE = 250;
/** A day this young has hours: no retention is shorter. */
const ALL_HOURS_MS = 28 * DAY_MS;
const DAYS_OF_A_MONTH = 31;

export interface DaysReport {
  checked: number;
  drifted: number;
}

/**
 * Recomputes days from their hours and keeps where they do not agree: what changed lately, one older day per hour in turn,
 * and what did not agree before. Changes no usage.
 */
export async function checkDays(
  database: Database,
  nowMs: number,
  retentionMonths: number,
): Promise<DaysReport> {
  const seed = Math.floor(nowMs / HOUR_MS);
  const older = dayOf(nowMs - DAY_MS * (1 + (seed % (retentionMonths * DAYS_OF_A_MONTH))));
  const open = await openFindings(database, "days", MAX_OPEN);
  const days = distinct([
    ...[...open].map(readSubject),
    ...(await changedDays(database, nowMs - FLUSHED_HOURS_MS, nowMs - CHANGED_WITHIN_MS, seed, MAX_CHANGED)),
    ...(await customersOfDay(database, older, seed, MAX_OLDER)),
  ]);
  const drifted: Finding[] = [];
  for (let first = 0; first < days.length; first += PAGE) {
    const page = days.slice(first, first + PAGE);
    drifted.push(...(await differingDays(database, page, dayOf(nowMs - ALL_HOURS_MS))).map(findingOf));
  }
  const subjects = new Set(drifted.map(({ subject }) => subject));
  const agreed = [...open].filter((subject) => !subjects.has(subject));
  await settleFindings(database, "days", { drifted, agreed }, nowMs);
  return { checked: days.length, drifted: drifted.length };
}

function findingOf({ customerId, day, differing, series }: DayDrift): Finding {
  return { subject: subjectOf({ customerId, day }), detail: { customerId, day, differing, series } };
}

function subjectOf({ customerId, day }: CustomerDay): string {
  return JSON.stringify([customerId, day]);
}

function readSubject(subject: string): CustomerDay {
  const [customerId, day] = JSON.parse(subject) as [string, string];
  return { customerId, day };
}

function distinct(days: readonly CustomerDay[]): CustomerDay[] {
  return [...new Map(days.map((day) => [subjectOf(day), day])).values()];
}

/** The UTC date of a moment. */
function dayOf(timeMs: number): string {
  return isoTime(timeMs).slice(0, 10);
}
