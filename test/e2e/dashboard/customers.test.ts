import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localKeys } from "../../../local/stores.ts";
import { browserPath, openPage, signIn, startBrowser } from "../../support/dashboard/browser.ts";
import { startDemoWorld } from "../../support/dashboard/demo-world.ts";
import type { RunningMeter } from "../../support/running-meter.ts";

let meter: RunningMeter;
let browser: Browser;

async function get(path: string): Promise<Record<string, unknown>> {
  const answer = await meter.send("GET", path);
  expect(answer?.status).toBe(200);
  return answer?.body as Record<string, unknown>;
}

async function open(path: string, key?: string): Promise<Page> {
  const { page } = await openPage(browser);
  await signIn(page, meter.worker.url, key);
  await page.goto(`${meter.worker.url}${path}`);
  return page;
}

describe.skipIf(browserPath === undefined)("dashboard", () => {
  beforeAll(async () => {
    [meter, browser] = await Promise.all([startDemoWorld(), startBrowser()]);
  });
  afterAll(async () => {
    await browser.close();
    await meter.stop();
  });

  test("customers: numbers on the page are those that the API answers", async () => {
    const usage = await get("/v1/customers/cus_globex/usage");
    const page = await open("/customers/cus_globex");
    const cost = page.getByRole("region", { name: "Cost so far" });
    expect((await cost.textContent())?.replaceAll(",", "")).toContain(`$${String(usage["totalCost"])}`);
    const [calls] = usage["metrics"] as { current: string }[];
    const text = await page.getByRole("region", { name: "Usage against what is included" }).textContent();
    expect(text?.replaceAll(",", "")).toContain(`${calls?.current} of 10000 calls`);
    await page.context().close();
  });

  test("customers: one is made, edited and deleted by clicking", async () => {
    const page = await open("/customers");
    await page.getByRole("link", { name: "New customer" }).click();
    await page.getByLabel("Id").fill("cus_new/one");
    await page.getByLabel("Name", { exact: true }).fill("Newcomer");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByText("Created.").waitFor();
    expect(await get("/v1/customers/cus_new%2Fone")).toMatchObject({ name: "Newcomer" });

    await page.getByRole("link", { name: "Edit plan and budget" }).click();
    await page.getByLabel(/^Budget/).fill("12.345678");
    await page.getByRole("button", { name: "Save" }).click();
    expect(await page.getByRole("alert").textContent()).toContain("budget");
    await page.getByLabel(/^Plan/).selectOption("flat99");
    await page.getByLabel(/^Budget/).fill("250.00");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.").waitFor();
    expect(await get("/v1/customers/cus_new%2Fone")).toMatchObject({ plan: "flat99", budget: "250.00" });

    await page.getByRole("link", { name: "Edit plan and budget" }).click();
    await page.getByRole("button", { name: "Delete this customer" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    expect(await get("/v1/customers/cus_new%2Fone")).toMatchObject({ plan: "flat99" });
    await page.getByRole("button", { name: "Delete this customer" }).click();
    await page.getByRole("button", { name: "Delete the customer" }).click();
    await page.getByText("Deleted.").waitFor();
    expect((await meter.send("GET", "/v1/customers/cus_new%2Fone"))?.status).toBe(404);
    await page.context().close();
  });

  test("customers: an adjustment and rules by clicking are seen in the API", async () => {
    const page = await open("/customers/cus_hooli");
    await page.getByText("Adjust usage").click();
    await page.getByLabel(/^Quantity/).fill("-100");
    await page.getByLabel("Reason").fill("Goodwill");
    await page.getByRole("button", { name: "Adjust" }).click();
    await page.getByRole("button", { name: "Keep the adjustment" }).click();
    await page.getByText("The adjustment is kept.").waitFor();
    const { data } = await get("/v1/customers/cus_hooli/adjustments");
    expect(data).toMatchObject([{ metricName: "api_calls", quantity: "-100", reason: "Goodwill" }]);

    await page.getByRole("link", { name: "Alert rules" }).click();
    await page.getByLabel("Thresholds of default_usage").fill("70, 95");
    await page.getByLabel("default_forecast is on").uncheck();
    await page.getByLabel(/^Id/).fill("big");
    await page.getByLabel("Measured in").selectOption("spend");
    await page.getByLabel(/^Thresholds\s*Several/).fill("1000, 2000.5");
    await page.getByRole("button", { name: "Save rules" }).click();
    await page.getByText("Saved.").waitFor();
    const { rules } = await get("/v1/customers/cus_hooli/alert-rules");
    expect(rules).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: "default_usage", thresholds: ["70", "95"] }),
        expect.objectContaining({ id: "default_forecast", enabled: false }),
        expect.objectContaining({ id: "big", kind: "spend", thresholds: ["1000", "2000.5"] }),
      ]),
    );
    await page.context().close();
  });

  test("customers: search, sort, chart and CSV", async () => {
    const page = await open("/customers");
    await page.getByLabel("Search").fill("northw");
    await page.getByLabel("Search").press("Enter");
    expect(await page.locator("tbody tr").count()).toBe(1);
    await page.getByRole("link", { name: "Northwind Traders" }).click();
    await page.getByLabel("Group by").selectOption("region");
    await page.getByText("apac", { exact: true }).first().waitFor();
    expect(new URL(page.url()).searchParams.get("by")).toBe("region");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "CSV" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("usage-api_calls.csv");
    await page.goto(`${meter.worker.url}/customers?sort=name`);
    expect(await page.locator("tbody tr a").nth(1).textContent()).toBe("Acme Robotics");
    await page.context().close();
  });

  test("sessions: a read key sees and changes nothing, an ingest key does not come in", async () => {
    const page = await open("/customers/cus_acme", localKeys.readKey);
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Acme Robotics");
    expect(await page.getByRole("link", { name: "Edit plan and budget" }).count()).toBe(0);
    const csrf = await page.locator("input[name=_csrf]").first().getAttribute("value");
    const answer = await page.request.post(`${meter.worker.url}/customers/cus_acme/delete`, {
      form: { _csrf: csrf ?? "" },
      headers: { origin: meter.worker.url },
    });
    expect(answer.status()).toBe(403);
    expect((await meter.send("GET", "/v1/customers/cus_acme"))?.status).toBe(200);
    await page.context().close();

    const other = (await openPage(browser)).page;
    await signIn(other, meter.worker.url, localKeys.ingestKey);
    expect(await other.getByRole("alert").textContent()).toContain("ingest key");
    await signIn(other, meter.worker.url, "nothing-of-ours");
    expect(await other.getByRole("alert").textContent()).toContain("not one of this deployment's");
    await other.context().close();
  });

  test("sessions: the cookie is not for scripts or other sites, and a form needs its token and origin", async () => {
    const page = await open("/");
    const [cookie, ...others] = await page.context().cookies();
    expect(others).toEqual([]);
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/" });
    const lastsHours = ((cookie?.expires ?? 0) - Date.now() / 1000) / 3600;
    expect(Math.round(lastsHours)).toBe(12);

    const path = `${meter.worker.url}/customers/cus_acme/delete`;
    const csrf = (await page.locator("input[name=_csrf]").first().getAttribute("value")) ?? "";
    for (const [origin, token] of [
      [meter.worker.url, "0".repeat(64)],
      [meter.worker.url, ""],
      ["https://evil.example", csrf],
    ] as const) {
      const answer = await page.request.post(path, { form: { _csrf: token }, headers: { origin } });
      expect(answer.status()).toBe(403);
    }
    expect((await meter.send("GET", "/v1/customers/cus_acme"))?.status).toBe(200);

    await page
      .context()
      .addCookies([{ ...(cookie ?? { name: "", value: "" }), value: `${cookie?.value ?? ""}x` }]);
    await page.goto(`${meter.worker.url}/customers`);
    expect(new URL(page.url()).pathname).toBe("/sign-in");
    await page.context().close();
  });

  test("sessions: signing in leads to the page that was asked for, never elsewhere; signing out ends it", async () => {
    const { page } = await openPage(browser);
    await page.goto(`${meter.worker.url}/customers?q=Globex`);
    await page.getByLabel("API key").fill(localKeys.readKey);
    await page.getByRole("button", { name: "Sign in" }).click();
    expect(page.url()).toBe(`${meter.worker.url}/customers?q=Globex`);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.goto(`${meter.worker.url}/customers`);
    expect(new URL(page.url()).pathname).toBe("/sign-in");
    await page.goto(`${meter.worker.url}/sign-in?next=//evil.example/`);
    await page.getByLabel("API key").fill(localKeys.readKey);
    await page.getByRole("button", { name: "Sign in" }).click();
    expect(page.url()).toBe(`${meter.worker.url}/`);
    await page.context().close();
  });
});
