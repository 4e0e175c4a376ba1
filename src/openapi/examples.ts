/** Values that the document's examples share; tests send those of bodies. */

const period = { start: "2026-11-01T00:00:00.000Z", end: "2026-12-01T00:00:00.000Z" };
const NOW = "2026-11-23T12:00:00.000Z";

export const catalogExample = {
  currency: "usd",
  defaultPlan: "payg",
  meters: [
    {
      name: "api_calls",
      displayName: "API Calls",
      unit: "calls",
      aggregation: "sum",
      scale: 0,
      dimensions: ["region"],
      allowNegative: false,
    },
  ],
  plans: [
    {
      name: "payg",
      displayName: "Pay as you go",
      baseFee: "0.00",
      prices: [
        {
          metricName: "api_calls",
          model: "graduated",
          includedFree: "10000",
          tiers: [
            { upTo: "10000", unitPrice: "0" },
            { upTo: null, unitPrice: "0.1" },
          ],
        },
      ],
    },
  ],
};

export const versionExample = {
  version: 3,
  publishedAt: NOW,
  publishedBy: "admin",
  reason: "cheaper calls",
  effective: "now",
};

export const eventExample = {
  id: "req_8f2",
  customerId: "cus_acme",
  metricName: "api_calls",
  value: 1,
  timestamp: NOW,
  metadata: { region: "eu" },
};

export const recordAnswerExample = {
  recorded: 1,
  duplicates: 1,
  conflicts: 0,
  rejected: 1,
  spooled: 0,
  results: [
    { status: "recorded" },
    { status: "duplicate" },
    { status: "rejected", code: "unknown_metric", detail: "the catalog has no meter named api_cals" },
  ],
};

export const customerExample = {
  id: "cus_acme",
  name: "Acme",
  email: "billing@acme.example",
  plan: "payg",
  budget: "500.00",
};

export const lineExample = {
  ref: "usage:api_calls",
  metric: "api_calls",
  description: "API Calls: 20000 calls",
  quantity: "20000",
  amount: "10.00",
  tiers: [
    { from: "0", to: "10000", quantity: "10000", unitPrice: "0", amount: "0.00" },
    { from: "10000", to: null, quantity: "10000", unitPrice: "0.1", amount: "10.00" },
  ],
};

const bill = { currency: "usd", lines: [lineExample], subtotal: "10.00", total: "10.00" };

export const invoiceExample = {
  id: "inv_2f1c",
  number: "EM-000042",
  customerId: "cus_acme",
  period,
  status: "open",
  catalogVersion: 3,
  ...bill,
  stripeCustomerId: "cus_Q1",
  stripeInvoiceId: "in_1Q",
  steps: [
    {
      step: "create",
      startedAt: NOW,
      finishedAt: NOW,
      outcome: { stripeInvoiceId: "in_1Q", stripeStatus: "draft" },
    },
  ],
};

export const upcomingExample = {
  id: null,
  number: null,
  customerId: "cus_acme",
  period,
  status: "upcoming",
  asOf: NOW,
  stale: false,
  catalogVersion: 3,
  ...bill,
  stripeCustomerId: "cus_S1",
  stripeInvoiceId: null,
  steps: [],
};

export const exportExample = {
  format: "edgemeter.invoice/1",
  invoice: {
    id: "inv_2f1c",
    number: "EM-000042",
    customerId: "cus_acme",
    period,
    catalogVersion: 3,
    ...bill,
  },
  catalog: catalogExample,
  usage: null,
  trueUps: [],
  rounding: {
    rule: "each line once, half away from zero, to whole units of the currency",
    currency: "usd",
    decimals: 2,
    unitMinor: "1",
  },
  days: [{ day: "2026-11-23", metricName: "api_calls", quantity: "20000" }],
  adjustments: [],
  isCut: false,
};

export const explanationExample = {
  invoiceId: "inv_2f1c",
  number: "EM-000042",
  currency: "usd",
  line: lineExample,
  catalogVersion: 3,
  span: period,
  plan: "payg",
  price: { metricName: "api_calls", model: "graduated" },
  reasons: [
    { text: "above 0 up to 10000: 10000 calls at 0 each (prices in minor units)", amount: "0.00" },
    { text: "above 10000: 10000 calls at 0.1 each (prices in minor units)", amount: "10.00" },
  ],
  days: [{ day: "2026-11-23", used: "20000", adjusted: "0", total: "20000", cost: "10.00" }],
};

export const usageExample = {
  customerId: "cus_acme",
  plan: "payg",
  currency: "usd",
  period,
  asOf: NOW,
  stale: false,
  metrics: [
    {
      metric: "api_calls",
      displayName: "API Calls",
      unit: "calls",
      current: "20000",
      included: "10000",
      percentUsed: 200,
      estimatedCost: "10.00",
      projectedCost: "16.66",
    },
  ],
  totalCost: "10.00",
  projectedTotal: "16.66",
  budget: { amount: "500.00", percentUsed: 2 },
};

export const seriesExample = {
  metric: "api_calls",
  window: "day",
  timezone: "UTC",
  from: "2026-11-22T00:00:00.000Z",
  to: "2026-11-24T00:00:00.000Z",
  asOf: NOW,
  stale: false,
  data: [
    {
      customerId: "cus_acme",
      dimensions: { region: "eu" },
      points: [{ start: "2026-11-22T00:00:00.000Z", end: "2026-11-23T00:00:00.000Z", value: "20000" }],
    },
  ],
  nextCursor: null,
};

export const endpointExample = {
  id: "whe_0b8f7c52-9f0e-4a53-8a8e-6b1b9d7f6f11",
  url: "https://acme.example/hooks",
  types: ["usage.threshold_reached"],
  customerId: "cus_acme",
  createdAt: NOW,
  previousSecretValidUntil: null,
  disabledAt: null,
  disabledReason: null,
  slowSince: null,
};

export const notificationExample = {
  id: "ntf_7f0c",
  type: "usage.threshold_reached",
  customerId: "cus_acme",
  timestamp: NOW,
  data: { customerId: "cus_acme", metric: "api_calls", current: "9000", threshold: 90, included: "10000" },
  addressedAt: NOW,
  deliveries: [
    {
      kind: "webhook",
      endpointId: "whe_0b8f7c52-9f0e-4a53-8a8e-6b1b9d7f6f11",
      state: "delivered",
      attempts: 1,
      nextAttemptAt: null,
      status: 200,
      failure: null,
      settledAt: NOW,
    },
  ],
};

export const alertExample = {
  id: "alt_51",
  customerId: "cus_acme",
  rule: "default_usage",
  kind: "usage",
  metric: "api_calls",
  threshold: 90,
  thresholdUnit: "percent",
  current: "9000",
  included: "10000",
  budget: null,
  currency: null,
  period,
  firedAt: NOW,
};

export const rulesExample = {
  rules: [
    {
      id: "calls_half",
      enabled: true,
      kind: "usage",
      metricName: "api_calls",
      measure: "percent",
      thresholds: ["50"],
    },
  ],
};

export const adjustmentExample = {
  id: "adj_1",
  metricName: "api_calls",
  quantity: "-200",
  at: NOW,
  reason: "a test that was billed",
};
