import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");
const VITEST = join(ROOT, "node_modules", "vitest", "vitest.mjs");

/** The tests that play random schedules, and how many of each kind a soak plays. */
const SUITES = [
  { file: "test/faults/counting.test.ts", schedules: { SCHEDULES: 50_000 } },
  {
    file: "test/faults/flush-schedules.test.ts",
    schedules: { MODELLED_SCHEDULES: 1_000_000, REAL_SCHEDULES: 2_000 },
  },
  { file: "test/faults/invoicing-schedules.test.ts", schedules: { INVOICING_SCHEDULES: 2_000 } },
  // Not schedules but requests, made of the API's document.
  { file: "test/faults/api-fuzz.test.ts", schedules: { API_REQUESTS: 20_000 } },
  { file: "test/faults/alerts.test.ts", schedules: { ALERT_SCHEDULES: 1_000 } },
];

/** One suite, played at length. */
export interface PlayedSuite {
  file: string;
  schedules: Record<string, number>;
  hasPassed: boolean;
  seconds: number;
}

/** Plays so many times the soak's schedules, one suite after the other; their tests tell how far they are. */
export async function playSchedules(factor: number, signal: AbortSignal): Promise<PlayedSuite[]> {
  const played: PlayedSuite[] = [];
  for (const { file, schedules: numbers } of SUITES) {
    const schedules = Object.fromEntries(
      Object.entries(numbers).map(([name, number]) => [name, Math.max(1, Math.round(number * factor))]),
    );
    const startMs = performance.now();
    const hasPassed = await runVitest(file, schedules, signal);
    played.push({ file, schedules, hasPassed, seconds: Math.round((performance.now() - startMs) / 1000) });
  }
  return played;
}

async function runVitest(
  file: string,
  schedules: Record<string, number>,
  signal: AbortSignal,
): Promise<boolean> {
  signal.throwIfAborted();
  const environment = Object.fromEntries(
    Object.entries(schedules).map(([name, number]) => [name, String(number)]),
  );
  const child = spawn(
    process.execPath,
    [VITEST, "run", "--project", "faults", file, "--testTimeout", "7200000", "--silent=false"],
    { cwd: ROOT, env: { ...process.env, ...environment }, stdio: "inherit", signal, killSignal: "SIGTERM" },
  );
  const [code] = (await once(child, "exit")) as [number | null];
  return code === 0;
}
