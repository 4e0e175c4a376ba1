// Made from the API's document by `npm run client`; a test tells when it is old.

/** Method and path of each call. */
export const API_CALLS = {
  getUsage: "GET /v1/customers/{id}/usage",
  getUpcomingInvoice: "GET /v1/customers/{id}/invoices/upcoming",
  checkLimit: "GET /v1/customers/{id}/check",
  queryUsage: "GET /v1/usage",
  listCustomers: "GET /v1/customers",
  getCustomer: "GET /v1/customers/{id}",
  putCustomer: "PUT /v1/customers/{id}",
  deleteCustomer: "DELETE /v1/customers/{id}",
  createAdjustment: "POST /v1/customers/{id}/adjustments",
  listAdjustments: "GET /v1/customers/{id}/adjustments",
  getAlertRules: "GET /v1/customers/{id}/alert-rules",
  putAlertRules: "PUT /v1/customers/{id}/alert-rules",
  listAlerts: "GET /v1/alerts",
  getCatalog: "GET /v1/catalog",
  putCatalog: "PUT /v1/catalog",
  listCatalogVersions: "GET /v1/catalog/versions",
  getCatalogVersion: "GET /v1/catalog/versions/{version}",
  diffCatalogVersion: "GET /v1/catalog/versions/{version}/diff",
  publishCatalogVersion: "POST /v1/catalog/versions/{version}/publish",
  simulateCatalog: "POST /v1/catalog/simulate",
  listInvoices: "GET /v1/invoices",
  getInvoice: "GET /v1/invoices/{id}",
  exportInvoice: "GET /v1/invoices/{id}/export",
  explainLine: "GET /v1/invoices/{id}/lines/{ref}/explain",
  explainLineByQuery: "GET /v1/invoices/{id}/explain",
  finalizeInvoice: "POST /v1/invoices/{id}/finalize",
  voidInvoice: "POST /v1/invoices/{id}/void",
  runInvoicing: "POST /v1/invoices/run",
  createWebhookEndpoint: "POST /v1/webhook-endpoints",
  listWebhookEndpoints: "GET /v1/webhook-endpoints",
  getWebhookEndpoint: "GET /v1/webhook-endpoints/{id}",
  deleteWebhookEndpoint: "DELETE /v1/webhook-endpoints/{id}",
  enableWebhookEndpoint: "POST /v1/webhook-endpoints/{id}/enable",
  testWebhookEndpoint: "POST /v1/webhook-endpoints/{id}/test",
  rotateWebhookSecret: "POST /v1/webhook-endpoints/{id}/rotate-secret",
  listNotifications: "GET /v1/notifications",
  getNotification: "GET /v1/notifications/{id}",
  redeliverNotification: "POST /v1/notifications/{id}/redeliver",
  createApiKey: "POST /v1/api-keys",
  listApiKeys: "GET /v1/api-keys",
  revokeApiKey: "DELETE /v1/api-keys/{id}",
  createCustomerToken: "POST /v1/customers/{id}/tokens",
  getIntegrity: "GET /v1/integrity",
  runIntegrity: "POST /v1/integrity/run",
  fenceCounters: "POST /v1/integrity/fence",
  listJobRuns: "GET /v1/job-runs",
  getHealth: "GET /healthz",
  getReadiness: "GET /readyz",
  getDocument: "GET /openapi.json",
} as const;

