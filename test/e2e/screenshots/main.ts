import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { openPage, signIn, startBrowser } from "../../support/dashboard/browser.ts";
import { startDemoWorld } from "../../support/dashboard/demo-world.ts";
import { dashboardPages } from "../../support/dashboard/pages.ts";

const OUT = join(import.meta.dirname, "../../../.build/screenshots");
const WIDTHS = [1280, 390];
const THEMES = ["light", "dark"] as const;
const only = process.argv[2];

await mkdir(OUT, { recursive: true });
const meter = await startDemoWorld();
const browser = await startBrowser();
try {
  for (const width of WIDTHS) {
    for (const colorScheme of THEMES) {
      await shoot(browser, width, colorScheme);
    }
  }
} finally {
  await browser.close();
  await meter.stop();
}
process.stdout.write(`Screenshots are in ${OUT}\n`);

async function shoot(chromium: Browser, width: number, colorScheme: "light" | "dark"): Promise<void> {
  const { context, page } = await openPage(chromium, {
    viewport: { width, height: width > 600 ? 860 : 844 },
    colorScheme,
  });
  await signIn(page, meter.worker.url);
  for (const { name, path } of await dashboardPages(meter)) {
    if (only === undefined || name.includes(only)) {
      await page.goto(`${meter.worker.url}${path}`);
      await page.screenshot({ path: join(OUT, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    }
  }
  await context.close();
}
