import { describe, expect, test } from "vitest";
import { demoCatalog } from "../../../local/demo-catalog.ts";
import { localKeys } from "../../../local/stores.ts";
import { browserPath } from "../../support/dashboard/browser.ts";
import { dashboardSuite } from "../../support/dashboard/dashboard-suite.ts";
import { startDemoWorld } from "../../support/dashboard/demo-world.ts";

interface VersionDocument {
  version: number;
  reason: string | null;
  effective: string;
}

function catalogWith(baseFee: string): typeof demoCatalog {
  const plans = demoCatalog.plans.map((plan) => (plan.name === "flat99" ? plan : { ...plan, baseFee }));
  return { ...demoCatalog, plans };
}

describe.skipIf(browserPath === undefined)("dashboard", () => {
  const { open, get, url } = dashboardSuite(() => startDemoWorld());

  test("catalog: what is typed is checked at once, simulated, and only then published", async () => {
    const page = await open("/catalog");
    await page.getByRole("link", { name: "Edit and simulate" }).click();
    const editor = page.getByLabel(/^Catalog/);
    await editor.fill("{");
    await page.getByText("Not valid.").waitFor();
    await editor.fill(JSON.stringify({ ...demoCatalog, defaultPlan: "nothing" }));
    await page.locator("#examined code", { hasText: "defaultPlan" }).waitFor();
    await editor.fill(JSON.stringify(catalogWith("25.00")));
    await page.getByText("Valid; 1 changes").waitFor();
    expect(await page.getByRole("button", { name: "Publish" }).count()).toBe(0);

    await page.getByRole("button", { name: "Check and simulate" }).click();
    const more = page.getByRole("region", { name: "Pay more", exact: true });
    expect(await more.locator(".value").textContent()).toBe("6");
    expect(await page.locator("svg[data-chart=differences] g").count()).toBe(6);
    const table = page.getByRole("region", { name: "Customers whose bill changes most" });
    expect(await table.locator("tbody tr").count()).toBe(6);
    expect((await get<VersionDocument>("/v1/catalog/versions/1")).version).toBe(1);

    await page.getByLabel("Prices hold").selectOption("nextPeriod");
    await page.getByLabel("Reason").fill("A base fee");
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Publish" }).click();
    await page.getByText("Published.").waitFor();
    expect(await get("/v1/catalog/versions/2")).toMatchObject({
      reason: "A base fee",
      effective: "nextPeriod",
    });

    await page.getByRole("region", { name: "Versions" }).first().getByRole("link", { name: "2" }).click();
    const changes = await page.getByRole("region", { name: "Changes" }).textContent();
    expect(changes).toContain("plans.payg.baseFee");
    await page.context().close();
  });

  test("catalog: one that was changed meanwhile is not overwritten", async () => {
    const page = await open("/catalog/edit");
    await page.getByLabel(/^Catalog/).fill(JSON.stringify(catalogWith("30.00")));
    await page.getByRole("button", { name: "Check and simulate" }).click();
    const other = await open("/catalog/edit");
    await other.getByLabel(/^Catalog/).fill(JSON.stringify(catalogWith("35.00")));
    await other.getByRole("button", { name: "Check and simulate" }).click();
    for (const editing of [other, page]) {
      await editing.getByRole("button", { name: "Publish" }).click();
      await editing.getByRole("dialog").getByRole("button", { name: "Publish" }).click();
      await editing.waitForLoadState();
    }
    await page.getByRole("alert").getByText("has changed since you read it").waitFor();
    expect(
      await page
        .getByLabel(/^Catalog/)
        .first()
        .inputValue(),
    ).toContain("30.00");
    await page.context().close();
    await other.context().close();
  });

  test("catalog: a read key simulates and cannot publish", async () => {
    const page = await open("/catalog/edit", localKeys.readKey);
    await page.getByLabel(/^Catalog/).fill(JSON.stringify(catalogWith("40.00")));
    await page.getByRole("button", { name: "Check and simulate" }).click();
    await page.getByRole("region", { name: "Pay more", exact: true }).waitFor();
    expect(await page.getByRole("button", { name: "Publish" }).count()).toBe(0);
    const csrf = (await page.locator("input[name=_csrf]").first().getAttribute("value")) ?? "";
    const answer = await page.request.post(url("/catalog/publish"), {
      form: { _csrf: csrf, catalog: JSON.stringify(catalogWith("40.00")) },
      headers: { origin: url("") },
    });
    expect(answer.status()).toBe(403);
    await page.context().close();
  });
});
