import { beforeAll, describe, expect, test } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { ADMIN, call, INGEST, READ } from "./worker-api.ts";

const HOUR_MS = 3_600_000;
const BATCH = { "content-type": "application/vnd.edgemeter.batch+json" };
const STRUCTURED = { "content-type": "application/cloudevents+json" };
const CLOUDEVENTS = { "content-type": "application/cloudevents-batch+json" };

const catalog = {
  ...demoCatalog,
  meters: [
    ...demoCatalog.meters,
    { name: "jobs", displayName: "Jobs", unit: "jobs", aggregation: "count", dimensions: ["queue"] },
    {
      name: "free_disk",
      displayName: "Free disk",
      unit: "GB",
      aggregation: "min",
      scale: 1,
      allowNegative: true,
    },
    { name: "version", displayName: "Version", unit: "", aggregation: "last", scale: 0 },
  ].map((meter) => ({ ...meter, unit: meter.unit || "number" })),
};

async function current(customerId: string): Promise<Record<string, string>> {
  const { body } = await call("GET", `/v1/customers/${customerId}/usage`, READ);
  const rows = body.metrics.filter((row: { current: string }) => row.current !== "0");
  return Object.fromEntries(
    rows.map((row: { metric: string; current: string }) => [row.metric, row.current]),
  );
}

function codes(body: { results: { status: string; code?: string }[] }): string[] {
  return body.results.map(({ status, code }) => code ?? status);
}

beforeAll(async () => {
  const { status, body } = await call("PUT", "/v1/catalog", ADMIN, catalog);
  expect([200, 201], JSON.stringify(body)).toContain(status);
});

describe("aggregations", () => {
  test("sum, count, max, min and last: each counts its way", async () => {
    const customerId = "fmt-aggregations";
    const now = Date.now();
    const send = (metricName: string, values: (number | string)[]) =>
      values.map((value, index) => ({ customerId, metricName, value, timestamp: now - 1000 + index }));
    const events = [
      ...send("api_calls", [2, 3]),
      ...send("jobs", [7, 0, 9]),
      ...send("storage_gb", ["1.5", "4.25", 2]),
      ...send("free_disk", ["3.5", "-1.5", 9]),
      ...send("version", [9, 4, 6]),
    ];
    const { body } = await call("POST", "/v1/events", INGEST, events);
    expect(body.recorded).toBe(14);
    expect(await current(customerId)).toEqual({
      api_calls: "5",
      jobs: "3",
      storage_gb: "4.25",
      free_disk: "-1.5",
      version: "6",
    });
  });

  test("dimensions: are series of their own that add up", async () => {
    const customerId = "fmt-dimensions";
    const regions = ["eu", "us", "eu", "日本", '"quoted"', 7, true, null, undefined];
    const events = regions.map((region) => ({ customerId, metricName: "api_calls", metadata: { region } }));
    expect((await call("POST", "/v1/events", INGEST, events)).body.recorded).toBe(9);
    expect(await current(customerId)).toEqual({ api_calls: "9" });
    const bad = [{ region: {} }, { region: ["eu"] }, { region: "x".repeat(129) }, { region: "a\u0000" }];
    const refused = await call(
      "POST",
      "/v1/events",
      INGEST,
      bad.map((metadata) => ({ customerId, metricName: "api_calls", metadata })),
    );
    expect(codes(refused.body)).toEqual(Array.from({ length: 4 }, () => "invalid_event"));
  });

  test("1,001 series of one customer and hour: the last is refused, and stays so in a repeat", async () => {
    const customerId = "fmt-series";
    const metadataOf = (index: number) => ({ region: `r${index}` });
    const thousand = Array.from({ length: 1000 }, (_, index) => ({
      customerId,
      metricName: "api_calls",
      metadata: metadataOf(index),
    }));
    const timestamp = Date.now();
    await call(
      "POST",
      "/v1/events",
      INGEST,
      thousand.map((event) => ({ ...event, timestamp })),
    );
    const more = [
      { customerId, metricName: "api_calls", metadata: metadataOf(1000), timestamp },
      { customerId, metricName: "api_calls", metadata: metadataOf(0), timestamp },
    ];
    const first = await call("POST", "/v1/events", INGEST, more, { "idempotency-key": "series" });
    const again = await call("POST", "/v1/events", INGEST, more, { "idempotency-key": "series" });
    expect([codes(first.body), codes(again.body)]).toEqual([
      ["too_many_series", "recorded"],
      ["too_many_series", "duplicate"],
    ]);
    expect(await current(customerId)).toEqual({ api_calls: "1001" });
  });

  test("a counter at 2^53 - 1: takes nothing more, and knows what it has", async () => {
    const event = { id: "full", customerId: "fmt-full", metricName: "api_calls", value: "9007199254740991" };
    const one = { id: "one", customerId: "fmt-full", metricName: "api_calls", value: 1 };
    const { body } = await call("POST", "/v1/events", INGEST, [event, one, event]);
    expect(codes(body)).toEqual(["recorded", "counter_overflow", "duplicate"]);
    expect(await current("fmt-full")).toEqual({ api_calls: "9007199254740991" });
  });
});

