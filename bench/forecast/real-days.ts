import { DAY_MS } from "../../src/domain/window.ts";
import type { Series } from "./generated-years.ts";

/**
 * Requests to NASA's Kennedy Space Center server on each day of July and August 1995, a launch on 13 July, a hurricane
 * on 1 to 3 August: daily sums of the hours in `nasa-1995-requests-per-hour.tsv`, its last day, which breaks off, left out.
 */
const NASA_DAYS = [
  64715, 60266, 89582, 70452, 94575, 100960, 87235, 38866, 35273, 72860, 80405, 92536, 134204, 84102, 45533,
  47853, 74981, 64282, 72740, 66592, 64628, 35268, 39198, 64259, 62700, 58848, 61680, 44841, 16275, 336,
  60076, 50457, 31680, 40389, 55892, 63198, 60353, 60844, 52994, 37419, 44459, 59024, 58156, 56738, 59655,
  50325, 31361, 38502, 55484, 58388, 55980, 56081, 48457, 32970, 38087, 58531, 71880, 91653,
];

/**
 * Requests of the 20 busiest clients on each of the four days from 17 to 20 May 2015 in `apache-access-2015-05.log.gz`
 * (elastic/examples); the first day begins at 10:05, the last ends at 21:05.
 */
const APACHE_DAYS = [
  [78, 180, 104, 120],
  [58, 135, 87, 84],
  [0, 0, 174, 183],
  [9, 197, 67, 0],
  [18, 42, 27, 26],
  [18, 40, 20, 24],
  [12, 28, 27, 32],
  [26, 27, 27, 4],
  [25, 21, 8, 29],
  [14, 30, 18, 20],
  [0, 32, 28, 14],
  [20, 18, 10, 17],
  [58, 0, 2, 0],
  [9, 22, 15, 14],
  [7, 18, 16, 15],
  [52, 0, 0, 0],
  [0, 50, 0, 0],
  [0, 0, 50, 0],
  [0, 0, 43, 0],
  [0, 10, 32, 0],
];
/** So that a client's few requests cost something. */
const CALLS_PER_APACHE_REQUEST = 1000;

/** One customer, known from its first day. */
export const nasa = seriesOf(Date.UTC(1995, 6, 1), NASA_DAYS);

/** Twenty customers, new in the only period that there is. */
export const apacheClients = APACHE_DAYS.map((requests) =>
  seriesOf(
    Date.UTC(2015, 4, 17),
    requests.map((count) => count * CALLS_PER_APACHE_REQUEST),
  ),
);

export const APACHE_PERIOD = { startMs: Date.UTC(2015, 4, 17), endMs: Date.UTC(2015, 4, 17) + 4 * DAY_MS };

function seriesOf(startMs: number, counts: readonly number[]): Series {
  return {
    startMs,
    days: counts.map(BigInt),
    firstDay: counts.findIndex((count) => count > 0),
    playedFromDay: 0,
  };
}
