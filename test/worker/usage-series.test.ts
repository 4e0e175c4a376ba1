import { beforeAll, expect, inject, test } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { askLedger } from "./played-time.ts";
import { ADMIN, call, INGEST, READ, trigger, type Answer } from "./worker-api.ts";

const meters = [
  {
    name: "series_runs",
    displayName: "Runs",
    unit: "runs",
    aggregation: "sum",
    scale: 2,
    dimensions: ["region", "tier"],
    allowNegative: true,
  },
  { name: "series_heat", displayName: "Heat", unit: "K", aggregation: "max", dimensions: ["region"] },
];

interface Series {
  customerId?: string;
  dimensions: Record<string, string | null>;
  points: { start: string; end: string; value: string }[];
}

function ask(query: string, headers: Record<string, string> = {}): Promise<Answer> {
  return call("GET", `/v1/usage?${query}`, READ, undefined, headers);
}

/** Values of a group's points by the hour in which they start, e.g. `10-24T22`. */
function valuesOf(series: Series | undefined): [string, string][] {
  return (series?.points ?? []).map(({ start, value }) => [start.slice(5, 13), value]);
}

async function record(customerId: string, value: string | number, metadata: object = {}): Promise<void> {
  const event = { customerId, metricName: "series_runs", value, metadata };
  const { body } = await call("POST", "/v1/events", INGEST, event);
  expect(body.recorded, JSON.stringify(body)).toBe(1);
}

async function control(store: "upstashUrl" | "neonUrl", path: string, fault?: object): Promise<void> {
  const url = `${inject("controls")[store]}/_control/${path}`;
  const answer = await fetch(url, { method: "POST", ...(fault && { body: JSON.stringify(fault) }) });
  expect(answer.ok).toBe(true);
}

/** Usage of the past, written into both tables as a flush does. */
async function write(
  customerId: string,
  hour: string,
  value: string,
  region?: string,
  metric = "series_runs",
) {
  const dimensions = JSON.stringify(region === undefined ? {} : { region });
  const aggregation = metric === "series_heat" ? "max" : "sum";
  const params = [customerId, `${hour}:00Z`, metric, dimensions, aggregation, value];
  await askLedger(
    `insert into usage_records (customer_id, window_start, epoch, series, metric_name, dimensions, aggregation, value,
       version, flushed_at) values ($1, $2, 'e', sha256(convert_to($3 || $4, 'UTF8')), $3, $4::jsonb, $5, $6, 1, $2)`,
    params,
  );
  await askLedger(
    `insert into usage_daily as held (customer_id, day, series, metric_name, dimensions, aggregation, value)
     values ($1, ($2::timestamptz at time zone 'UTC')::date, sha256(convert_to($3 || $4, 'UTF8')), $3, $4::jsonb, $5, $6)
     on conflict (customer_id, day, series) do update set value = case held.aggregation
       when 'max' then greatest(held.value, excluded.value) else held.value + excluded.value end`,
    params,
  );
}

const SPAN = "metric=series_runs&from=2025-10-25&to=2025-10-28";

beforeAll(async () => {
  const catalog = { ...demoCatalog, meters: [...demoCatalog.meters, ...meters] };
  expect([200, 201]).toContain((await call("PUT", "/v1/catalog", ADMIN, catalog)).status);
  // Clocks in Berlin go back on 26 October 2025.
  await write("ser-a", "2025-10-25T21:00", "1", "eu");
  await write("ser-a", "2025-10-25T22:00", "10.5", "eu");
  await write("ser-a", "2025-10-26T22:00", "100", "us");
  await write("ser-a", "2025-10-26T23:00", "1000");
  await write("ser-b", "2025-10-26T10:00", "-20000.25", "eu");
  await write("ser-=b", "2025-10-26T10:00", "5", '=1,"x"');
  await write("ser-a", "2025-10-26T10:00", "7", "eu", "series_heat");
  await write("ser-b", "2025-10-26T11:00", "9", "eu", "series_heat");
});

test("a series: is what the contract says", async () => {
  const { status, headers, body } = await ask(`${SPAN}&customerId=ser-a&window=day`);
  expect([status, headers.get("cache-control")]).toEqual([200, "no-store"]);
  expect(body).toEqual({
    metric: "series_runs",
    window: "day",
    timezone: "UTC",
    from: "2025-10-25T00:00:00.000Z",
    to: "2025-10-28T00:00:00.000Z",
    asOf: expect.stringMatching(/Z$/),
    stale: false,
    data: [
      {
        customerId: "ser-a",
        dimensions: {},
        points: [
          { start: "2025-10-25T00:00:00.000Z", end: "2025-10-26T00:00:00.000Z", value: "11.5" },
          { start: "2025-10-26T00:00:00.000Z", end: "2025-10-27T00:00:00.000Z", value: "1100" },
        ],
      },
    ],
    nextCursor: null,
  });
});