/** What each call takes and answers. */
export interface ApiCalls {
  /** A customer's usage and what it costs. */
  getUsage: {
    input: {
      id: string;
      period?: string;
    };
    answer: CustomerUsage;
  };
  /** The invoice as it would be now. */
  getUpcomingInvoice: {
    input: {
      id: string;
    };
    answer: UpcomingInvoice;
  };
  /** Whether a customer may use more. */
  checkLimit: {
    input: {
      id: string;
      metric: string;
      quantity?: string;
    };
    answer: LimitCheck;
  };
  /** A metric over time. */
  queryUsage: {
    input: {
      metric: string;
      customerId?: string;
      from?: string;
      to?: string;
      window?: "hour" | "day" | "month";
      groupBy?: string;
      filter?: Record<string, string>;
      timezone?: string;
      fill?: "zero";
      limit?: number;
      cursor?: string;
    };
    answer: UsageSeries;
  };
  /** All customers. */
  listCustomers: {
    input: {
      limit?: number;
      cursor?: string;
    };
    answer: CustomerPage;
  };
  /** One customer. */
  getCustomer: {
    input: {
      id: string;
    };
    answer: Customer;
  };
  /** Make or replace a customer. */
  putCustomer: {
    input: {
      id: string;
      body: CustomerInput;
    };
    answer: PutCustomer;
  };
  /** Delete a customer. */
  deleteCustomer: {
    input: {
      id: string;
    };
    answer: undefined;
  };
  /** Correct past usage. */
  createAdjustment: {
    input: {
      id: string;
      body: Adjustment;
    };
    answer: KeptAdjustment;
  };
  /** A customer's corrections. */
  listAdjustments: {
    input: {
      id: string;
      limit?: number;
      cursor?: string;
    };
    answer: AdjustmentPage;
  };
  /** The rules that count for a customer. */
  getAlertRules: {
    input: {
      id: string;
    };
    answer: RulesInForce;
  };
  /** Replace a customer's rules. */
  putAlertRules: {
    input: {
      id: string;
      body: AlertRules;
    };
    answer: RulesInForce;
  };
  /** Thresholds that were crossed. */
  listAlerts: {
    input: {
      customerId?: string;
      from?: string;
      limit?: number;
      cursor?: string;
    };
    answer: AlertPage;
  };
  /** The latest catalog. */
  getCatalog: {
    input: object;
    answer: KeptCatalog;
  };
  /** Publish a catalog. */
  putCatalog: {
    input: {
      effective?: "now" | "nextPeriod";
      reason?: string;
      ifMatch?: string;
      body: CatalogInput;
    };
    answer: Publication;
  };
  /** What was published. */
  listCatalogVersions: {
    input: {
      limit?: number;
      cursor?: string;
    };
    answer: CatalogVersionPage;
  };
  /** One version. */
  getCatalogVersion: {
    input: {
      version: number;
    };
    answer: CatalogVersion;
  };
  /** How a version differs. */
  diffCatalogVersion: {
    input: {
      version: number;
      against?: number;
    };
    answer: CatalogDiff;
  };
  /** Publish an earlier version again. */
  publishCatalogVersion: {
    input: {
      version: number;
      effective?: "now" | "nextPeriod";
      reason?: string;
      ifMatch?: string;
      body?: {
        effective?: "now" | "nextPeriod";
        reason?: string | null;
      };
    };
    answer: Publication;
  };
  /** What real usage would have cost. */
  simulateCatalog: {
    input: {
      body: SimulationInput;
    };
    answer: Simulation;
  };
  /** What was billed. */
  listInvoices: {
    input: {
      customerId?: string;
      period?: string;
      status?: "draft" | "in_review" | "open" | "paid" | "void" | "uncollectible" | "zero" | "blocked";
      limit?: number;
      cursor?: string;
    };
    answer: InvoicePage;
  };
  /** One invoice. */
  getInvoice: {
    input: {
      id: string;
    };
    answer: Invoice;
  };
  /** All that an invoice was computed from. */
  exportInvoice: {
    input: {
      id: string;
    };
    answer: InvoiceExport;
  };
  /** Why a line has its amount. */
  explainLine: {
    input: {
      id: string;
      ref: string;
    };
    answer: LineExplanation;
  };
  /** Why a line has its amount, its ref in the query. */
  explainLineByQuery: {
    input: {
      id: string;
      ref: string;
    };
    answer: LineExplanation;
  };
  /** Send an invoice that was reviewed. */
  finalizeInvoice: {
    input: {
      id: string;
    };
    answer: Invoice;
  };
  /** Take an invoice back. */
  voidInvoice: {
    input: {
      id: string;
      body: VoidInput;
    };
    answer: Invoice;
  };
  /** Close and send what is due. */
  runInvoicing: {
    input: object;
    answer: InvoicingReport;
  };
  /** Have notifications sent. */
  createWebhookEndpoint: {
    input: {
      body: WebhookEndpointInput;
    };
    answer: WebhookEndpointWithSecret;
  };
  /** Where notifications are sent. */
  listWebhookEndpoints: {
    input: {
      customerId?: string;
      limit?: number;
      cursor?: string;
    };
    answer: WebhookEndpointPage;
  };
  /** One endpoint. */
  getWebhookEndpoint: {
    input: {
      id: string;
    };
    answer: WebhookEndpoint;
  };
  /** Send nothing there any more. */
  deleteWebhookEndpoint: {
    input: {
      id: string;
    };
    answer: undefined;
  };
  /** Send there again. */
  enableWebhookEndpoint: {
    input: {
      id: string;
    };
    answer: WebhookEndpoint;
  };
  /** Send a test event. */
  testWebhookEndpoint: {
    input: {
      id: string;
    };
    answer: TestOutcome;
  };
  /** Sign with a new secret. */
  rotateWebhookSecret: {
    input: {
      id: string;
      body?: {
        previousValidSeconds?: number;
      };
    };
    answer: WebhookEndpointWithSecret;
  };
  /** What was told. */
  listNotifications: {
    input: {
      customerId?: string;
      type?: "usage.threshold_reached" | "spend.threshold_reached" | "budget.threshold_reached" | "budget.forecast_exceeded" | "limit.reached" | "invoice.created" | "invoice.paid" | "invoice.payment_failed" | "invoice.blocked" | "integrity.drift_detected" | "operations.flush_delayed" | "operations.redis_reset";
      state?: "pending" | "delivered" | "failed";
      limit?: number;
      cursor?: string;
    };
    answer: NotificationPage;
  };
  /** One notification with its attempts. */
  getNotification: {
    input: {
      id: string;
    };
    answer: NotificationWithAttempts;
  };
  /** Tell it again. */
  redeliverNotification: {
    input: {
      id: string;
      body?: {
        endpointId?: string;
        kind?: "webhook" | "email";
      };
    };
    answer: Notification;
  };
  /** Make a key. */
  createApiKey: {
    input: {
      body: ApiKeyInput;
    };
    answer: ApiKeyWithText;
  };
  /** The keys that were made. */
  listApiKeys: {
    input: {
      limit?: number;
      cursor?: string;
    };
    answer: ApiKeyPage;
  };
  /** Revoke a key. */
  revokeApiKey: {
    input: {
      id: string;
    };
    answer: undefined;
  };
  /** A token that reads one customer. */
  createCustomerToken: {
    input: {
      id: string;
      body?: {
        expiresInSeconds?: number;
      };
    };
    answer: CustomerToken;
  };
  /** What does not agree. */
  getIntegrity: {
    input: object;
    answer: Integrity;
  };
  /** Compare all now. */
  runIntegrity: {
    input: object;
    answer: IntegrityRun;
  };
  /** Fence counters after Redis was restored by hand. */
  fenceCounters: {
    input: object;
    answer: Fence;
  };
  /** What scheduled work did. */
  listJobRuns: {
    input: {
      job?: string;
      limit?: number;
      cursor?: string;
    };
    answer: JobRunPage;
  };
  /** Whether the Worker is up. */
  getHealth: {
    input: object;
    answer: {
      status: "ok";
    };
  };
  /** Whether its stores answer. */
  getReadiness: {
    input: object;
    answer: Readiness;
  };
  /** This document. */
  getDocument: {
    input: object;
    answer: {
      openapi: string;
      [member: string]: unknown;
    };
  };
}

