import { demoCatalog } from "../../local/demo-catalog.ts";
import { localKeys } from "../../local/stores.ts";
import { createDatabase } from "../../src/ledger/database.ts";
import type { BenchStack } from "../bench-stack.ts";
import { fillUsage, type Ask } from "../flush/usage-ledger.ts";
import type { DashboardEffort } from "../options.ts";
import { fillCustomers } from "./fill-customers.ts";
import { pageCalls, type PageCalls } from "./page-calls.ts";

/** A page's time beside that of the API calls that it stands for, medians in ms. */
export interface PageFigures {
  page: string;
  pageMs: number;
  apiMs: number;
  calls: number;
  bytes: number;
  isMet: boolean;
}

/** Most that a page may take of the sum of its API calls. */
const TARGET = 2;
const FILL_TIMEOUT_MS = 300_000;
/** A simulation of all customers takes a second. */
const SIMULATIONS = 3;

/** Measures each page over a ledger of so many customers; fills it unless it is. */
export async function measureDashboard(
  stack: BenchStack,
  { usageCustomers, pageRounds }: DashboardEffort,
  progress: (line: string) => void,
  isFilled: boolean,
): Promise<PageFigures[]> {
  const { stores } = stack;
  const database = createDatabase(stores.postgres.url, `${stores.neon.url}/sql`);
  const ask: Ask = (text, params) => database.query(text, params, FILL_TIMEOUT_MS);
  if (!isFilled) {
    await stack.forgetCounts();
    await fillUsage(ask, usageCustomers, Date.now(), progress);
  }
  await fillCustomers(ask, usageCustomers);
  const { url } = stack.ours;
  const cookie = await signIn(url);
  const figures: PageFigures[] = [];
  for (const page of pageCalls(await tokenOf(url))) {
    const rounds = page.simulates ? SIMULATIONS : pageRounds;
    const measured = await measurePage(stack, page, cookie, rounds);
    progress(
      `${measured.page}: ${measured.pageMs.toFixed(1)} ms, its API calls ${measured.apiMs.toFixed(1)} ms`,
    );
    figures.push(measured);
  }
  return figures;
}

async function measurePage(
  { ours }: BenchStack,
  { name, path, calls, simulates }: PageCalls,
  cookie: string,
  rounds: number,
): Promise<PageFigures> {
  const pageTimes: number[] = [];
  const callTimes: number[][] = [];
  let bytes = 0;
  const bearer = { authorization: `Bearer ${localKeys.adminKey}` };
  for (let round = 0; round <= rounds; round += 1) {
    if (simulates) {
      // Nothing in memory but the code and the catalog.
      await ours.restart();
      await timed(`${ours.url}/catalog`, { headers: { cookie } });
      await timed(`${ours.url}${calls[0] ?? ""}`, { headers: bearer });
    }
    const page = await timed(`${ours.url}${path}`, { headers: { cookie } });
    const times: number[] = [];
    for (const call of calls) {
      times.push((await timed(`${ours.url}${call}`, { headers: bearer })).ms);
    }
    if (simulates) {
      times.push((await timed(`${ours.url}/v1/catalog/simulate`, simulation(bearer))).ms);
    }
    // The first is for warming up.
    if (round > 0) {
      pageTimes.push(page.ms);
      callTimes.push(times);
      bytes = page.bytes;
    }
  }
  const apiMs = medianOf(callTimes.map((times) => times.reduce((sum, ms) => sum + ms, 0)));
  const pageMs = medianOf(pageTimes);
  const count = calls.length + (simulates ? 1 : 0);
  return { page: name, pageMs, apiMs, calls: count, bytes, isMet: pageMs <= TARGET * apiMs };
}

function simulation(headers: Record<string, string>): RequestInit {
  return {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ catalog: demoCatalog, period: "current" }),
  };
}

async function timed(url: string, init: RequestInit): Promise<{ ms: number; bytes: number }> {
  const startedMs = performance.now();
  const response = await fetch(url, { ...init, redirect: "manual" });
  const body = await response.arrayBuffer();
  const ms = performance.now() - startedMs;
  if (response.status !== 200) {
    throw new Error(`${url} answers ${response.status}`);
  }
  return { ms, bytes: body.byteLength };
}

function medianOf(values: readonly number[]): number {
  const rising = values.toSorted((left, right) => left - right);
  return rising[Math.floor(rising.length / 2)] ?? 0;
}

async function signIn(url: string): Promise<string> {
  const response = await fetch(`${url}/sign-in`, {
    method: "POST",
    headers: { origin: url, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ key: localKeys.adminKey }),
    redirect: "manual",
  });
  const [cookie = ""] = (response.headers.get("set-cookie") ?? "").split(";");
  if (cookie === "") {
    throw new Error(`nobody is signed in: ${response.status}`);
  }
  return cookie;
}

async function tokenOf(url: string): Promise<string> {
  const response = await fetch(`${url}/v1/customers/cus_77/tokens`, {
    method: "POST",
    headers: { authorization: `Bearer ${localKeys.adminKey}`, "content-type": "application/json" },
    body: "{}",
  });
  if (!response.ok) {
    throw new Error(`no token is made: ${response.status} ${await response.text()}`);
  }
  return ((await response.json()) as { token: string }).token;
}
