import { demoCatalog } from "../../local/demo-catalog.ts";

/** A page and the calls of the API that say what it says. */
export interface PageCalls {
  name: string;
  path: string;
  calls: string[];
  /** The API call that stands for this month's revenue, which a page keeps for a minute. */
  simulates: boolean;
}

const CUSTOMER = "/v1/customers/cus_77";
const METRICS = demoCatalog.meters.map(({ name }) => name);
const HOURLY = demoCatalog.meters
  .filter(({ aggregation }) => aggregation === "sum")
  .map(({ name }) => `/v1/usage?metric=${name}&window=hour&fill=zero`);

const OVERVIEW = [
  ...METRICS.map((name) => `/v1/usage?metric=${name}&window=day&fill=zero`),
  ...HOURLY,
  "/v1/alerts?limit=7",
  "/v1/invoices?status=in_review&limit=7",
  "/v1/invoices?status=blocked&limit=7",
  "/readyz",
];

function page(name: string, path: string, calls: string[], simulates = false): PageCalls {
  return { name, path, calls, simulates };
}

/** What is compared; `token` is of the portal's customer. */
export function pageCalls(token: string): PageCalls[] {
  const ofCustomer = [
    CUSTOMER,
    `${CUSTOMER}/usage`,
    `${CUSTOMER}/invoices/upcoming`,
    "/v1/usage?metric=api_calls&customerId=cus_77&window=day&fill=zero",
    "/v1/invoices?customerId=cus_77&limit=8",
    "/v1/alerts?customerId=cus_77&limit=8",
  ];
  return [
    page("overview, revenue known", "/", OVERVIEW),
    page("overview, first of a minute", "/", OVERVIEW, true),
    page("customers", "/customers", ["/v1/customers?limit=50"]),
    page("customer", "/customers/cus_77", [...ofCustomer, `${CUSTOMER}/adjustments?limit=8`]),
    page("invoices", "/invoices", ["/v1/invoices?limit=50", "/v1/integrity"]),
    page("catalog", "/catalog", ["/v1/catalog", "/v1/catalog/versions?limit=20"]),
    page("alerts", "/alerts", ["/v1/alerts?limit=50"]),
    page("webhooks", "/webhooks", ["/v1/webhook-endpoints?limit=60", "/v1/notifications?limit=30"]),
    page("job runs", "/jobs", ["/v1/job-runs?limit=50"]),
    page("portal", `/portal?token=${token}`, [...ofCustomer, `${CUSTOMER}/alert-rules`]),
  ];
}
