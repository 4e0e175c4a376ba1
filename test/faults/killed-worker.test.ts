import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CUTS, killAt } from "../support/kill-at.ts";
import { startMeter, type RunningMeter } from "../support/running-meter.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MINUTE_CRON = "* * * * *";
const HOURLY_CRON = "17 * * * *";

let meter: RunningMeter;
let customers = 0;

beforeAll(async () => {
  meter = await startMeter();
});
beforeEach(() => meter.beginEmpty());
afterAll(() => meter.stop());

async function newCustomer(): Promise<{ id: string; stripeId: string }> {
  customers += 1;
  const id = `killed-${customers}`;
  const stripeId = String((await meter.stripe("POST", "/v1/customers", `name=${id}`))["id"]);
  await meter.send("PUT", `/v1/customers/${id}`, { stripeCustomerId: stripeId });
  const events = [
    { id: "1", customerId: id, metricName: "api_calls", value: 123_456 },
    { id: "2", customerId: id, metricName: "api_calls", value: 4, metadata: { region: "eu" } },
    { id: "3", customerId: id, metricName: "seats", value: 7 },
    {
      id: "4",
      customerId: id,
      metricName: "storage_gb",
      value: "8.125",
      timestamp: Date.now() - 5 * HOUR_MS,
    },
  ];
  const answer = await meter.send("POST", "/v1/events", events);
  expect(answer?.body).toMatchObject({ recorded: 4 });
  return { id, stripeId };
}

async function ledgerOf(customerId: string): Promise<unknown> {
  const { rows } = await meter.database.query(
    `select metric_name, dimensions, aggregation, sum(value)::text as value, count(*)::int as rows from usage_records
     where customer_id = $1 group by 1, 2, 3 order by 1, 2`,
    [customerId],
  );
  return rows;
}

async function billedTo(customer: { id: string; stripeId: string }): Promise<unknown> {
  const ours = await meter.database.query(
    `select status, total_minor::text, subtotal_minor::text, stripe_invoice_id is not null as is_in_stripe,
       (select jsonb_agg(jsonb_build_array(ref, quantity, amount_minor, tiers) order by position) from invoice_lines
        where invoice_lines.invoice_id = invoices.invoice_id) as lines,
       (select jsonb_agg(step order by step) from invoice_steps
        where invoice_steps.invoice_id = invoices.invoice_id and finished_at is not null) as steps
     from invoices where customer_id = $1`,
    [customer.id],
  );
  const list = await meter.stripe("GET", `/v1/invoices?customer=${customer.stripeId}&limit=100`);
  const stripe = (list["data"] as StripeInvoice[]).map((invoice) => ({
    status: invoice.status,
    total: invoice.total,
    lines: invoice.lines.data.map(({ amount, description }) => ({ amount, description })),
  }));
  const periods = await meter.database.query(
    "select period_start, period_end, closed_at is not null as is_closed from billing_periods where customer_id = $1 order by 1",
    [customer.id],
  );
  return { ours: ours.rows, stripe, periods: periods.rows };
}

interface StripeInvoice {
  status: string;
  total: number;
  lines: { data: { amount: number; description: string }[] };
}

describe.each(CUTS)("the Worker is killed at a request that is %s", (cut) => {
  test.each(["upstash", "neon"] as const)(
    "flush, at each request to %s: the ledger is exact",
    async (store) => {
      const reference = await newCustomer();
      expect(await meter.trigger(MINUTE_CRON, Date.now())).toBe(true);
      const expected = await ledgerOf(reference.id);
      expect(expected).toHaveLength(4);

      let cuts = 0;
      for (let isCut = true; isCut; cuts += 1) {
        const customer = await newCustomer();
        const now = Date.now();
        isCut = await killAt(
          meter,
          meter.stores[store],
          cuts,
          cut,
          () => meter.trigger(MINUTE_CRON, now),
          // The dead run's buckets are taken over after three minutes.
          () => meter.trigger(MINUTE_CRON, now + 4 * MINUTE_MS),
        );
        expect(await ledgerOf(customer.id), `cut at request ${cuts}`).toEqual(expected);
        const usage = await meter.send("GET", `/v1/customers/${customer.id}/usage`);
        expect(usage?.body).toMatchObject({ totalCost: "162.51" });
      }
      // At least: is anything unflushed, 16 claims, acknowledge; is Postgres there, upsert, job run.
      expect(cuts - 1).toBeGreaterThanOrEqual(store === "upstash" ? 18 : 3);
    },
  );

  test.each(["upstash", "neon", "stripe"] as const)(
    "invoicing, at each request to %s: one invoice, as if nothing had happened",
    async (store) => {
      const dueMs = Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() + 1, 2, 5);
      const reference = await newCustomer();
      expect(await meter.trigger(HOURLY_CRON, dueMs)).toBe(true);
      const expected = await billedTo(reference);
      expect(expected).toMatchObject({
        ours: [{ status: "open", total_minor: "16251" }],
        stripe: [{ status: "open", total: 16_251 }],
      });

      let cuts = 0;
      for (let isCut = true; isCut; cuts += 1) {
        const customer = await newCustomer();
        isCut = await killAt(
          meter,
          meter.stores[store],
          cuts,
          cut,
          () => meter.trigger(HOURLY_CRON, dueMs),
          () => meter.trigger(HOURLY_CRON, dueMs + HOUR_MS),
        );
        expect(await billedTo(customer), `cut at request ${cuts}`).toEqual(expected);
      }
      expect(cuts - 1).toBeGreaterThanOrEqual({ upstash: 1, neon: 12, stripe: 3 }[store]);
    },
  );
});

test("a reply lost after recording, and the client's retry under the same id: counts once", async () => {
  // Redis knows the script from here on.
  await meter.send("POST", "/v1/events", { customerId: "lost-reply", metricName: "api_calls" });
  for (const mode of ["after", "before", "status"] as const) {
    const customerId = `lost-reply-${mode}`;
    const event = { id: "once", customerId, metricName: "api_calls", value: 10_005 };
    // Our own repeat is lost as well, and the spool is away.
    meter.stores.upstash.faults.add({ mode, match: "EVALSHA", status: 500, times: 2 });
    meter.stores.neon.faults.add({ mode: "before", match: "insert into spool", times: 2 });
    const lost = await meter.send("POST", "/v1/events", event);
    expect(lost).toMatchObject({ status: 503, body: { code: "store_unavailable" } });
    const retried = await meter.send("POST", "/v1/events", event);
    const status = mode === "after" ? "duplicate" : "recorded";
    expect(retried).toMatchObject({ status: 200, body: { results: [{ status }] } });
    const usage = await meter.send("GET", `/v1/customers/${customerId}/usage`);
    expect(usage?.body).toMatchObject({ totalCost: "0.01" });
    await meter.trigger(MINUTE_CRON, Date.now());
    expect(await ledgerOf(customerId)).toMatchObject([{ metric_name: "api_calls", value: "10005" }]);
  }
});
