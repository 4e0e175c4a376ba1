import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { formatLine, generateLog } from "../../../local/demo/generate-log.ts";
import { MAX_LINE_BYTES, readLines } from "../../../local/demo/log-lines.ts";
import { readRequests, surveyLog } from "../../../local/demo/survey.ts";

const dir = mkdtempSync(join(tmpdir(), "edgemeter-survey-"));
afterAll(() => rmSync(dir, { recursive: true }));

function logFile(name: string, content: string | Buffer): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) {
    collected.push(item);
  }
  return collected;
}

test.each<[string, string | Buffer, string[]]>([
  ["nothing", "", []],
  ["a line without its end", "a", ["a"]],
  ["lines", "a\nb\n", ["a", "b"]],
  ["lines of Windows", "a\r\nb\r\n", ["a", "b"]],
  ["empty lines", "\na\n\n", ["", "a", ""]],
  ["UTF-8", "ü\n", ["ü"]],
  ["what is no UTF-8", Buffer.from([0xfc, 10, 0x61]), ["ü", "a"]],
  ["gzip", gzipSync("a\nb\n"), ["a", "b"]],
  ["gzip in two parts", Buffer.concat([gzipSync("a\n"), gzipSync("b\n")]), ["a", "b"]],
])("lines: reads %s", async (name, content, lines) => {
  expect(await collect(readLines(logFile(name, content)))).toEqual(lines);
});

test("lines: a line longer than a chunk stays whole, one longer than the limit is cut", async () => {
  const whole = "w".repeat(MAX_LINE_BYTES);
  const path = logFile("long", `${whole}\n${"x".repeat(5 * MAX_LINE_BYTES)}\nend`);
  const lines = await collect(readLines(path));
  expect(lines.map(({ length }) => length)).toEqual([MAX_LINE_BYTES, MAX_LINE_BYTES + 1, 3]);
  expect(lines[2]).toBe("end");
});

test("lines: a gzip file that is cut off is an error", async () => {
  const cut = gzipSync("a\n".repeat(1000)).subarray(0, -10);
  await expect(collect(readLines(logFile("cut.gz", cut)))).rejects.toThrow("unexpected end of file");
});

test("lines: a file that is not there is an error", async () => {
  await expect(collect(readLines(join(dir, "missing")))).rejects.toThrow("ENOENT");
});

const START_MS = Date.parse("2026-11-02T00:00:00Z");

function line(host: string, afterSeconds: number, status: number): string {
  const timeMs = START_MS + afterSeconds * 1000;
  return formatLine({ host, user: null, timeMs, request: "GET / HTTP/1.1", status, bytes: "1" });
}

test("survey: counts lines, requests, customers, statuses and what is unparsable by reason", async () => {
  const path = logFile(
    "survey",
    [
      line("a", 0, 200),
      "",
      line("b", 10, 404),
      "junk 1",
      "junk 2",
      "junk 3",
      "junk 4",
      line("a", 5, 200),
    ].join("\n"),
  );
  const survey = await surveyLog(path, "ip");
  expect(survey.lines).toBe(8);
  expect(survey.requests).toBe(3);
  expect([...survey.customers]).toEqual(["a", "b"]);
  expect(survey.byStatus).toEqual(
    new Map([
      [200, 2],
      [404, 1],
    ]),
  );
  const junk = "does not begin with host, identity, user and [time]";
  expect([...survey.unparsable.values()]).toEqual([
    { reason: "empty line", count: 1, examples: [{ lineNumber: 2, line: "" }] },
    {
      reason: junk,
      count: 4,
      examples: [4, 5, 6].map((lineNumber) => ({ lineNumber, line: `junk ${lineNumber - 3}` })),
    },
  ]);
});

test("survey: a step back in time is no part of the span", async () => {
  const path = logFile(
    "span",
    [line("a", 0, 200), line("a", 10, 200), line("a", 4, 200), line("a", 12, 200)].join("\n"),
  );
  expect((await surveyLog(path, "ip")).spanMs).toBe(12_000);
});

test("survey: what is added to the log later is not replayed", async () => {
  const path = logFile("grown", [line("a", 0, 200), "junk", line("b", 1, 200)].join("\n"));
  const requests = await collect(readRequests(path, "ip", 2));
  expect(requests.map(({ customerId }) => customerId)).toEqual(["a"]);
});

test("generated log: the same settings give the same lines", () => {
  const [first, again, other] = [7, 7, 8].map((seed) => [...generateLog({ seed, requests: 500 })].join("\n"));
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

test.each([1, 2, 100, 3000])(
  "generated log: has %i requests and some lines that are none",
  async (requests) => {
    const lines = [...generateLog({ seed: 1, requests })];
    const survey = await surveyLog(logFile(`generated-${requests}`, lines.join("\n")), "ip");
    expect(survey.requests).toBe(requests);
    expect(survey.lines).toBe(lines.length);
    expect(survey.unparsable.size).toBeGreaterThan(0);
  },
);

test("generated log: a few clients are heavy, many are light", () => {
  const hosts = [...generateLog({ seed: 1, requests: 10_000 })].map((text) => text.split(" ")[0]);
  const sizes = [...Map.groupBy(hosts, (host) => host).values()]
    .map((of) => of.length)
    .toSorted((a, b) => b - a);
  const heaviest = sizes.slice(0, 12).reduce((sum, size) => sum + size, 0);
  expect(sizes.length).toBeGreaterThan(200);
  expect(heaviest).toBeGreaterThan(3000);
});

const TRAFFIC = join(import.meta.dirname, "../../../../shared/traffic");

test.skipIf(!existsSync(TRAFFIC))(
  "real log: requests and billable ones per client are those of the truth",
  async () => {
    const path = join(TRAFFIC, "apache-access-2015-05.log.gz");
    const counts = new Map<string, [number, number]>();
    for await (const { customerId, entry } of readRequests(path, "ip", Number.POSITIVE_INFINITY)) {
      const [requests, billable] = counts.get(customerId) ?? [0, 0];
      counts.set(customerId, [requests + 1, billable + (entry.status < 400 ? 1 : 0)]);
    }
    const [, ...rows] = readFileSync(join(TRAFFIC, "apache-access-2015-05.truth.tsv"), "utf8")
      .trimEnd()
      .split("\n");
    const truth = rows.map((row) => row.split("\t"));
    expect(truth).toHaveLength(1753);
    expect(counts).toEqual(new Map(truth.map(([client, ...of]) => [client, of.map(Number)])));
  },
);
