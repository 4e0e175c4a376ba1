/** One request as an access log tells it; what the log has as `-` is null. */
export interface LogEntry {
  host: string;
  user: string | null;
  timeMs: number;
  /** The request line, unescaped: method, target and protocol, or whatever the client sent instead. */
  request: string;
  /** 200 to 599. */
  status: number;
  /** Digits. */
  bytes: string | null;
}

/** A line read, or why it cannot be replayed; reasons are few, so that lines can be counted by them. */
export type ParsedLine = { kind: "entry"; entry: LogEntry } | { kind: "unparsable"; reason: string };

/** Host, identity, user and time. The user may hold spaces: it ends where a time in brackets begins. */
const HEAD = /^(\S+) (\S+) (.*?) \[(\d{2}\/[A-Z][a-z]{2}\/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\] /;
const REQUEST = /"((?:[^"\\]|\\.)*)" /y;
// Referer and user agent, which follow in the Combined format, are not read: servers cut them off in mid-quote.
const STATUS_AND_BYTES = /(\S+) (\d{1,19}|-)(?= |$)/y;
/**
 * Reads one line in Common or Combined Log Format, without its line end.
 *
 * Escapes are those of Apache (`\"`, `\\`, `\n`, `\xhh` …) and `\ ` for a space.
 */
export function parseLine(line: string): ParsedLine {
  if (line.trim() === "") {
    return unparsable("empty line");
  }
  const head = HEAD.exec(line);
  if (head === null) {
    return unparsable("does not begin with host, identity, user and [time]");
  }
  const timeMs = parseTime(head[4] ?? "");
  if (timeMs === undefined) {
    return unparsable("no such time");
  }
  REQUEST.lastIndex = head[0].length;
  const request = REQUEST.exec(line);
  if (request === null) {
    return unparsable("no request in quotes after the time");
  }
  STATUS_AND_BYTES.lastIndex = REQUEST.lastIndex;
  const answer = STATUS_AND_BYTES.exec(line);
  if (answer === null) {
    return unparsable("no status and size after the request");
  }
  const status = parseStatus(answer[1] ?? "");
  if (typeof status !== "number") {
    return unparsable(status.reason);
  }
  return {
    kind: "entry",
    entry: {
      host: head[1] ?? "",
      user: parseUser(head[3] ?? ""),
      timeMs,
      request: unescape(request[1] ?? ""),
      status,
      bytes: answer[2] === "-" ? null : (answer[2] ?? null),
    },
  };
}

function unparsable(reason: string): ParsedLine {
  return { kind: "unparsable", reason };
}

function parseStatus(text: string): number | { reason: string } {
  if (!/^\d{3}$/.test(text)) {
    return { reason: "status is no three digits" };
  }
  const status = Number(text);
  return status >= 200 && status <= 599
    ? status
    : { reason: "status that a Worker cannot answer with (below 200 or above 599)" };
}

/** Apache writes an absent user as `-` and an empty one as `""`. */
function parseUser(text: string): string | null {
  return text === "-" || text === "" || text === '""' ? null : unescape(text);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const TIME = /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})$/;

function parseTime(text: string): number | undefined {
  const match = TIME.exec(text);
  const month = MONTHS.indexOf(match?.[2] ?? "");
  if (match === null || month === -1) {
    return undefined;
  }
  const number = (group: number): number => Number(match[group]);
  const dayMs = Date.UTC(number(3), month, number(1));
  const [hour, minute, second, offsetMinute] = [number(4), number(5), number(6), number(9)] as const;
  // Second 60 is a leap second: the log has it, a clock does not.
  const isReal = new Date(dayMs).getUTCDate() === number(1) && hour <= 23 && minute <= 59 && second <= 60;
  if (!isReal || offsetMinute > 59) {
    return undefined;
  }
  const offsetMinutes = (match[7] === "-" ? -1 : 1) * (number(8) * 60 + offsetMinute);
  return dayMs + ((hour * 60 + minute - offsetMinutes) * 60 + second) * 1000;
}

const ESCAPE = /(?:\\x[0-9a-fA-F]{2})+|\\(.)/gs;
const NAMED: Record<string, string> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", v: "\v" };
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Undoes a log's escapes; bytes that are no UTF-8 stay as they are written. */
function unescape(text: string): string {
  return text.replace(ESCAPE, (written, character: string | undefined) => {
    if (character !== undefined) {
      return NAMED[character] ?? character;
    }
    try {
      return utf8.decode(Buffer.from(written.replaceAll("\\x", ""), "hex"));
    } catch {
      return written;
    }
  });
}
