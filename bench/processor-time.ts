import { readFileSync } from "node:fs";

/** Linux counts processor time in hundredths of a second, on every machine. */
const TICK_MS = 10;

/** User and system time of a process since its start, all threads, in ms; undefined where there is no /proc. */
export function processorMs(pid: number): number | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  // The name, in parentheses, may hold anything; the fields behind it are numbers.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
