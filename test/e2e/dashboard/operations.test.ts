import { describe, expect, test } from "vitest";
import { localKeys } from "../../../local/stores.ts";
import { MINUTE_CRON } from "../../support/billed-customer.ts";
import { browserPath, openPage, signIn } from "../../support/dashboard/browser.ts";
import { dashboardSuite } from "../../support/dashboard/dashboard-suite.ts";
import { startDemoWorld } from "../../support/dashboard/demo-world.ts";

interface List<Item> {
  data: Item[];
}

describe.skipIf(browserPath === undefined)("dashboard", () => {
  const { meter, browser, open, get, url } = dashboardSuite(() => startDemoWorld());

  test("webhooks: an endpoint is made, rotated, tested and deleted by clicking", async () => {
    const page = await open("/webhooks");
    await page.getByText("New endpoint").click();
    await page.getByLabel(/^Address/).fill("http://127.0.0.1:9/second");
    await page.getByLabel(/^Types/).fill("usage.threshold_reached, limit.reached");
    await page.getByRole("button", { name: "Create endpoint" }).click();
    const first = await page.locator(".notice code").textContent();
    expect(first).toMatch(/^whsec_/);
    const made = await get<List<{ id: string; url: string; types: string[] }>>("/v1/webhook-endpoints");
    expect(made.data[0]).toMatchObject({
      url: "http://127.0.0.1:9/second",
      types: ["usage.threshold_reached", "limit.reached"],
    });

    const row = page.getByRole("row").filter({ hasText: "/second" });
    await row.getByRole("button", { name: "Rotate secret" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Rotate secret" }).click();
    await page.getByText("is shown only now").waitFor();
    expect(await page.locator(".notice code").textContent()).not.toBe(first);
    await row.getByRole("button", { name: "Test" }).click();
    await page.getByText("The endpoint did not take the test event.").waitFor();
    await row.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("Deleted.").waitFor();
    expect((await get<List<unknown>>("/v1/webhook-endpoints")).data).toHaveLength(1);
    await page.context().close();
  });

  test("webhooks: an address that is none is refused in the API's words", async () => {
    const page = await open("/webhooks");
    await page.getByText("New endpoint").click();
    await page.getByLabel(/^Address/).fill("ftp://example.com/");
    await page.getByRole("button", { name: "Create endpoint" }).click();
    expect(await page.getByRole("alert").textContent()).toContain("The content is not valid");
    await page.context().close();
  });

  test("keys: one is made, signs in, and is revoked, which ends its session", async () => {
    const page = await open("/keys");
    await page.getByLabel(/^Name/).fill("Finance");
    await page.getByLabel("Scope").selectOption("read");
    await page.getByRole("button", { name: "Make a key" }).click();
    const key = (await page.locator(".notice code").textContent()) ?? "";
    const other = (await openPage(browser())).page;
    await signIn(other, url(""), key);
    expect(await other.getByRole("heading", { level: 1 }).textContent()).toBe("Overview");

    await page
      .getByRole("row")
      .filter({ hasText: "Finance" })
      .getByRole("button", { name: "Revoke" })
      .click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke the key" }).click();
    await page.getByText("Revoked.").waitFor();
    const keys = await get<List<{ name: string; revokedAt: string | null }>>("/v1/api-keys");
    expect(keys.data[0]).toMatchObject({ name: "Finance", revokedAt: expect.any(String) as string });
    await other.goto(url("/customers"));
    expect(new URL(other.url()).pathname).toBe("/sign-in");
    await page.context().close();
    await other.context().close();
  });

  test("keys: a read key is shown none", async () => {
    const page = await open("/keys", localKeys.readKey);
    expect(await page.getByRole("status").textContent()).toContain("admin keys only");
    await page.context().close();
  });

  test("jobs and alerts: as many as the API has, and as CSV", async () => {
    await meter().trigger(MINUTE_CRON, Date.now());
    const runs = await get<List<unknown>>("/v1/job-runs");
    const page = await open("/jobs");
    expect(await page.locator("section[aria-label='Job runs'] tbody tr").count()).toBe(runs.data.length);
    const alerts = await get<List<unknown>>("/v1/alerts?customerId=cus_acme");
    await page.goto(url("/alerts?customerId=cus_acme"));
    expect(await page.locator("section[aria-label=Alerts] tbody tr").count()).toBe(alerts.data.length);
    const csv = await page.request.get(url("/alerts/csv?customerId=cus_acme"));
    expect(csv.headers()["content-type"]).toContain("text/csv");
    expect((await csv.text()).trimEnd().split("\r\n")).toHaveLength(alerts.data.length + 1);
    await page.context().close();
  });
});
