import { existsSync } from "node:fs";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { localKeys } from "../../../local/stores.ts";

const PATHS = [
  process.env["CHROMIUM_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** Longest wait for what a page is to show. */
const TIMEOUT_MS = 10_000;

/** The system's Chromium; undefined where there is none. */
export const browserPath = PATHS.find((path) => path !== undefined && existsSync(path));

if (browserPath === undefined) {
  process.stderr.write(
    "No Chromium: the dashboard's tests are left out. Install it (Debian: apt-get install chromium), or set CHROMIUM_PATH.\n",
  );
}

/** Starts the system's Chromium. */
export function startBrowser(): Promise<Browser> {
  if (browserPath === undefined) {
    throw new Error("there is no Chromium");
  }
  return chromium.launch({ executablePath: browserPath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

/** What a page asked for and complained of. */
export interface Watched {
  context: BrowserContext;
  page: Page;
  /** Addresses that were asked for. */
  requests: string[];
  /** Errors of scripts, and refusals of the content policy. */
  errors: string[];
}

/** Opens a page that is watched, in a browser's context of its own. */
export async function openPage(
  browser: Browser,
  options: Parameters<Browser["newContext"]>[0] = {},
): Promise<Watched> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  const watched: Watched = { context, page, requests: [], errors: [] };
  page.on("request", (request) => watched.requests.push(request.url()));
  page.on("pageerror", (error) => watched.errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("Failed to load resource")) {
      watched.errors.push(message.text());
    }
  });
  return watched;
}

/** Signs in by the form. */
export async function signIn(page: Page, url: string, key: string = localKeys.adminKey): Promise<void> {
  await page.goto(`${url}/sign-in`);
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
}
