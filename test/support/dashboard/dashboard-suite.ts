import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import type { RunningMeter } from "../running-meter.ts";
import { openPage, signIn, startBrowser } from "./browser.ts";

/** A meter and a browser for the tests of a file. */
export interface DashboardSuite {
  meter: () => RunningMeter;
  browser: () => Browser;
  url: (path: string) => string;
  /** Signs in, by default as an admin, and opens a page. */
  open: (path: string, key?: string) => Promise<Page>;
  /** What the API answers. */
  get: <Body>(path: string) => Promise<Body>;
}

/** Starts both before the tests of a file and ends them after. */
export function dashboardSuite(start: () => Promise<RunningMeter>): DashboardSuite {
  let started: { meter: RunningMeter; browser: Browser } | undefined;
  const running = (): { meter: RunningMeter; browser: Browser } => {
    if (started === undefined) {
      throw new Error("the suite has not started");
    }
    return started;
  };
  beforeAll(async () => {
    const [meter, browser] = await Promise.all([start(), startBrowser()]);
    started = { meter, browser };
  });
  afterAll(async () => {
    await started?.browser.close();
    await started?.meter.stop();
  });
  const url = (path: string): string => `${running().meter.worker.url}${path}`;
  return {
    meter: () => running().meter,
    browser: () => running().browser,
    url,
    open: async (path, key) => {
      const { page } = await openPage(running().browser);
      await signIn(page, url(""), key);
      await page.goto(url(path));
      return page;
    },
    get: async <Body>(path: string) => {
      const answer = await running().meter.send("GET", path);
      expect(answer?.status).toBe(200);
      return answer?.body as Body;
    },
  };
}
