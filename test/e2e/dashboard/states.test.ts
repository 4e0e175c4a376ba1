import { describe, expect, test } from "vitest";
import { browserPath, openPage } from "../../support/dashboard/browser.ts";
import { dashboardSuite } from "../../support/dashboard/dashboard-suite.ts";
import { startDemoWorld } from "../../support/dashboard/demo-world.ts";
import { tokenOf } from "../../support/dashboard/pages.ts";
import { startEmptyMeter } from "../../support/running-meter.ts";

const ALL = Number.MAX_SAFE_INTEGER;
const EMPTY_PAGES = [
  ["/", "Overview"],
  ["/customers", "Customers"],
  ["/invoices", "Invoices"],
  ["/catalog", "Catalog"],
  ["/catalog/edit", "Edit the catalog"],
  ["/alerts", "Alerts"],
  ["/webhooks", "Webhooks"],
  ["/jobs", "Job runs"],
  ["/keys", "Keys"],
] as const;

describe.skipIf(browserPath === undefined)("dashboard with nothing", () => {
  const { meter, open } = dashboardSuite(startEmptyMeter);

  test.each(EMPTY_PAGES)("states: %s says what is not there yet", async (path, title) => {
    const page = await open(path);
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe(title);
    expect(await page.getByText("failed on our side").count()).toBe(0);
    await page.context().close();
  });

  test("states: what is not there is told on a page of its own", async () => {
    const page = await open("/customers/nobody");
    expect(await page.getByRole("alert").textContent()).toContain("There is no such thing");
    await page.goto(`${meter().worker.url}/invoices/none`);
    expect(await page.getByRole("alert").textContent()).toContain("There is no invoice of that id.");
    await page.context().close();
  });
});

describe.skipIf(browserPath === undefined)("dashboard without stores", () => {
  const { meter, browser, open, url } = dashboardSuite(() => startDemoWorld());

  test("states: without Redis, pages are the ledger's and say so", async () => {
    const token = await tokenOf(meter(), "cus_acme");
    meter().stores.upstash.faults.add({ mode: "before", times: ALL });
    const page = await open("/");
    expect(await page.getByRole("alert").textContent()).toContain("Redis does not answer.");
    expect(await page.getByRole("region", { name: "Revenue this month so far" }).textContent()).toMatch(
      /\$[1-9]/,
    );
    await page.goto(url("/customers/cus_acme"));
    await page.getByText("These numbers may be some minutes old.").waitFor();
    expect(await page.locator("svg[data-chart] rect").count()).toBeGreaterThan(20);
    for (const path of ["/customers", "/invoices", "/catalog", "/alerts", "/webhooks", "/jobs"]) {
      expect((await page.goto(url(path)))?.status()).toBe(200);
    }
    await page.goto(url(`/portal?token=${token}`));
    await page.getByText("These numbers may be some minutes old.").waitFor();
    meter().stores.upstash.faults.reset();
    await page.context().close();
  });

  test("states: without Postgres, what can be shown is, and the rest says why it is not", async () => {
    const token = await tokenOf(meter(), "cus_acme");
    const page = await open("/");
    meter().stores.neon.faults.add({ mode: "before", times: ALL });
    await page.goto(url("/customers"));
    expect(await page.getByRole("alert").textContent()).toContain("A store does not answer");
    await page.goto(url("/"));
    expect(await page.getByText("Not available now").count()).toBeGreaterThan(2);
    const { page: portal } = await openPage(browser());
    expect((await portal.goto(url(`/portal?token=${token}`)))?.status()).toBe(503);
    expect(await portal.getByRole("heading", { level: 1 }).textContent()).toBe("Usage cannot be shown now");
    meter().stores.neon.faults.reset();
    await page.context().close();
    await portal.context().close();
  });
});
