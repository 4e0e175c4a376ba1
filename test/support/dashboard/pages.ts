import type { RunningMeter } from "../running-meter.ts";
import { MARKUP_ID } from "./demo-world.ts";

export interface DashboardPage {
  name: string;
  path: string;
}

/** Every page of the dashboard, of what a demo world has. */
export async function dashboardPages(meter: RunningMeter): Promise<DashboardPage[]> {
  const invoiceId = await firstId(meter, "/v1/invoices?customerId=cus_acme");
  const reviewId = await firstId(meter, "/v1/invoices?status=in_review");
  return [
    { name: "overview", path: "/" },
    { name: "customers", path: "/customers" },
    { name: "customer", path: "/customers/cus_acme?by=region" },
    { name: "customer-markup", path: `/customers/${encodeURIComponent(MARKUP_ID)}` },
    { name: "customer-edit", path: "/customers/cus_acme/edit" },
    { name: "customer-new", path: "/customers/-/new" },
    { name: "alert-rules", path: "/customers/cus_acme/rules" },
    { name: "invoices", path: "/invoices" },
    { name: "invoice", path: `/invoices/${invoiceId}` },
    { name: "invoice-in-review", path: `/invoices/${reviewId}` },
    { name: "catalog", path: "/catalog" },
    { name: "catalog-version", path: "/catalog/versions/1" },
    { name: "catalog-edit", path: "/catalog/edit" },
    { name: "alerts", path: "/alerts" },
    { name: "webhooks", path: "/webhooks" },
    { name: "jobs", path: "/jobs" },
    { name: "keys", path: "/keys" },
    { name: "portal", path: `/portal?token=${await tokenOf(meter, "cus_globex")}` },
    { name: "portal-markup", path: `/portal?token=${await tokenOf(meter, MARKUP_ID)}` },
    { name: "invoice-why", path: `/invoices/${invoiceId}/why?ref=metric:api_calls` },
  ];
}

async function firstId(meter: RunningMeter, path: string): Promise<string> {
  const answer = await meter.send("GET", path);
  return (answer?.body as { data?: { id: string }[] } | undefined)?.data?.[0]?.id ?? "none";
}

/** A token with which the portal shows a customer. */
export async function tokenOf(meter: RunningMeter, customerId: string): Promise<string> {
  const path = `/v1/customers/${encodeURIComponent(customerId)}/tokens`;
  const answer = await meter.send("POST", path, { expiresInSeconds: 3600 });
  return (answer?.body as { token?: string } | undefined)?.token ?? "";
}