describe("CloudEvents", () => {
  const event = {
    specversion: "1.0",
    id: "1",
    source: "/gateway/eu",
    type: "api_calls",
    subject: "fmt-cloud",
    time: new Date().toISOString(),
    data: { value: 3, region: "eu" },
  };

  test("structured, batch and binary: are one event under source and id", async () => {
    const structured = await call("POST", "/v1/events", INGEST, event, STRUCTURED);
    expect(codes(structured.body)).toEqual(["recorded"]);
    const elsewhere = { ...event, source: "/gateway/us" };
    const batch = await call("POST", "/v1/events", INGEST, [event, elsewhere], CLOUDEVENTS);
    expect(codes(batch.body)).toEqual(["duplicate", "recorded"]);
    const binary = await call("POST", "/v1/events", INGEST, event.data, {
      "ce-specversion": "1.0",
      "ce-id": "1",
      "ce-source": "/gateway/eu",
      "ce-type": "api_calls",
      "ce-subject": "fmt%2Dcloud",
      "ce-time": event.time,
    });
    expect(codes(binary.body)).toEqual(["duplicate"]);
    expect(await current("fmt-cloud")).toEqual({ api_calls: "6" });
  });

  const refused: [string, object, string][] = [
    ["without a subject", { subject: undefined }, "invalid_event"],
    ["of another specversion", { specversion: "0.3" }, "invalid_event"],
    ["without a source", { source: undefined }, "invalid_event"],
    ["with an empty id", { id: "" }, "invalid_event"],
    ["with data that is no object", { data: 5 }, "invalid_event"],
    ["with data in base64", { data: undefined, data_base64: "eyJ2YWx1ZSI6MX0=" }, "invalid_event"],
    ["with an attribute in upper case", { LUNCH: "tacos" }, "invalid_event"],
    ["with an object as attribute", { extension: {} }, "invalid_event"],
    ["of an unknown type", { type: "com.example.other" }, "unknown_metric"],
    ["from last week", { time: new Date(Date.now() - 7 * 24 * HOUR_MS).toISOString() }, "too_late"],
  ];
  test.each(refused)("%s: is refused, and its neighbour is not", async (name, change, code) => {
    const good = {
      ...event,
      id: `good ${name}`,
      subject: "fmt-cloud-good",
      extension: "kept",
      num: 5,
      gone: null,
    };
    const { body } = await call(
      "POST",
      "/v1/events",
      INGEST,
      [{ ...event, id: name, ...change }, good],
      CLOUDEVENTS,
    );
    expect(codes(body)).toEqual([code, "recorded"]);
  });

  test("an empty batch: is nothing, and fine; a batch that is no array is not", async () => {
    const empty = await call("POST", "/v1/events", INGEST, [], CLOUDEVENTS);
    expect([empty.status, empty.body.results]).toEqual([200, []]);
    expect((await call("POST", "/v1/events", INGEST, event, CLOUDEVENTS)).status).toBe(400);
    expect((await call("POST", "/v1/events", INGEST, "{", STRUCTURED)).status).toBe(400);
  });
});

