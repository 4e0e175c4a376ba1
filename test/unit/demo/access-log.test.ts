import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseLine, type LogEntry } from "../../../local/demo/access-log.ts";
import { formatLine } from "../../../local/demo/generate-log.ts";

const PLAIN: LogEntry = {
  host: "203.0.113.9",
  user: null,
  timeMs: Date.parse("2015-05-17T10:05:03Z"),
  request: "GET /index.html HTTP/1.1",
  status: 200,
  bytes: "203023",
};

const COMMON = '203.0.113.9 - - [17/May/2015:10:05:03 +0000] "GET /index.html HTTP/1.1" 200 203023';

test.each<[string, string, Partial<LogEntry>]>([
  ["the common format", COMMON, {}],
  ["the combined format", `${COMMON} "http://a.example/" "Mozilla/5.0 (X11)"`, {}],
  ["an escaped quote in the user agent", `${COMMON} "-" "say \\"hi\\""`, {}],
  ["a user agent that is cut off", `${COMMON} "http://a.example/" "Mozilla/5.0 (X11`, {}],
  ["further fields", `${COMMON} "-" "curl" 0.003 upstream`, {}],
  ["no size", COMMON.replace("203023", "-"), { bytes: null }],
  ["an IPv6 address", COMMON.replace("203.0.113.9", "2001:db8::1"), { host: "2001:db8::1" }],
  ["a host name", COMMON.replace("203.0.113.9", "a.example"), { host: "a.example" }],
  ["a user", COMMON.replace("- - ", "- alice "), { user: "alice" }],
  ["a user with a space", COMMON.replace("- - ", "- carol smith "), { user: "carol smith" }],
  ["a user with an escaped space", COMMON.replace("- - ", "- carol\\x20smith "), { user: "carol smith" }],
  [
    "a user with a backslash and a space",
    COMMON.replace("- - ", "- carol\\ smith "),
    { user: "carol smith" },
  ],
  ["a user with a bracket", COMMON.replace("- - ", "- [x] "), { user: "[x]" }],
  ["a user in escaped UTF-8", COMMON.replace("- - ", "- m\\xc3\\xbcller "), { user: "müller" }],
  ["a user in bytes that are no UTF-8", COMMON.replace("- - ", "- m\\xfcller "), { user: "m\\xfcller" }],
  ["an empty user", COMMON.replace("- - ", '- "" '), { user: null }],
  [
    "an escaped quote in the request",
    COMMON.replace("index", '\\"a\\" 404 1 \\"'),
    {
      request: 'GET /"a" 404 1 ".html HTTP/1.1',
    },
  ],
  [
    "a TLS handshake",
    COMMON.replace("GET /index.html HTTP/1.1", "\\x16\\x03\\x01"),
    {
      request: "\u0016\u0003\u0001",
    },
  ],
  ["no request", COMMON.replace("GET /index.html HTTP/1.1", "-"), { request: "-" }],
  ["an empty request", COMMON.replace("GET /index.html HTTP/1.1", ""), { request: "" }],
  [
    "a time west of Greenwich",
    COMMON.replace("+0000", "-0730"),
    {
      timeMs: Date.parse("2015-05-17T17:35:03Z"),
    },
  ],
  [
    "a time east of Greenwich",
    COMMON.replace("+0000", "+0530"),
    {
      timeMs: Date.parse("2015-05-17T04:35:03Z"),
    },
  ],
  [
    "a leap day",
    COMMON.replace("17/May/2015", "29/Feb/2016"),
    {
      timeMs: Date.parse("2016-02-29T10:05:03Z"),
    },
  ],
  [
    "a leap second",
    COMMON.replace("10:05:03", "23:59:60"),
    {
      timeMs: Date.parse("2015-05-18T00:00:00Z"),
    },
  ],
  ["the lowest status", COMMON.replace(" 200 ", " 200 "), { status: 200 }],
  ["the highest status", COMMON.replace(" 200 ", " 599 "), { status: 599 }],
])("parse: reads %s", (_, line, changes) => {
  expect(parseLine(line)).toEqual({ kind: "entry", entry: { ...PLAIN, ...changes } });
});

const HEAD = "does not begin with host, identity, user and [time]";
const STATUS = "status that a Worker cannot answer with (below 200 or above 599)";

