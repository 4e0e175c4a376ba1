import { describe, expect, test } from "vitest";
import { localKeys } from "../../../local/stores.ts";
import { browserPath, openPage } from "../../support/dashboard/browser.ts";
import { dashboardSuite } from "../../support/dashboard/dashboard-suite.ts";
import { startDemoWorld } from "../../support/dashboard/demo-world.ts";
import { tokenOf } from "../../support/dashboard/pages.ts";

const LOGO = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=";

describe.skipIf(browserPath === undefined)("portal", () => {
  const { meter, browser, get, url } = dashboardSuite(() => startDemoWorld());

  test("portal: a customer sees its own usage, cost and invoices, as the API has them", async () => {
    const usage = await get<{ totalCost: string; projectedTotal: string }>("/v1/customers/cus_acme/usage");
    const { page, requests } = await openPage(browser());
    await page.goto(url(`/portal?token=${await tokenOf(meter(), "cus_acme")}`));
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Usage of Acme Robotics");
    const cost = await page.locator("section.stat[aria-label='Cost so far'] .value").textContent();
    expect(cost?.replaceAll(",", "")).toBe(`$${usage.totalCost}`);
    expect(await page.getByRole("region", { name: "Invoices" }).first().textContent()).toContain("EM-");
    await page.getByLabel("Group by").selectOption("region");
    await page.getByText("apac", { exact: true }).first().waitFor();
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Usage of Acme Robotics");
    expect(await page.locator("main a[href^='/']").count()).toBe(0);
    expect(requests.filter((address) => !address.startsWith(url("")))).toEqual([]);
    await page.context().close();
  });

  test("portal: an invoice that is in review is not shown", async () => {
    const { page } = await openPage(browser());
    await page.goto(url(`/portal?token=${await tokenOf(meter(), "cus_globex")}`));
    expect(await page.getByRole("region", { name: "Invoices" }).textContent()).toContain("No invoices yet");
    await page.context().close();
  });

  test("portal: whatever is no token of ours is refused, keys too", async () => {
    const token = await tokenOf(meter(), "cus_acme");
    const [header = "", claims = "", signature = ""] = token.split(".");
    const none = Buffer.from(JSON.stringify({ alg: "none", typ: "JWT" })).toString("base64url");
    const other = Buffer.from(
      Buffer.from(claims, "base64url").toString("utf8").replace("cus_acme", "cus_hooli"),
    ).toString("base64url");
    for (const presented of [
      "",
      "garbage",
      localKeys.adminKey,
      localKeys.readKey,
      `${header}.${other}.${signature}`,
      `${none}.${claims}.`,
      `${none}.${other}.${signature}`,
    ]) {
      const answer = await fetch(url(`/portal?token=${encodeURIComponent(presented)}`));
      expect(answer.status).toBe(401);
      expect(await answer.text()).not.toContain("Acme");
    }
  });

  test("portal: its token reads over the API what the page shows: no invoice that is not sent, no steps", async () => {
    const review = await get<{ data: { id: string }[] }>(
      "/v1/invoices?customerId=cus_globex&status=in_review",
    );
    expect(review.data.length).toBeGreaterThan(0);
    const asCustomer = async (id: string, path: string) => {
      const headers = { authorization: `Bearer ${await tokenOf(meter(), id)}` };
      const answer = await fetch(url(path), { headers });
      return { status: answer.status, body: (await answer.json()) as { data?: { steps: unknown[] }[] } };
    };
    for (const query of ["", "?status=in_review", "?status=draft"]) {
      expect((await asCustomer("cus_globex", `/v1/invoices${query}`)).body.data).toEqual([]);
    }
    expect((await asCustomer("cus_globex", `/v1/invoices/${review.data[0]?.id}`)).status).toBe(404);
    const { body } = await asCustomer("cus_acme", "/v1/invoices");
    expect(body.data?.length).toBeGreaterThan(0);
    expect(body.data?.flatMap(({ steps }) => steps)).toEqual([]);
  });

  test("portal: an address that asks for more is answered as what it is, and never with another sign-in", async () => {
    const token = await tokenOf(meter(), "cus_acme");
    const status = async (path: string, init: RequestInit = {}) =>
      (await fetch(url(path), { redirect: "manual", ...init })).status;
    expect(await status(`/portal?token=${token}&period=x`)).toBe(200);
    expect(await status(`/portal/?token=${token}`)).toBe(404);
    expect(await status(`/portal?token=${token}`, { method: "POST" })).toBe(404);
  });

  test("portal: its token opens no page of the dashboard", async () => {
    const token = await tokenOf(meter(), "cus_acme");
    const { page } = await openPage(browser());
    await page.goto(url("/sign-in"));
    await page.getByLabel("API key").fill(token);
    await page.getByRole("button", { name: "Sign in" }).click();
    expect(await page.getByRole("alert").textContent()).toContain("customer's token");
    await page.goto(url(`/customers?token=${token}`));
    expect(new URL(page.url()).pathname).toBe("/sign-in");
    await page.context().close();
  });

  test("portal: it has the deployment's name, logo and colour, and stands in frames of the origins that may", async () => {
    const address = `/portal?token=${await tokenOf(meter(), "cus_acme")}`;
    const before = await fetch(url(address));
    expect(before.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    await meter().rebind({
      BRAND_NAME: "Acme <Cloud>",
      BRAND_LOGO: LOGO,
      BRAND_COLOR: "#aa3366",
      PORTAL_ORIGINS: "https://app.example.com",
    });
    const answer = await fetch(url(address));
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("frame-ancestors 'self' https://app.example.com");
    expect(policy).not.toContain("unsafe-inline");
    const { page, errors } = await openPage(browser());
    await page.goto(url(address));
    expect(await page.locator(".brand").textContent()).toBe("Acme <Cloud>");
    expect(await page.locator("img.logo").getAttribute("src")).toBe(LOGO);
    const fill = await page.evaluate("getComputedStyle(document.querySelector('svg[data-chart] rect')).fill");
    expect(fill).toBe("rgb(170, 51, 102)");
    expect(errors).toEqual([]);
    await page.context().close();
  });
});