/** `Adjustment` of the API's document. */
export type Adjustment = {
  id: string;
  metricName: string;
  quantity: unknown;
  at: TimestampInput;
  reason: string;
};

/** Newest first. */
export type AdjustmentPage = {
  data: KeptAdjustment[];
  /** Where the next page begins; null on the last one. */
  nextCursor: string | null;
};

/** `Alert` of the API's document. */
export type Alert = {
  id: string;
  customerId: string;
  rule: string;
  kind: "usage" | "spend" | "budget" | "forecast";
  metric: string | null;
  /** A number where it is a percentage. */
  threshold: number | Decimal;
  thresholdUnit: "percent" | "quantity" | "amount";
  current: Decimal;
  included: Decimal | null;
  budget: Decimal | null;
  currency: string | null;
  period: Period;
  firedAt: Moment;
};

/** Newest first. */
export type AlertPage = {
  data: Alert[];
  /** Where the next page begins; null on the last one. */
  nextCursor: string | null;
};

/** `AlertRule` of the API's document. */
export type AlertRule = {
  id: string;
  enabled?: boolean;
  kind: "usage";
  metricName?: string;
  measure?: "percent" | "quantity";
  thresholds: (number | string)[];
} | {
  id: string;
  enabled?: boolean;
  kind: "spend";
  thresholds: (number | string)[];
} | {
  id: string;
  enabled?: boolean;
  kind: "budget";
  thresholds: (number | string)[];
} | {
  id: string;
  enabled?: boolean;
  kind: "forecast";
};

/** `AlertRules` of the API's document. */
export type AlertRules = {
  rules: AlertRule[];
};

/** An amount in major units, number or decimal string; not finer than its currency. */
export type AmountInput = number | string;

/** `ApiKey` of the API's document. */
export type ApiKey = {
  id: string;
  /** How the key begins. */
  prefix: string;
  scope: "ingest" | "read" | "admin";
  name: string;
  createdAt: Moment;
  createdBy: string;
  expiresAt: Moment | null;
  /** To the hour. */
  lastUsedAt: string | null;
  revokedAt: Moment | null;
};