test("windows: hours, months and a zone's days, of 25 hours where its clocks go back", async () => {
  const values = async (query: string) =>
    valuesOf((await ask(`${SPAN}&customerId=ser-a&${query}`)).body.data[0]);
  expect(await values("window=month")).toEqual([["10-01T00", "1111.5"]]);
  expect(await values("window=hour")).toEqual([
    ["10-25T21", "1"],
    ["10-25T22", "10.5"],
    ["10-26T22", "100"],
    ["10-26T23", "1000"],
  ]);
  expect(await values("timezone=Europe/Berlin&fill=zero")).toEqual([
    ["10-24T22", "1"],
    ["10-25T22", "110.5"],
    ["10-26T23", "1000"],
  ]);
});

test("groups: customers and dimensions, page by page, the same in any size of page", async () => {
  const query = `${SPAN}&window=month&groupBy=region,customer`;
  const whole = (await ask(query)).body.data as Series[];
  expect(
    whole.map(({ customerId, dimensions, points }) => [customerId, dimensions, points[0]?.value]),
  ).toEqual([
    ["ser-a", { region: null }, "1000"],
    ["ser-=b", { region: '=1,"x"' }, "5"],
    ["ser-a", { region: "eu" }, "11.5"],
    ["ser-b", { region: "eu" }, "-20000.25"],
    ["ser-a", { region: "us" }, "100"],
  ]);
  const paged: Series[] = [];
  let cursor = "";
  do {
    const { body } = await ask(`limit=2&${query}${cursor}`);
    paged.push(...body.data);
    cursor = body.nextCursor === null ? "" : `&cursor=${body.nextCursor}`;
  } while (cursor !== "");
  expect(paged).toEqual(whole);
});

test("a cursor: goes on in the time of its first page, and belongs to its query", async () => {
  const query = "metric=series_runs&groupBy=customer&window=month&limit=1";
  await record("ser-cursor-1", 1);
  await record("ser-cursor-2", 1);
  await trigger("* * * * *", Date.now());
  const first = (await ask(query)).body;
  expect(first.data).toHaveLength(1);
  const second = (await ask(`${query}&cursor=${first.nextCursor}`)).body;
  expect([second.from, second.to]).toEqual([first.from, first.to]);
  expect(second.data[0].customerId > first.data[0].customerId).toBe(true);
  for (const other of [`${query}&fill=zero`, query.replace("month", "day"), `${query}&from=2025-01-01`]) {
    const refused = await ask(`${other}&cursor=${first.nextCursor}`);
    expect([refused.status, refused.body.code], other).toEqual([400, "invalid_cursor"]);
  }
});

test("a filter, and a maximum over customers", async () => {
  const filtered = await ask(`${SPAN}&window=month&filter[region]=eu`);
  expect(filtered.body.data).toEqual([
    { dimensions: {}, points: [expect.objectContaining({ value: "-19988.75" })] },
  ]);
  const heat = SPAN.replace("runs", "heat");
  expect((await ask(`${heat}&window=month`)).body.data[0].points[0].value).toBe("9");
});

test("fill=zero: a customer without usage has a series of zeros", async () => {
  const { body } = await ask(`${SPAN}&customerId=ser-nobody&fill=zero`);
  expect(body.data).toHaveLength(1);
  expect(valuesOf(body.data[0]).map(([, value]) => value)).toEqual(["0", "0", "0"]);
  expect((await ask(`${SPAN}&customerId=ser-nobody`)).body.data).toEqual([]);
});

test("CSV: one row per point, text made harmless, the next page linked", async () => {
  const query = `${SPAN}&window=month&groupBy=customer,region`;
  const { status, headers, body } = await ask(`${query}&limit=3`, { accept: "text/csv" });
  expect([status, headers.get("content-type")]).toEqual([200, "text/csv; charset=utf-8; header=present"]);
  const window = "2025-10-01T00:00:00.000Z,2025-11-01T00:00:00.000Z";
  expect(body).toBe(
    [
      "customerId,region,start,end,value",
      `ser-=b,"'=1,""x""",${window},5`,
      `ser-a,,${window},1000`,
      `ser-a,eu,${window},11.5`,
      "",
    ].join("\r\n"),
  );
  const next = /^<\/v1\/usage\?(.*)>; rel="next"$/.exec(headers.get("link") ?? "")?.[1];
  const rest = await ask(next ?? "", { accept: "text/csv" });
  expect(rest.body).toContain(`ser-b,eu,${window},-20000.25\r\n`);
  expect(rest.headers.get("link")).toBeNull();
  expect((await ask(query, { accept: "*/*" })).body.data).toHaveLength(5);
});

