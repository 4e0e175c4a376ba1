import { HOURLY_CRON, MINUTE_CRON } from "../billed-customer.ts";
import { startMeter, type RunningMeter } from "../running-meter.ts";

/** A name and an id that would be markup if anything let them. */
export const MARKUP_NAME = `<img src=x onerror="window.broken=1">'"&amp; <script>window.broken=1</script>`;
export const MARKUP_ID = `cus_<b id="broken">&"'`;

const CUSTOMERS = [
  { id: "cus_acme", name: "Acme Robotics", scale: 9, budget: "500.00", email: "billing@acme.example" },
  { id: "cus_globex", name: "Globex", scale: 5, budget: "400.00", email: "ap@globex.example" },
  { id: "cus_northwind", name: "Northwind Traders", scale: 3, email: "finance@northwind.example" },
  { id: "cus_umbra", name: "Umbra Analytics", scale: 2, budget: "40.00" },
  { id: "cus_hooli", name: "Hooli", scale: 1 },
  { id: "cus_initech", name: "Initech", scale: 1, plan: "flat99", email: "billing@initech.example" },
  { id: MARKUP_ID, name: MARKUP_NAME, scale: 1 },
];

/** Daily usage since the start of last month, up to yesterday, written as a flush leaves it; weekends are quieter. */
const USAGE = `
with usage as (
  select customer_id, day + interval '12 hours' as at, metric, dimensions, aggregation,
    round(base * scale * case when extract(isodow from day) > 5 then 0.45 else 1 end
      * (1 + 0.01 * extract(day from day)) * (0.85 + 0.3 * abs(sin(extract(doy from day) * scale)))) as value
  from jsonb_to_recordset($1::jsonb) as customers (customer_id text, scale int),
    generate_series(date_trunc('month', now() at time zone 'UTC') - interval '1 month',
      (now() at time zone 'UTC')::date - interval '1 day', '1 day') as day,
    (values ('api_calls', '{"region": "eu"}'::jsonb, 'sum', 9000), ('api_calls', '{"region": "us"}', 'sum', 5200),
      ('api_calls', '{"region": "apac"}', 'sum', 1900), ('storage_gb', '{}', 'max', 11), ('compute_seconds', '{}', 'sum', 420),
      ('seats', '{}', 'max', 2)) as metrics (metric, dimensions, aggregation, base)
), hours as (
  insert into usage_records (customer_id, window_start, epoch, series, metric_name, dimensions, aggregation, value, version, flushed_at)
  select customer_id, at at time zone 'UTC', 'demo', sha256(convert_to(metric || dimensions, 'UTF8')), metric, dimensions, aggregation,
    value, 1, at at time zone 'UTC' from usage
)
insert into usage_daily (customer_id, day, series, metric_name, dimensions, aggregation, value)
select customer_id, at::date, sha256(convert_to(metric || dimensions, 'UTF8')), metric, dimensions, aggregation, value from usage`;

/** A meter with two months of customers, usage, alerts and invoices, one of which is open and the others in review. */
export async function startDemoWorld({ hasMarkup = true } = {}): Promise<RunningMeter> {
  const customers = CUSTOMERS.filter(({ id }) => hasMarkup || id !== MARKUP_ID);
  const meter = await startMeter({ INVOICE_MODE: "review", ALLOW_PRIVATE_WEBHOOKS: "true" });
  const scales = customers.map(({ id, scale }) => ({ customer_id: id, scale }));
  await meter.database.query(USAGE, [JSON.stringify(scales)]);
  for (const { id, scale: _, ...settings } of customers) {
    const stripe = await meter.stripe("POST", "/v1/customers", `name=${encodeURIComponent(id)}`);
    await expectOk(meter, "PUT", `/v1/customers/${encodeURIComponent(id)}`, {
      ...settings,
      stripeCustomerId: stripe["id"],
    });
  }
  await expectOk(meter, "POST", "/v1/webhook-endpoints", { url: "http://127.0.0.1:9/hooks" });
  await recordToday(meter, customers);
  await meter.trigger(MINUTE_CRON, Date.now());
  await meter.trigger(HOURLY_CRON, Date.now());
  const { data } = await expectOk(meter, "GET", "/v1/invoices?customerId=cus_acme");
  await expectOk(meter, "POST", `/v1/invoices/${(data as { id: string }[])[0]?.id ?? ""}/finalize`);
  await expectOk(meter, "POST", "/v1/customers/cus_globex/adjustments", {
    id: "adj_1",
    metricName: "api_calls",
    quantity: "-12000",
    at: new Date(Date.now() - 3_600_000).toISOString(),
    reason: "Counted twice during the incident of the 3rd",
  });
  return meter;
}

async function recordToday(meter: RunningMeter, customers: typeof CUSTOMERS): Promise<void> {
  const events = customers.flatMap(({ id, scale }) => [
    { customerId: id, metricName: "api_calls", value: 7210 * scale, metadata: { region: "eu" } },
    { customerId: id, metricName: "api_calls", value: 3104 * scale, metadata: { region: "us" } },
    { customerId: id, metricName: "storage_gb", value: 11 * scale },
    { customerId: id, metricName: "compute_seconds", value: "310.5" },
    { customerId: id, metricName: "seats", value: 2 * scale },
  ]);
  await expectOk(meter, "POST", "/v1/events", events);
}

async function expectOk(
  meter: RunningMeter,
  method: string,
  path: string,
  body?: unknown,
): Promise<Record<string, unknown>> {
  const answer = await meter.send(method, path, body);
  if (answer === undefined || answer.status >= 300) {
    throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  }
  return answer.body as Record<string, unknown>;
}