/** `ApiKeyInput` of the API's document. */
export type ApiKeyInput = {
  name: string;
  scope: "ingest" | "read" | "admin";
  /** ISO 8601 with an offset, or epoch milliseconds. */
  expiresAt?: string | number | null;
};

/** Newest first. */
export type ApiKeyPage = {
  data: ApiKey[];
  /** Where the next page begins; null on the last one. */
  nextCursor: string | null;
};

/** `ApiKeyWithText` of the API's document. */
export type ApiKeyWithText = {
  id: string;
  /** How the key begins. */
  prefix: string;
  scope: "ingest" | "read" | "admin";
  name: string;
  createdAt: Moment;
  createdBy: string;
  expiresAt: Moment | null;
  /** To the hour. */
  lastUsedAt: string | null;
  revokedAt: Moment | null;
  /** The key itself, shown once. */
  key: string;
};

/** Meters and plans, published whole. */
export type Catalog = {
  currency: string;
  defaultPlan: string;
  meters: Meter[];
  plans: {
    name: string;
    displayName: string;
    baseFee?: AmountInput;
    minSpend?: AmountInput;
    maxSpend?: AmountInput;
    prices?: Price[];
  }[];
};

/** `CatalogDiff` of the API's document. */
export type CatalogDiff = {
  version: number;
  against: number;
  changes: {
    path: string;
    kind: "added" | "removed" | "changed";
    before?: unknown;
    after?: unknown;
  }[];
  changesLeftOff: number;
};

/** A catalog, with the terms of its publication. */
export type CatalogInput = {
  currency: string;
  defaultPlan: string;
  meters: Meter[];
  plans: {
    name: string;
    displayName: string;
    baseFee?: AmountInput;
    minSpend?: AmountInput;
    maxSpend?: AmountInput;
    prices?: Price[];
  }[];
  effective?: "now" | "nextPeriod";
  reason?: string | null;
};

/** `CatalogVersion` of the API's document. */
export type CatalogVersion = {
  version: number;
  publishedAt: Moment;
  publishedBy: string;
  reason: string | null;
  effective: "now" | "nextPeriod";
  catalog: KeptCatalog;
};

/** Newest first. */
export type CatalogVersionPage = {
  data: CatalogVersionSummary[];
  /** Where the next page begins; null on the last one. */
  nextCursor: string | null;
};

/** `CatalogVersionSummary` of the API's document. */
export type CatalogVersionSummary = {
  version: number;
  publishedAt: Moment;
  publishedBy: string;
  reason: string | null;
  effective: "now" | "nextPeriod";
};

/** `Customer` of the API's document. */
export type Customer = {
  id: string;
  name?: string;
  email?: string;
  stripeCustomerId?: string;
  plan?: string;
  prices?: KeptPrice[];
  budget?: Decimal;
  billingAnchorDay?: number;
  collectionMethod?: "charge_automatically" | "send_invoice";
  daysUntilDue?: number;
  metadata?: Record<string, string>;
  createdAt: Moment;
};

/** Replaces all that is known of the customer. */
export type CustomerInput = {
  name?: string;
  email?: string;
  stripeCustomerId?: string;
  plan?: string;
  prices?: Price[];
  /** A month's budget in major units of the catalog's currency. */
  budget?: number | string;
  billingAnchorDay?: number;
  collectionMethod?: "charge_automatically" | "send_invoice";
  daysUntilDue?: number;
  metadata?: Record<string, string>;
  /** Must be the id of the address. */
  id?: string;
  /** As it was read; not changed. */
  createdAt?: unknown;
};

/** Newest first. */
export type CustomerPage = {
  data: Customer[];
  /** Where the next page begins; null on the last one. */
  nextCursor: string | null;
};

/** `CustomerToken` of the API's document. */
export type CustomerToken = {
  token: string;
  expiresAt: Moment;
};

/** `CustomerUsage` of the API's document. */
export type CustomerUsage = {
  customerId: string;
  plan: string;
  currency: string;
  period: Period;
  asOf: Moment;
  /** The counters could not be asked: the newest usage may be missing. */
  stale: boolean;
  metrics: {
    metric: string;
    displayName: string;
    unit: string;
    current: Decimal;
    /** Null: every unit is free. */
    included: string | null;
    percentUsed: number;
    estimatedCost: Decimal;
    projectedCost: Decimal;
  }[];
  totalCost: Decimal;
  projectedTotal: Decimal;
  budget: {
    amount: Decimal;
    percentUsed: number;
  } | null;
  /** Only where the plan changed inside the period. */
  parts?: {
    plan: string;
    start: Moment;
    end: Moment;
    metrics: {
      metric: string;
      quantity: Decimal;
      /** Null: every unit is free. */
      included: string | null;
    }[];
  }[];
};