describe("merged batches of the SDK", () => {
  const hour = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const row = { customerId: "fmt-merged", metricName: "api_calls", hour, metadata: { region: "eu" } };
  const usage = [
    { ...row, count: 3, sum: 30, min: 5, max: 15, last: 10, lastAt: hour + 5 },
    { ...row, metricName: "jobs", metadata: {}, count: "4", sum: "0" },
    { ...row, metricName: "storage_gb", metadata: {}, count: 2, max: "2.125" },
    { ...row, metricName: "free_disk", metadata: {}, min: "-0.5", hour: new Date(hour).toISOString() },
    { ...row, metricName: "version", metadata: {}, last: 8, lastAt: hour + 1 },
  ];

  test("each meter takes what it counts; the same batch again counts nothing", async () => {
    const first = await call("POST", "/v1/events", INGEST, { batch: "b1", usage }, BATCH);
    const again = await call("POST", "/v1/events", INGEST, { batch: "b1", usage }, BATCH);
    expect([first.body.recorded, again.body.duplicates]).toEqual([5, 5]);
    expect(await current("fmt-merged")).toEqual({
      api_calls: "30",
      jobs: "4",
      storage_gb: "2.125",
      free_disk: "-0.5",
      version: "8",
    });
  });

  test("another content under the same id: is a conflict as a whole", async () => {
    await call("POST", "/v1/events", INGEST, { batch: "b2", usage: [{ ...row, sum: 1 }] }, BATCH);
    const other = await call(
      "POST",
      "/v1/events",
      INGEST,
      { batch: "b2", usage: [{ ...row, sum: 2 }] },
      BATCH,
    );
    expect([other.status, codes(other.body)]).toEqual([422, ["event_conflict"]]);
  });

  test("a bad row: is refused by itself, and again in a repeat", async () => {
    const rows = [
      { ...row, customerId: "fmt-merged-bad", sum: 1 },
      { ...row, customerId: "fmt-merged-bad", max: 1 },
      { ...row, customerId: "fmt-merged-bad", metricName: "nope", sum: 1 },
      { ...row, customerId: "fmt-merged-bad", hour: hour - 26 * HOUR_MS, sum: 1 },
      { ...row, customerId: "fmt-merged-bad", hour: hour + 2 * HOUR_MS, sum: 1 },
      { ...row, customerId: "fmt-merged-bad", metricName: "version", last: 1, lastAt: hour - 1 },
      { ...row, customerId: "fmt-merged-bad", metricName: "jobs", count: 0 },
      { ...row, customerId: "fmt-merged-bad", sum: 1, extra: true },
    ];
    const told = (status: string) => [
      status,
      "invalid_event",
      "unknown_metric",
      "too_late",
      "too_early",
      "invalid_event",
      "value_out_of_range",
      "invalid_event",
    ];
    const first = await call("POST", "/v1/events", INGEST, { batch: "b3", usage: rows }, BATCH);
    const again = await call("POST", "/v1/events", INGEST, { batch: "b3", usage: rows }, BATCH);
    expect([codes(first.body), codes(again.body)]).toEqual([told("recorded"), told("duplicate")]);
    expect(await current("fmt-merged-bad")).toEqual({ api_calls: "1" });
  });

  test("a row that was refused and is good by now: is told so, not counted", async () => {
    const rows = [
      { ...row, customerId: "fmt-merged-late", sum: 1 },
      { ...row, customerId: "fmt-merged-late", metricName: "made_later", sum: 5 },
    ];
    const first = await call("POST", "/v1/events", INGEST, { batch: "b4", usage: rows }, BATCH);
    const meter = { name: "made_later", displayName: "Later", unit: "x", aggregation: "sum" };
    await call("PUT", "/v1/catalog", ADMIN, { ...catalog, meters: [...catalog.meters, meter] });
    const again = await call("POST", "/v1/events", INGEST, { batch: "b4", usage: rows }, BATCH);
    expect([codes(first.body), codes(again.body)]).toEqual([
      ["recorded", "unknown_metric"],
      ["duplicate", "event_conflict"],
    ]);
  });

  test("a batch that is none: is answered 422 with its paths", async () => {
    for (const body of [{ usage }, { batch: "", usage }, { batch: "b", usage: [] }, { batch: "b" }, [], 5]) {
      const answer = await call("POST", "/v1/events", INGEST, JSON.stringify(body), BATCH);
      expect([answer.status, answer.body.code]).toEqual([422, "invalid_content"]);
    }
    const many = { batch: "b", usage: Array.from({ length: 1001 }, () => usage[0]) };
    expect((await call("POST", "/v1/events", INGEST, many, BATCH)).status).toBe(413);
  });
});