test.each<[string, string, string]>([
  ["an empty line", "", "empty line"],
  ["blanks", " \t ", "empty line"],
  ["prose", "logrotate: started", HEAD],
  ["a line cut in its time", COMMON.slice(0, 30), HEAD],
  ["no host", COMMON.slice("203.0.113.9 ".length), HEAD],
  ["a month in lower case", COMMON.replace("May", "may"), HEAD],
  ["a month that there is not", COMMON.replace("May", "Mai"), "no such time"],
  ["a day that there is not", COMMON.replace("17/May", "31/Jun"), "no such time"],
  ["day 0", COMMON.replace("17/May", "00/May"), "no such time"],
  ["a leap day in another year", COMMON.replace("17/May/2015", "29/Feb/2015"), "no such time"],
  ["hour 24", COMMON.replace("10:05:03", "24:05:03"), "no such time"],
  ["minute 60", COMMON.replace("10:05:03", "10:60:03"), "no such time"],
  ["second 61", COMMON.replace("10:05:03", "10:05:61"), "no such time"],
  ["no quotes", COMMON.replaceAll('"', ""), "no request in quotes after the time"],
  ["an unclosed quote", COMMON.replace(' HTTP/1.1"', " HTTP/1.1"), "no request in quotes after the time"],
  ["a line cut in its request", COMMON.slice(0, 60), "no request in quotes after the time"],
  ["a bare quote in the request", COMMON.replace("index", '"x" '), "no request in quotes after the time"],
  ["no size", COMMON.slice(0, -7), "no status and size after the request"],
  ["a negative size", COMMON.replace("203023", "-5"), "no status and size after the request"],
  ["a size beyond 64 bits", COMMON.replace("203023", "9".repeat(20)), "no status and size after the request"],
  ["no status", COMMON.replace(" 200 ", " - "), "status is no three digits"],
  ["a status of four digits", COMMON.replace(" 200 ", " 2000 "), "status is no three digits"],
  ["status 0", COMMON.replace(" 200 ", " 000 "), STATUS],
  ["status 101", COMMON.replace(" 200 ", " 101 "), STATUS],
  ["status 199", COMMON.replace(" 200 ", " 199 "), STATUS],
  ["status 600", COMMON.replace(" 200 ", " 600 "), STATUS],
])("parse: %s is unparsable", (_, line, reason) => {
  expect(parseLine(line)).toEqual({ kind: "unparsable", reason });
});

/** Text that a log can hold: no line ends of its own, they are escaped. */
const text = fc
  .string({ unit: "binary", maxLength: 40 })
  .filter((value) => !/[\u0085\u2028\u2029]/.test(value));
const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
const user = fc.option(text.filter((value) => value.trim() !== "" && value !== "-"));
const entry = fc.record({
  host,
  user,
  timeMs: fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1000),
  request: text,
  status: fc.integer({ min: 200, max: 599 }),
  bytes: fc.option(fc.nat().map(String)),
});

test("parse: reads back every entry as it was written", () => {
  fc.assert(
    fc.property(entry, text, text, (written, referer, agent) => {
      const line = formatLine(written, referer, agent);
      expect(line).not.toContain("\n");
      expect(parseLine(line)).toEqual({ kind: "entry", entry: written });
    }),
    { numRuns: 2000 },
  );
});

test("parse: never throws, whatever a line holds", () => {
  const pieces = fc.constantFrom(
    '"',
    "\\",
    "\\x",
    " ",
    "[",
    "]",
    "-",
    "GET / HTTP/1.1",
    "200",
    COMMON,
    "\\xff",
  );
  const line = fc.array(fc.oneof(pieces, text), { maxLength: 12 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(line, (value) => {
      expect(["entry", "unparsable"]).toContain(parseLine(value).kind);
    }),
  );
});

test("parse: a long line of brackets and quotes is read within the test's time limit", () => {
  const lines = [
    "a a " + "[".repeat(60_000),
    "a a " + " [1".repeat(20_000),
    `${COMMON.slice(0, 50)}${"\\".repeat(60_000)}`,
  ];
  expect(lines.map((line) => parseLine(line).kind)).toEqual(["unparsable", "unparsable", "unparsable"]);
});