/** A decimal string: exact, whatever its size. */
export type Decimal = string;

/** `Fence` of the API's document. */
export type Fence = {
  incident: string;
  buckets: number;
};

/** `Integrity` of the API's document. */
export type Integrity = {
  status: "ok" | "drift" | "unknown";
  findings: {
    kind: "days" | "counters" | "invoices" | "stripe_invoices";
    foundAt: Moment;
    seenAt: Moment;
    goneAt: Moment | null;
    [member: string]: unknown;
  }[];
  redisLosses: {
    id: string;
    kind: "emptied" | "set_back" | "fenced_by_hand";
    flushedAt: Moment | null;
    noticedAt: Moment;
    fencedAt: Moment | null;
  }[];
  checkedAt: Moment | null;
};

/** `IntegrityRun` of the API's document. */
export type IntegrityRun = {
  status: "ok" | "drift";
  days: {
    checked: number;
    drifted: number;
  };
  counters: {
    checked: number;
    drifted: number;
    moving: number;
  };
  reconciliation: {
    invoices: {
      checked: number;
      drifted: number;
      [member: string]: unknown;
    };
    stripeInvoices: {
      checked: number;
      drifted: number;
      [member: string]: unknown;
    };
  };
  checkedAt: Moment;
};

/** `Invoice` of the API's document. */
export type Invoice = {
  id: string;
  number: string;
  customerId: string;
  period: Period;
  status: "draft" | "in_review" | "open" | "paid" | "void" | "uncollectible" | "zero" | "blocked";
  catalogVersion: number;
  currency: string;
  lines: InvoiceLine[];
  subtotal: Decimal;
  total: Decimal;
  stripeCustomerId?: string | null;
  voidReason?: string;
  voidRequestedBy?: string;
  voidRequestedAt?: Moment;
  replacedBy?: string;
  replaces?: string;
  stripeInvoiceId: string | null;
  steps: {
    step: "create" | "add_lines" | "finalize" | "void";
    startedAt: Moment;
    finishedAt: Moment | null;
    outcome: Record<string, unknown> | null;
  }[];
};

/** `InvoiceExport` of the API's document. */
export type InvoiceExport = {
  format: "edgemeter.invoice/1";
  invoice: {
    id: string;
    number: string;
    customerId: string;
    period: Period;
    catalogVersion: number;
    currency: string;
    lines: InvoiceLine[];
    subtotal: Decimal;
    total: Decimal;
  };
  catalog: KeptCatalog;
  usage: Record<string, unknown> | null;
  trueUps: Record<string, unknown>[];
  rounding: {
    rule: string;
    currency: string;
    decimals: number;
    unitMinor: string;
  };
  days: Record<string, unknown>[];
  adjustments: Record<string, unknown>[];
  isCut: boolean;
};

/** `InvoiceLine` of the API's document. */
export type InvoiceLine = {
  ref: string;
  metric: string | null;
  description: string;
  quantity: Decimal;
  amount: Decimal;
  tiers: {
    from: Decimal;
    to: Decimal | null;
    quantity: Decimal;
    unitPrice: Decimal;
    flatFee?: Decimal;
    packages?: {
      count: Decimal;
      size: Decimal;
      price: Decimal;
    };
    amount: Decimal;
  }[];
  /** Start of the earlier period that the line corrects. */
  trueUpOf?: string;
};

/** Newest first. */
export type InvoicePage = {
  data: Invoice[];
  /** Where the next page begins; null on the last one. */
  nextCursor: string | null;
};

/** `InvoicingReport` of the API's document. */
export type InvoicingReport = {
  closed: number;
  sent: number;
  blocked: number;
  voided: number;
  failed: number;
  /** Left for the next run. */
  remaining: number;
};

/** `JobRun` of the API's document. */
export type JobRun = {
  id: string;
  job: string;
  scheduledAt: Moment;
  startedAt: Moment;
  finishedAt: Moment;
  outcome: Record<string, unknown>;
};

/** Newest first. */
export type JobRunPage = {
  data: JobRun[];
  /** Where the next page begins; null on the last one. */
  nextCursor: string | null;
};

/** `KeptAdjustment` of the API's document. */
export type KeptAdjustment = {
  id: string;
  customerId: string;
  metricName: string;
  quantity: Decimal;
  at: Moment;
  reason: string;
  createdAt: Moment;
  createdBy: string;
};

/** A catalog as it is given back; it may be put again. */
export type KeptCatalog = {
  currency: string;
  defaultPlan: string;
  meters: {
    name: string;
    displayName: string;
    unit: string;
    description?: string;
    aggregation: "sum" | "count" | "max" | "min" | "last";
    scale: number;
    dimensions: string[];
    allowNegative: boolean;
  }[];
  plans: {
    name: string;
    displayName: string;
    baseFee: Decimal;
    minSpend?: Decimal;
    maxSpend?: Decimal;
    prices: KeptPrice[];
  }[];
};

