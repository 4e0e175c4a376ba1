import { ApiProblem } from "./problem.ts";

/** Reads a month such as `2026-11`, as its first moment in UTC; anything else is the caller's fault at `name`. */
export function readMonth(text: string, name: string): number {
  const month = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(text);
  // Years before 100 are others to Date; the last has no end of four digits.
  if (month === null || Number(month[1]) < 1970 || Number(month[1]) > 9998) {
    throw new ApiProblem("invalid_request", `${name}: the month in which it starts, e.g. 2026-11`);
  }
  return Date.UTC(Number(month[1]), Number(month[2]) - 1);
}
