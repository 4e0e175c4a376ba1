import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserPath, openPage, signIn, startBrowser } from "../../support/dashboard/browser.ts";
import { MARKUP_NAME, startDemoWorld } from "../../support/dashboard/demo-world.ts";
import { dashboardPages } from "../../support/dashboard/pages.ts";
import type { RunningMeter } from "../../support/running-meter.ts";

const MAX_PAGE_BYTES = 100_000;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let meter: RunningMeter;
let browser: Browser;

const IS_IN_WIDTH = "document.documentElement.scrollWidth <= innerWidth";

/** A page's bytes with all that it loads beside itself, uncompressed. */
async function bytesOf(html: string): Promise<number> {
  const assets = new Set([...html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path]) => path));
  expect(assets.size).toBeGreaterThanOrEqual(3);
  const sizes = [...assets].map(async (path) => {
    const response = await fetch(`${meter.worker.url}${path}`);
    expect(response.status).toBe(200);
    return (await response.arrayBuffer()).byteLength;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, Buffer.byteLength(html));
}

/** Serious and critical violations that axe finds. */
async function violations(page: Page): Promise<string[]> {
  // Evaluated through the debugger: the page's own policy lets no such script in.
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run: () => Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>;
      };
    };
    const found = await axe.run();
    return found.violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
  });
}

describe.skipIf(browserPath === undefined)("dashboard", () => {
  beforeAll(async () => {
    [meter, browser] = await Promise.all([startDemoWorld(), startBrowser()]);
  });
  afterAll(async () => {
    await browser.close();
    await meter.stop();
  });

  test.each(["light", "dark"] as const)(
    "pages: each is accessible, small, asks no other host and breaks no policy, %s",
    async (colorScheme) => {
      const { context, page, requests, errors } = await openPage(browser, { colorScheme });
      await signIn(page, meter.worker.url);
      for (const { name, path } of await dashboardPages(meter)) {
        const answer = await page.goto(`${meter.worker.url}${path}`);
        const bytes = await bytesOf((await answer?.text()) ?? "");
        expect.soft(answer?.status(), name).toBe(200);
        expect.soft(bytes, `bytes of ${name}`).toBeLessThan(MAX_PAGE_BYTES);
        expect.soft(bytes, `bytes of ${name}`).toBeGreaterThan(1000);
        expect.soft(await violations(page), name).toEqual([]);
        expect.soft(await page.evaluate(IS_IN_WIDTH), name).toBe(true);
      }
      expect(requests.filter((url) => !url.startsWith(meter.worker.url))).toEqual([]);
      expect(errors).toEqual([]);
      await context.close();
    },
  );

  test("pages: what is not accessible is found", async () => {
    const { context, page } = await openPage(browser);
    await page.setContent(
      `<html lang="en"><title>x</title><main><img src="data:,"><p style="color:#bbb">faint</p></main>`,
    );
    const found = await violations(page);
    expect(found.map((text) => text.split(":")[0])).toEqual(["color-contrast", "image-alt"]);
    await context.close();
  });

  test("pages: on a narrow screen nothing is wider than the screen", async () => {
    const { context, page } = await openPage(browser, { viewport: { width: 390, height: 844 } });
    await signIn(page, meter.worker.url);
    for (const { name, path } of await dashboardPages(meter)) {
      await page.goto(`${meter.worker.url}${path}`);
      expect.soft(await page.evaluate(IS_IN_WIDTH), name).toBe(true);
    }
    await context.close();
  });

  test("pages: a name made of markup is shown as text", async () => {
    const { context, page } = await openPage(browser);
    await signIn(page, meter.worker.url);
    for (const { path } of await dashboardPages(meter)) {
      await page.goto(`${meter.worker.url}${path}`);
      expect(await page.evaluate(() => "broken" in globalThis)).toBe(false);
      expect(await page.locator("#broken").count()).toBe(0);
    }
    await page.goto(`${meter.worker.url}/customers`);
    await page.getByText(MARKUP_NAME, { exact: true }).click();
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe(MARKUP_NAME);
    await context.close();
  });

  test("pages: they say the same without a script", async () => {
    const { context, page } = await openPage(browser, { javaScriptEnabled: false });
    await signIn(page, meter.worker.url);
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Overview");
    await page.goto(`${meter.worker.url}/customers?q=Acme`);
    await page.getByRole("link", { name: "Acme Robotics" }).click();
    expect(await page.locator("svg[data-chart] rect[data-tip]").count()).toBeGreaterThan(20);
    await context.close();
  });
});