/** A price as it is given back; it may be put again. */
export type KeptPrice = {
  metricName: string;
  includedFree?: Decimal;
  minSpend?: Decimal;
  maxSpend?: Decimal;
  chargeWhenZero?: boolean;
  model: "graduated";
  tiers: {
    upTo: Decimal | null;
    unitPrice?: Decimal;
    flatFee?: Decimal;
  }[];
} | {
  metricName: string;
  includedFree?: Decimal;
  minSpend?: Decimal;
  maxSpend?: Decimal;
  chargeWhenZero?: boolean;
  model: "volume";
  tiers: {
    upTo: Decimal | null;
    unitPrice?: Decimal;
    flatFee?: Decimal;
  }[];
} | {
  metricName: string;
  includedFree?: Decimal;
  minSpend?: Decimal;
  maxSpend?: Decimal;
  chargeWhenZero?: boolean;
  model: "stairstep";
  tiers: {
    upTo: Decimal | null;
    flatFee: Decimal;
  }[];
} | {
  metricName: string;
  includedFree?: Decimal;
  minSpend?: Decimal;
  maxSpend?: Decimal;
  chargeWhenZero?: boolean;
  model: "package";
  packageSize: Decimal;
  packagePrice: Decimal;
} | {
  metricName: string;
  includedFree?: Decimal;
  minSpend?: Decimal;
  maxSpend?: Decimal;
  chargeWhenZero?: boolean;
  model: "perUnit";
  unitPrice: Decimal;
} | {
  metricName: string;
  includedFree?: Decimal;
  minSpend?: Decimal;
  maxSpend?: Decimal;
  chargeWhenZero?: boolean;
  model: "flat";
  flatFee: Decimal;
};

/** `LimitCheck` of the API's document. */
export type LimitCheck = {
  allowed: boolean;
  reason?: string;
  /** Null: no limit is set. */
  limit: string | null;
  used: Decimal;
  remaining: Decimal | null;
  resetsAt: Moment;
};

/** `LineExplanation` of the API's document. */
export type LineExplanation = {
  invoiceId: string;
  number: string;
  currency: string;
  line: InvoiceLine;
  catalogVersion: number;
  span: Period | null;
  plan: string | null;
  price: Record<string, unknown> | null;
  reasons: {
    text: string;
    amount: Decimal;
  }[];
  days: {
    /** Null: what has come since the line was priced. */
    day: string | null;
    used: Decimal;
    adjusted: Decimal;
    total: Decimal;
    cost: Decimal;
  }[];
};

/** What is counted and how. */
export type Meter = {
  name: string;
  displayName: string;
  unit: string;
  description?: string;
  aggregation: "sum" | "count" | "max" | "min" | "last";
  scale?: number;
  dimensions?: string[];
  allowNegative?: boolean;
};

/** ISO 8601 in UTC. */
export type Moment = string;

/** `Notification` of the API's document. */
export type Notification = {
  id: string;
  type: "usage.threshold_reached" | "spend.threshold_reached" | "budget.threshold_reached" | "budget.forecast_exceeded" | "limit.reached" | "invoice.created" | "invoice.paid" | "invoice.payment_failed" | "invoice.blocked" | "integrity.drift_detected" | "operations.flush_delayed" | "operations.redis_reset";
  customerId: string | null;
  timestamp: Moment;
  data: Record<string, unknown>;
  addressedAt: Moment | null;
  deliveries: {
    kind: "webhook" | "email";
    endpointId: string | null;
    state: "pending" | "delivered" | "failed";
    attempts: number;
    nextAttemptAt: Moment | null;
    status: number | null;
    failure: string | null;
    settledAt: Moment | null;
  }[];
};

/** Newest first. */
export type NotificationPage = {
  data: Notification[];
  /** Where the next page begins; null on the last one. */
  nextCursor: string | null;
};

/** `NotificationWithAttempts` of the API's document. */
export type NotificationWithAttempts = {
  id: string;
  type: "usage.threshold_reached" | "spend.threshold_reached" | "budget.threshold_reached" | "budget.forecast_exceeded" | "limit.reached" | "invoice.created" | "invoice.paid" | "invoice.payment_failed" | "invoice.blocked" | "integrity.drift_detected" | "operations.flush_delayed" | "operations.redis_reset";
  customerId: string | null;
  timestamp: Moment;
  data: Record<string, unknown>;
  addressedAt: Moment | null;
  deliveries: {
    kind: "webhook" | "email";
    endpointId: string | null;
    state: "pending" | "delivered" | "failed";
    attempts: number;
    nextAttemptAt: Moment | null;
    status: number | null;
    failure: string | null;
    settledAt: Moment | null;
  }[];
  attempts: {
    kind: "webhook" | "email";
    endpointId: string | null;
    at: Moment;
    durationMs: number;
    status: number | null;
    failure: string | null;
    response: string | null;
  }[];
};

