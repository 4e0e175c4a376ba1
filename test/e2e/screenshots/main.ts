import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { openPage, signIn, startBrowser } from "../../support/dashboard/browser.ts";
import { startDemoWorld } from "../../support/dashboard/demo-world.ts";
import { dashboardPages } from "../../support/dashboard/pages.ts";

const HELP = `npm run screenshots [-- options]: every page of the dashboard at two widths, in both themes

  --only WORD  pages whose name has the word
  --docs       makes the two that stand in docs/ anew
  --help       this
`;
const ROOT = join(import.meta.dirname, "../../..");
const OUT = join(ROOT, ".build/screenshots");
const WIDTHS = [1280, 390];
const THEMES = ["light", "dark"] as const;
/** Those in docs/, as high as a screen. */
const IN_DOCS = [
  { name: "dashboard-overview", path: "/", colorScheme: "light" },
  { name: "dashboard-customer", path: "/customers/cus_acme?by=region", colorScheme: "dark" },
] as const;

const { values } = parseArgs({
  options: { only: { type: "string" }, docs: { type: "boolean" }, help: { type: "boolean" } },
});
if (values.help) {
  process.stdout.write(HELP);
} else {
  await makeScreenshots();
}

async function makeScreenshots(): Promise<void> {
  await mkdir(OUT, { recursive: true });
  const browser = await startBrowser();
  const meter = await startDemoWorld({ hasMarkup: !values.docs });
  const { url } = meter.worker;
  try {
    const all = values.docs ? [] : await dashboardPages(meter);
    const pages = all.filter(({ name }) => name.includes(values.only ?? ""));
    const looks = WIDTHS.flatMap((width) => THEMES.map((colorScheme) => ({ width, colorScheme })));
    for (const { width, colorScheme } of values.docs ? [] : looks) {
      await signedIn(browser, url, { width, height: 860, colorScheme }, async (page) => {
        for (const { name, path } of pages) {
          await page.goto(`${url}${path}`);
          const file = join(OUT, `${name}-${width}-${colorScheme}.png`);
          await page.screenshot({ path: file, fullPage: true });
        }
      });
    }
    for (const { name, path, colorScheme } of values.docs ? IN_DOCS : []) {
      await signedIn(browser, url, { width: 1280, height: 820, colorScheme }, async (page) => {
        await page.goto(`${url}${path}`);
        await page.screenshot({ path: join(ROOT, "docs", `${name}.png`) });
      });
    }
  } finally {
    await browser.close();
    await meter.stop();
  }
  process.stdout.write(`Screenshots are in ${values.docs ? join(ROOT, "docs") : OUT}\n`);
}

interface Look {
  width: number;
  height: number;
  colorScheme: "light" | "dark";
}

async function signedIn(
  browser: Browser,
  url: string,
  { width, height, colorScheme }: Look,
  shoot: (page: Page) => Promise<void>,
): Promise<void> {
  const { context, page } = await openPage(browser, { viewport: { width, height }, colorScheme });
  await signIn(page, url);
  await shoot(page);
  await context.close();
}
