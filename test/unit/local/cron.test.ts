import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startCron } from "../../../local/cron.ts";

const START_MS = Date.parse("2026-11-23T12:15:30Z");

let fired: string[];
let printed: string[];
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
  fired = [];
  printed = [];
});

afterEach(() => {
  stop();
  vi.useRealTimers();
});

function start(fire: (cron: string) => Promise<void> = () => Promise.resolve()): void {
  stop = startCron({
    fire: (cron, timeMs) => {
      fired.push(`${cron} ${new Date(timeMs).toISOString().slice(11, 19)}`);
      return fire(cron);
    },
    print: (line) => printed.push(line),
  });
}

test("cron: fires on the full minute, the hourly trigger at :17 as well", async () => {
  start();
  await vi.advanceTimersByTimeAsync(29_999);
  expect(fired).toEqual([]);
  await vi.advanceTimersByTimeAsync(150_001);
  expect(fired).toEqual([
    "* * * * * 12:16:00",
    "* * * * * 12:17:00",
    "17 * * * * 12:17:00",
    "* * * * * 12:18:00",
  ]);
});

test("cron: never overlaps a trigger with itself, and says so", async () => {
  const endings: (() => void)[] = [];
  start(() => new Promise((resolve) => endings.push(resolve)));
  await vi.advanceTimersByTimeAsync(90_000);
  expect(fired).toEqual(["* * * * * 12:16:00", "17 * * * * 12:17:00"]);
  expect(printed).toEqual(['Cron "* * * * *" left out: the last one still runs.']);
  endings[0]?.();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(fired.at(-1)).toBe("* * * * * 12:18:00");
});

test("cron: a failure is printed and the next turn comes", async () => {
  start(() => Promise.reject(new Error("the handler ended with exception")));
  await vi.advanceTimersByTimeAsync(30_000);
  expect(printed).toEqual(['Cron "* * * * *" failed: the handler ended with exception']);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(fired).toHaveLength(3);
});

test("cron: fires no more once it is stopped", async () => {
  start();
  stop();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(fired).toEqual([]);
});