/** From `start` up to, and without, `end`. */
export type Period = {
  start: Moment;
  end: Moment;
};

/** One metric's price. Unit prices and fees in minor units, spends in major ones. */
export type Price = {
  metricName: string;
  includedFree?: QuantityInput;
  minSpend?: AmountInput;
  maxSpend?: AmountInput;
  chargeWhenZero?: boolean;
  model: "graduated";
  tiers: {
    upTo: TierBoundInput;
    unitPrice?: UnitPriceInput;
    flatFee?: UnitPriceInput;
  }[];
} | {
  metricName: string;
  includedFree?: QuantityInput;
  minSpend?: AmountInput;
  maxSpend?: AmountInput;
  chargeWhenZero?: boolean;
  model: "volume";
  tiers: {
    upTo: TierBoundInput;
    unitPrice?: UnitPriceInput;
    flatFee?: UnitPriceInput;
  }[];
} | {
  metricName: string;
  includedFree?: QuantityInput;
  minSpend?: AmountInput;
  maxSpend?: AmountInput;
  chargeWhenZero?: boolean;
  model: "stairstep";
  tiers: {
    upTo: TierBoundInput;
    flatFee: UnitPriceInput;
  }[];
} | {
  metricName: string;
  includedFree?: QuantityInput;
  minSpend?: AmountInput;
  maxSpend?: AmountInput;
  chargeWhenZero?: boolean;
  model: "package";
  packageSize: QuantityInput;
  packagePrice: UnitPriceInput;
} | {
  metricName: string;
  includedFree?: QuantityInput;
  minSpend?: AmountInput;
  maxSpend?: AmountInput;
  chargeWhenZero?: boolean;
  model: "perUnit";
  unitPrice: UnitPriceInput;
} | {
  metricName: string;
  includedFree?: QuantityInput;
  minSpend?: AmountInput;
  maxSpend?: AmountInput;
  chargeWhenZero?: boolean;
  model: "flat";
  flatFee: UnitPriceInput;
};

/** `Publication` of the API's document. */
export type Publication = {
  version: number;
  publishedAt: Moment;
  publishedBy: string;
  reason: string | null;
  effective: "now" | "nextPeriod";
  catalog: KeptCatalog;
  changes: {
    path: string;
    kind: "added" | "removed" | "changed";
    before?: unknown;
    after?: unknown;
  }[];
  changesLeftOff: number;
};

/** `PutCustomer` of the API's document. */
export type PutCustomer = {
  id: string;
  name?: string;
  email?: string;
  stripeCustomerId?: string;
  plan?: string;
  prices?: KeptPrice[];
  budget?: Decimal;
  billingAnchorDay?: number;
  collectionMethod?: "charge_automatically" | "send_invoice";
  daysUntilDue?: number;
  metadata?: Record<string, string>;
};

/** A quantity in the meter's unit, number or decimal string, of at most 9 decimals. */
export type QuantityInput = number | string;

/** `Readiness` of the API's document. */
export type Readiness = {
  status: "ready" | "not_ready";
  redis: boolean;
  postgres: boolean;
  flushLagSeconds: number | null;
  oldestDirtyBucket: Moment | null;
};

/** The defaults among them; may be changed and put again. */
export type RulesInForce = {
  rules: ({
    id: string;
    enabled: boolean;
    kind: "usage";
    metricName?: string;
    measure: "percent" | "quantity";
    thresholds: Decimal[];
  } | {
    id: string;
    enabled: boolean;
    kind: "spend";
    thresholds: Decimal[];
  } | {
    id: string;
    enabled: boolean;
    kind: "budget";
    thresholds: Decimal[];
  } | {
    id: string;
    enabled: boolean;
    kind: "forecast";
  })[];
};

/** `SimulatedCustomer` of the API's document. */
export type SimulatedCustomer = {
  customerId: string;
  plan: string;
  simulatedPlan: string;
  invoiced: boolean;
  billed: Decimal;
  simulated: Decimal;
  difference: Decimal;
  cliffs?: {
    plan: string;
    metric: string;
    upTo: Decimal;
    amount: Decimal;
    amountPast: Decimal;
  }[];
};

