import type { LogEntry } from "./access-log.ts";
import { seededRandom } from "./seeded-random.ts";

/** What a generated log looks like; the same settings give the same lines. */
export interface LogSettings {
  seed: number;
  requests: number;
}

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 10, 2);
const DAYS = 2;
/** One garbage line for so many requests, and three at least. */
const REQUESTS_PER_GARBAGE_LINE = 1000;
/** Share of traffic by hour of the day: quiet nights, a peak at noon and one in the evening. */
const HOURLY = [2, 1, 1, 1, 1, 2, 4, 7, 10, 12, 13, 14, 15, 14, 13, 12, 11, 10, 11, 13, 12, 9, 6, 4];
/** Out of a thousand answers. */
const STATUSES: [number, number][] = [
  [200, 880],
  [304, 40],
  [201, 15],
  [206, 5],
  [301, 10],
  [404, 30],
  [401, 8],
  [429, 4],
  [500, 6],
  [503, 2],
];
const PATHS = [
  "/v1/search?q=edge",
  "/v1/items",
  "/v1/items/42",
  "/export/csv",
  "/health",
  "/",
  '/v1/say/"hi"',
];
const METHODS = ["GET", "GET", "GET", "GET", "GET", "GET", "POST", "POST", "HEAD", "OPTIONS"];
const USERS = ["alice", "bob", "carol smith", "müller"];
const GARBAGE = [
  "",
  "198.51.100.7 - - [02/Nov/2026:00:00:01 +0000]",
  '198.51.100.7 - - [32/Nov/2026:00:00:01 +0000] "GET / HTTP/1.1" 200 12',
  '198.51.100.7 - - [02/Nov/2026:00:00:01 +0000] "GET / HTTP/1.1" 999 12',
  'segfault at 0 ip 00007f "worker"',
];

/** Generates the lines of a log: a daily rhythm, a few heavy and many light clients, some errors, some garbage. */
export function* generateLog(settings: LogSettings): Generator<string> {
  const random = seededRandom(settings.seed);
  const clients = Math.max(4, Math.trunc(settings.requests / 40));
  const garbage = Math.max(3, Math.trunc(settings.requests / REQUESTS_PER_GARBAGE_LINE));
  const times = Array.from({ length: settings.requests }, () => timeOfRequest(random)).toSorted(
    (a, b) => a - b,
  );
  const garbageAfter = new Set(
    Array.from({ length: garbage }, (_, n) => Math.trunc((times.length * n) / garbage)),
  );
  let garbageLines = 0;
  for (const [position, timeMs] of times.entries()) {
    if (garbageAfter.has(position)) {
      yield GARBAGE[garbageLines % GARBAGE.length] ?? "";
      garbageLines += 1;
    }
    yield formatLine(entryAt(timeMs, clients, random));
  }
}

function entryAt(timeMs: number, clients: number, random: () => number): LogEntry {
  // The cube makes the first few clients heavy.
  const client = Math.trunc(clients * random() ** 3);
  const status = statusOf(random() * 1000);
  const method = pick(METHODS, random);
  return {
    host: client % 9 === 8 ? `2001:db8::${client.toString(16)}` : `198.18.${client >> 8}.${client & 255}`,
    user: client % 5 === 0 ? (USERS[(client / 5) % USERS.length] ?? null) : null,
    timeMs,
    request: `${method} ${pick(PATHS, random)} HTTP/1.1`,
    status,
    bytes: status === 304 || method === "HEAD" ? null : String(Math.trunc(random() ** 4 * 200_000)),
  };
}

/** Writes an entry as a line in Combined Log Format, in UTC, to the second. */
export function formatLine(entry: LogEntry, referer = "-", agent = 'sample/1.0 ("quoted")'): string {
  const user = entry.user === null ? "-" : escape(entry.user).replaceAll(" ", "\\x20");
  const head = `${entry.host} - ${user} [${formatTime(entry.timeMs)}]`;
  const answer = `${entry.status} ${entry.bytes ?? "-"}`;
  return `${head} "${escape(entry.request)}" ${answer} "${escape(referer)}" "${escape(agent)}"`;
}

function formatTime(timeMs: number): string {
  const [, day, month, year, time] = new Date(timeMs).toUTCString().split(" ");
  return `${day}/${month}/${year}:${time} +0000`;
}

/** Escapes as Apache does: quotes, backslashes and control characters. */
function escape(text: string): string {
  return text.replace(/["\\\p{Cc}]/gu, (character) =>
    character === '"' || character === "\\"
      ? `\\${character}`
      : Array.from(Buffer.from(character), (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join(""),
  );
}

function timeOfRequest(random: () => number): number {
  const day = Math.trunc(random() * DAYS);
  let share = random() * HOURLY.reduce((sum, part) => sum + part, 0);
  const hour = HOURLY.findIndex((part) => (share -= part) < 0);
  const inHour = Math.trunc(random() * 3600) * 1000;
  return START_MS + day * DAY_MS + hour * 3_600_000 + inHour;
}

function statusOf(draw: number): number {
  let left = draw;
  return STATUSES.find(([, share]) => (left -= share) < 0)?.[0] ?? 200;
}

function pick(choices: string[], random: () => number): string {
  return choices[Math.trunc(random() * choices.length)] ?? "";
}
