import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { askLedger, closeMonthBefore, month, monthName, playAt, publishPlans } from "./played-time.ts";
import { ADMIN, call, READ } from "./worker-api.ts";

const HOUR_MS = 3_600_000;
/** With every hour of a month more rows than a close compares at once. */
const REGIONS = 200;

beforeAll(async () => {
  playAt(1, 1);
  expect([200, 201]).toContain((await publishPlans({})).status);
});
afterAll(() => {
  vi.useRealTimers();
});

test("a bill: is of the hours of a busy month, though none of them is in its day", async () => {
  expect((await call("PUT", "/v1/customers/hours-billed", ADMIN, {})).status).toBe(201);
  // As a Worker leaves it that knows of hours alone.
  await askLedger(
    `
insert into usage_records (customer_id, window_start, epoch, series, metric_name, dimensions, aggregation, value, version,
  flushed_at)
select 'hours-billed', hour, 'e', sha256(convert_to('region ' || region, 'UTF8')), 'api_calls',
  jsonb_build_object('region', region::text), 'sum', 1, 1, hour
from generate_series(to_timestamp($1::bigint / 1000.0), to_timestamp($2::bigint / 1000.0), '1 hour') as hour,
  generate_series(1, $3::int) as region`,
    [month(1), month(2) - HOUR_MS, REGIONS],
  );
  const rows = (REGIONS * (month(2) - month(1))) / HOUR_MS;
  expect(rows).toBeGreaterThan(100_000);
  await closeMonthBefore(2);

  const { body: invoices } = await call("GET", "/v1/invoices?customerId=hours-billed", READ);
  expect(invoices.data).toHaveLength(1);
  expect(invoices.data[0].lines[0]).toMatchObject({ metric: "api_calls", quantity: String(rows) });
  const usage = await call("GET", `/v1/customers/hours-billed/usage?period=${monthName(1)}`, READ);
  expect(usage.body.totalCost).toBe(invoices.data[0].total);
});