/** `Simulation` of the API's document. */
export type Simulation = {
  period: string;
  currency: string;
  totals: {
    customers: number;
    billed: Decimal;
    simulated: Decimal;
    difference: Decimal;
  };
  paysLess: {
    customers: number;
    difference: Decimal;
    most: SimulatedCustomer[];
  };
  paysMore: {
    customers: number;
    difference: Decimal;
    most: SimulatedCustomer[];
  };
  unchanged: number;
  cliffs: {
    plan: string;
    metric: string;
    upTo: Decimal;
    amount: Decimal;
    amountPast: Decimal;
  }[];
  data: SimulatedCustomer[];
  nextCursor: string | null;
};

/** `SimulationInput` of the API's document. */
export type SimulationInput = {
  catalog: Catalog;
  /** The month whose usage is priced. */
  period: string;
  planChanges?: Record<string, string>;
  /** The customer's id. */
  cursor?: string | null;
  limit?: number;
};

/** `TestOutcome` of the API's document. */
export type TestOutcome = {
  delivered: boolean;
  id: string;
  status: number | null;
  failure: string | null;
  durationMs: number;
  response: string | null;
};

/** Where a tier ends, itself included; null: nowhere. */
export type TierBoundInput = number | string | null;

/** ISO 8601 with an offset, or epoch milliseconds. */
export type TimestampInput = string | number;

/** In minor units of the currency, number or decimal string, of at most 12 decimals. */
export type UnitPriceInput = number | string;

/** `UpcomingInvoice` of the API's document. */
export type UpcomingInvoice = {
  id: null;
  number: null;
  customerId: string;
  period: Period;
  status: "upcoming";
  asOf: Moment;
  stale: boolean;
  currency: string;
  catalogVersion: number;
  lines: InvoiceLine[];
  subtotal: Decimal;
  total: Decimal;
  stripeCustomerId: string | null;
  stripeInvoiceId: null;
  steps: unknown[];
};

/** `UsageSeries` of the API's document. */
export type UsageSeries = {
  metric: string;
  window: "hour" | "day" | "month";
  timezone: string;
  from: Moment;
  to: Moment;
  asOf: Moment;
  stale: boolean;
  data: {
    customerId?: string;
    dimensions: Record<string, string | null>;
    points: {
      start: string;
      end: string;
      value: Decimal;
    }[];
  }[];
  nextCursor: string | null;
};

/** `VoidInput` of the API's document. */
export type VoidInput = {
  reason: string;
  reissue?: boolean;
};

/** `WebhookEndpoint` of the API's document. */
export type WebhookEndpoint = {
  id: string;
  url: string;
  /** Null: all. */
  types: ("usage.threshold_reached" | "spend.threshold_reached" | "budget.threshold_reached" | "budget.forecast_exceeded" | "limit.reached" | "invoice.created" | "invoice.paid" | "invoice.payment_failed" | "invoice.blocked" | "integrity.drift_detected" | "operations.flush_delayed" | "operations.redis_reset")[] | null;
  customerId: string | null;
  createdAt: Moment;
  previousSecretValidUntil: Moment | null;
  disabledAt: Moment | null;
  disabledReason: string | null;
  slowSince: Moment | null;
};

/** `WebhookEndpointInput` of the API's document. */
export type WebhookEndpointInput = {
  url: string;
  types?: ("usage.threshold_reached" | "spend.threshold_reached" | "budget.threshold_reached" | "budget.forecast_exceeded" | "limit.reached" | "invoice.created" | "invoice.paid" | "invoice.payment_failed" | "invoice.blocked" | "integrity.drift_detected" | "operations.flush_delayed" | "operations.redis_reset")[] | null;
  /** The customer's id. */
  customerId?: string | null;
};

/** Newest first. */
export type WebhookEndpointPage = {
  data: WebhookEndpoint[];
  /** Where the next page begins; null on the last one. */
  nextCursor: string | null;
};

/** `WebhookEndpointWithSecret` of the API's document. */
export type WebhookEndpointWithSecret = {
  id: string;
  url: string;
  /** Null: all. */
  types: ("usage.threshold_reached" | "spend.threshold_reached" | "budget.threshold_reached" | "budget.forecast_exceeded" | "limit.reached" | "invoice.created" | "invoice.paid" | "invoice.payment_failed" | "invoice.blocked" | "integrity.drift_detected" | "operations.flush_delayed" | "operations.redis_reset")[] | null;
  customerId: string | null;
  createdAt: Moment;
  previousSecretValidUntil: Moment | null;
  disabledAt: Moment | null;
  disabledReason: string | null;
  slowSince: Moment | null;
  /** Shown once. */
  secret: string;
};