/** Sum of a customer's or all customers' default days. */
async function sumOf(query: string): Promise<number> {
  const { body } = await ask(`metric=series_runs&${query}`);
  return valuesOf(body.data[0]).reduce((sum, [, value]) => sum + Number(value), 0);
}

test("of one customer every recorded event is in it at once, and once after the flush", async () => {
  await record("ser-live", "1.25", { region: "eu" });
  await record("ser-live", "2.5", { region: "us" });
  expect(await sumOf("customerId=ser-live")).toBe(3.75);
  expect(await sumOf("customerId=ser-live&window=hour&filter[region]=us")).toBe(2.5);
  await trigger("* * * * *", Date.now());
  expect(await sumOf("customerId=ser-live")).toBe(3.75);
  await record("ser-live", 4, { region: "eu" });
  for (const window of ["hour", "day", "month"]) {
    expect(await sumOf(`customerId=ser-live&window=${window}`), window).toBe(7.75);
  }
  const { body } = await ask("metric=series_runs&groupBy=customer");
  const flushed = body.data.find(({ customerId }: Series) => customerId === "ser-live");
  expect(valuesOf(flushed).map(([, value]) => value)).toEqual(["3.75"]);
});

test("adjustments: are in it", async () => {
  await record("ser-adjusted", 10, { region: "eu" });
  await askLedger(
    `insert into adjustments (customer_id, adjustment_id, metric_name, quantity, at, reason, created_at, created_by)
     values ('ser-adjusted', 'a', 'series_runs', -2.5, to_timestamp($1::bigint / 1000.0), 'test', now(), 'test')`,
    [Date.now()],
  );
  expect(await sumOf("customerId=ser-adjusted")).toBe(7.5);
  expect(await sumOf("customerId=ser-adjusted&groupBy=region")).toBe(10);
});

test("Redis away: the ledger alone, and it says so; Postgres away: 503", async () => {
  await record("ser-away", 1);
  await trigger("* * * * *", Date.now());
  await record("ser-away", 10);
  await control("upstashUrl", "faults", { mode: "before", times: 100 });
  const { body } = await ask("metric=series_runs&customerId=ser-away");
  await control("upstashUrl", "reset");
  expect([body.stale, valuesOf(body.data[0])[0]?.[1]]).toEqual([true, "1"]);
  await control("neonUrl", "faults", { mode: "before", times: 100 });
  const away = await ask("metric=series_runs&customerId=ser-away");
  await control("neonUrl", "reset");
  expect([away.status, away.body.code]).toEqual([503, "store_unavailable"]);
  expect(await sumOf("customerId=ser-away")).toBe(11);
});

test.each([
  ["", "invalid_request"],
  ["metric=series_none", "invalid_request"],
  ["metric=series_runs&groupBy=customer,planet", "invalid_request"],
  ["metric=series_runs&groupBy=tier&filter[customer]=a", "invalid_request"],
  ["metric=series_heat&filter[tier]=a", "invalid_request"],
  ["metric=series_runs&metric=series_heat", "invalid_request"],
  ["metric=series_runs&timezone=Mars/Base", "invalid_request"],
  ["metric=series_runs&timezone=Asia/Kolkata", "unsupported_timezone"],
  ["metric=series_runs&window=hour&from=2025-01-01", "invalid_request"],
  ["metric=series_runs&cursor=abc", "invalid_cursor"],
])("refused: %s: %s", async (query, code) => {
  const { status, headers, body } = await ask(query, { accept: "text/csv" });
  expect([status, headers.get("content-type")]).toEqual([400, "application/problem+json"]);
  expect(JSON.parse(typeof body === "string" ? body : JSON.stringify(body)).code).toBe(code);
});

test("keys: read and admin may, ingest may not", async () => {
  const status = async (key?: string) => (await call("GET", `/v1/usage?${SPAN}`, key)).status;
  expect([await status(READ), await status(ADMIN)]).toEqual([200, 200]);
  expect([await status(INGEST), await status("wrong"), await status()]).toEqual([403, 401, 401]);
});
