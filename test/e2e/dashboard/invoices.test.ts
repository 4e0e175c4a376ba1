import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserPath, openPage, signIn, startBrowser } from "../../support/dashboard/browser.ts";
import { startDemoWorld } from "../../support/dashboard/demo-world.ts";
import type { RunningMeter } from "../../support/running-meter.ts";

interface InvoiceDocument {
  id: string;
  number: string;
  status: string;
  total: string;
  voidReason?: string;
  replacedBy?: string;
  lines: { ref: string; amount: string; description: string }[];
}

let meter: RunningMeter;
let browser: Browser;

async function get<Body>(path: string): Promise<Body> {
  const answer = await meter.send("GET", path);
  expect(answer?.status).toBe(200);
  return answer?.body as Body;
}

async function invoiceOf(customerId: string): Promise<InvoiceDocument> {
  const { data } = await get<{ data: InvoiceDocument[] }>(`/v1/invoices?customerId=${customerId}`);
  return get(`/v1/invoices/${data[0]?.id ?? ""}`);
}

async function open(path: string): Promise<Page> {
  const { page } = await openPage(browser);
  await signIn(page, meter.worker.url);
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

  test("invoices: filters, lines, and why a line has its amount", async () => {
    const invoice = await invoiceOf("cus_globex");
    const page = await open("/invoices?status=in_review&customerId=cus_globex");
    expect(await page.locator("section[aria-label=Invoices] tbody tr").count()).toBe(1);
    await page.getByRole("link", { name: invoice.number }).click();
    const text = ((await page.getByRole("region", { name: "Lines" }).first().textContent()) ?? "").replaceAll(
      ",",
      "",
    );
    for (const line of invoice.lines) {
      expect(text).toContain(line.description);
      expect(text).toContain(`$${line.amount}`);
    }
    expect(text).toContain(`$${invoice.total}`);

    await page.getByRole("link", { name: "Why this amount?" }).first().click();
    const [calls] = invoice.lines;
    const { reasons, days } = await get<{ reasons: { text: string }[]; days: unknown[] }>(
      `/v1/invoices/${invoice.id}/lines/${calls?.ref ?? ""}/explain`,
    );
    const made = await page.getByRole("region", { name: "Reasons" }).textContent();
    for (const { text: reason } of reasons) {
      expect(made).toContain(reason);
    }
    expect(
      await page.getByRole("region", { name: "Usage and cost by day" }).locator("tbody tr").count(),
    ).toBe(days.length);
    await page.context().close();
  });

  test("invoices: finalising asks first, then is done", async () => {
    const { id } = await invoiceOf("cus_northwind");
    const page = await open(`/invoices/${id}`);
    await page.getByRole("button", { name: "Finalise" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    expect((await invoiceOf("cus_northwind")).status).toBe("in_review");
    await page.getByRole("button", { name: "Finalise" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Finalise" }).click();
    await page.getByText("Finalised: the invoice is open in Stripe.").waitFor();
    expect((await invoiceOf("cus_northwind")).status).toBe("open");
    await page.context().close();
  });

  test("invoices: a void has a reason, and another invoice when it is wanted", async () => {
    const { id } = await invoiceOf("cus_umbra");
    const page = await open(`/invoices/${id}`);
    await page.getByText("Void…").click();
    await page.getByLabel("Reason").fill("Wrong <price>");
    await page.getByLabel("Make a new invoice").check();
    await page.getByRole("button", { name: "Void", exact: true }).click();
    await page.getByRole("button", { name: "Void the invoice" }).click();
    await page.getByText("The invoice is void.").waitFor();
    expect(await page.getByText("Wrong <price>").count()).toBe(1);
    expect(await get(`/v1/invoices/${id}`)).toMatchObject({ status: "void", voidReason: "Wrong <price>" });
    expect((await invoiceOf("cus_umbra")).id).not.toBe(id);
    await page.context().close();
  });

  test("invoices: without a script it is done at once, by the same form", async () => {
    const { id } = await invoiceOf("cus_hooli");
    const { context, page } = await openPage(browser, { javaScriptEnabled: false });
    await signIn(page, meter.worker.url);
    await page.goto(`${meter.worker.url}/invoices/${id}`);
    await page.getByRole("button", { name: "Finalise" }).click();
    expect((await invoiceOf("cus_hooli")).status).toBe("open");
    await context.close();
  });

  test("invoices: comparing now leaves a run, and tells what differs", async () => {
    const page = await open("/invoices");
    await page.getByRole("button", { name: "Compare now" }).click();
    await page.getByText("Compared: what differs is listed below.").waitFor();
    const { data } = await get<{ data: unknown[] }>("/v1/job-runs?job=integrity");
    expect(data).toHaveLength(1);
    await page.context().close();
  });
});
