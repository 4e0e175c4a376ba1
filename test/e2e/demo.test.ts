import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { generateLog } from "../../local/demo/generate-log.ts";

const ROOT = join(import.meta.dirname, "../..");
const TRAFFIC = join(ROOT, "../shared/traffic");
const TIMEOUT_MS = 180_000;

const dir = mkdtempSync(join(tmpdir(), "edgemeter-demo-test-"));
afterAll(() => rmSync(dir, { recursive: true }));

interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the demo as a user does, in a process of its own. */
function runDemo(args: string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const demo = spawn(process.execPath, [join(ROOT, "local/demo/main.ts"), ...args], { cwd: ROOT });
    const run: Run = { code: null, stdout: "", stderr: "" };
    demo.stdout.on("data", (chunk: Buffer) => (run.stdout += chunk.toString()));
    demo.stderr.on("data", (chunk: Buffer) => (run.stderr += chunk.toString()));
    demo.on("error", reject);
    demo.on("close", (code) => resolve({ ...run, code }));
  });
}

interface Figures {
  customer: string;
  requests: number;
  billable: number;
  counted: string;
  ledger: string;
  invoiced: string;
  total: string;
  stripeTotal: string;
}

function readFigures(path: string): Figures[] {
  const document = JSON.parse(readFileSync(path, "utf8")) as { metric: string; customers: Figures[] };
  expect(document.metric).toBe("api_calls");
  return document.customers;
}

/** Price of API calls in the demo catalog, in cents, for calls in thousands: 10 free, then 100 up to 100, then 50. */
function priceOfThousands(thousands: bigint): string {
  const upTo = (limit: bigint): bigint => (thousands < limit ? thousands : limit);
  const cents = (upTo(100n) - upTo(10n)) * 100n + (upTo(1000n) - upTo(100n)) * 50n;
  return `${cents / 100n}.${(cents % 100n).toString().padStart(2, "0")}`;
}

/** What every room must say of a client with so many billable requests. */
function expected(customer: string, requests: number, billable: number, weight: number): Figures {
  const units = (billable * weight).toString();
  const total = weight === 1000 ? priceOfThousands(BigInt(billable)) : "0.00";
  return {
    customer,
    requests,
    billable,
    counted: units,
    ledger: units,
    invoiced: units,
    total,
    stripeTotal: total,
  };
}

function byCustomer(figures: Figures[]): Figures[] {
  return figures.toSorted((a, b) => (a.customer < b.customer ? -1 : 1));
}

/** Requests and billable ones per key, counted by splitting lines, without the demo's own parser. */
function count(lines: string[], keyOf: (line: string) => string): Figures[] {
  const groups = Map.groupBy(
    lines.filter((line) => /" [2-5]\d\d (\d+|-) "-" /.test(line) && !line.includes("32/Nov")),
    keyOf,
  );
  return [...groups].map(([key, of]) => {
    const billable = of.filter((line) => / "(?!OPTIONS ).*" [23]\d\d (\d+|-) "-" /.test(line)).length;
    return expected(key, of.length, billable, 1000);
  });
}

test(
  "demo: a generated log is counted, kept, invoiced and reconciled to the last request",
  async () => {
    const log = join(dir, "small.log");
    const json = join(dir, "small.json");
    const lines = [...generateLog({ seed: 3, requests: 600 })];
    writeFileSync(log, `${lines.join("\n")}\n`);
    const run = await runDemo(["--log", log, "--weight", "1000", "--duration", "1", "--json", json]);
    expect(run.stderr).toBe("");
    expect(run.code).toBe(0);
    expect(run.stdout).not.toContain("DIFFERS");
    const figures = readFigures(json);
    expect(byCustomer(figures)).toEqual(byCustomer(count(lines, (line) => line.split(" ")[0] ?? "")));
    expect(figures.some(({ stripeTotal }) => stripeTotal !== "0.00")).toBe(true);
  },
  TIMEOUT_MS,
);

function lineOfUser(user: string): string {
  return `203.0.113.9 - ${user} [02/Nov/2026:00:00:01 +0000] "GET / HTTP/1.1" 200 1 "-" "-"`;
}

test(
  "demo: customers by user, whose names hold anything",
  async () => {
    const log = join(dir, "users.log");
    const json = join(dir, "users.json");
    const users = ["-", "carol\\x20smith", "a/b?c#d%25", "\\xc3\\xbc", "-", "x\\\\y", "...", "日本"];
    writeFileSync(log, [...users.map(lineOfUser), "garbage"].join("\n"));
    const run = await runDemo(["--log", log, "--customer-from", "user", "--duration", "0", "--json", json]);
    expect(run.stderr).toBe("");
    expect(run.code).toBe(0);
    const names = ["anonymous", "carol smith", "a/b?c#d%25", "ü", "x\\y", "...", "日本"];
    const figures = names.map((name) =>
      expected(name, name === "anonymous" ? 2 : 1, name === "anonymous" ? 2 : 1, 1),
    );
    expect(byCustomer(readFigures(json))).toEqual(byCustomer(figures));
    expect(run.stdout).toContain(
      "1 × does not begin with host, identity, user and [time]\n      line 9: garbage\n",
    );
  },
  TIMEOUT_MS,
);

test.skipIf(!existsSync(TRAFFIC))(
  "demo: over the real log every client is counted and invoiced as the truth says",
  async () => {
    const json = join(dir, "truth.json");
    const log = join(TRAFFIC, "apache-access-2015-05.log.gz");
    const run = await runDemo(["--log", log, "--weight", "1000", "--duration", "0", "--json", json]);
    expect(run.stderr).toBe("");
    expect(run.code).toBe(0);
    const [, ...rows] = readFileSync(join(TRAFFIC, "apache-access-2015-05.truth.tsv"), "utf8")
      .trimEnd()
      .split("\n");
    const truth = rows.map((row) => {
      const [client = "", requests, billable] = row.split("\t");
      return expected(client, Number(requests), Number(billable), 1000);
    });
    expect(truth).toHaveLength(1753);
    expect(byCustomer(readFigures(json))).toEqual(byCustomer(truth));
  },
  TIMEOUT_MS,
);

test.each([
  ["an unknown option", ["--bogus"], "Unknown option '--bogus'.\n"],
  ["a log that is not there", ["--log", "missing.log"], "Cannot read the log missing.log: ENOENT"],
  [
    "a file that is no log",
    ["--log", "LICENSE"],
    "No line of LICENSE is a request in Common or Combined Log Format.\n",
  ],
  [
    "figures that cannot be written",
    ["--json", "missing/figures.json"],
    "Cannot write --json missing/figures.json: ENOENT",
  ],
])("demo: %s is said in one sentence, with exit code 2", async (_, args, sentence) => {
  const run = await runDemo(args);
  expect(run.code).toBe(2);
  expect(run.stderr.startsWith(sentence)).toBe(true);
  expect(run.stderr.split("\n")).toHaveLength(2);
});
