import { beforeAll, describe, expect, test } from "vitest";
import { demoCatalog } from "../../local/demo-catalog.ts";
import { ADMIN, call, INGEST, READ } from "./worker-api.ts";

const HOUR_MS = 3_600_000;

async function counted(customerId: string, metric = "api_calls"): Promise<string> {
  const { body } = await call("GET", `/v1/customers/${encodeURIComponent(customerId)}/usage`, READ);
  return body.metrics.find((row: { metric: string }) => row.metric === metric).current;
}

beforeAll(async () => {
  const { status } = await call("PUT", "/v1/catalog", ADMIN, demoCatalog);
  expect([200, 201]).toContain(status);
});

describe("recording", () => {
  test("one event: is counted at once", async () => {
    const answer = await call("POST", "/v1/events", INGEST, {
      customerId: "ev-one",
      metricName: "api_calls",
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      recorded: 1,
      duplicates: 0,
      conflicts: 0,
      rejected: 0,
      spooled: 0,
      results: [{ status: "recorded" }],
    });
    expect(await counted("ev-one")).toBe("1");
  });

  test("a repeat under the same id: is a duplicate, whatever timestamp it carries", async () => {
    const event = { id: "r1", customerId: "ev-repeat", metricName: "api_calls", value: 5 };
    await call("POST", "/v1/events", INGEST, event);
    const later = { ...event, timestamp: Date.now() - 3 * HOUR_MS };
    const answer = await call("POST", "/v1/events", INGEST, later);
    expect([answer.status, answer.body.results]).toEqual([200, [{ status: "duplicate" }]]);
    expect(await counted("ev-repeat")).toBe("5");
  });

  test("same id and other content: is a conflict and never counted", async () => {
    const event = { id: "c1", customerId: "ev-conflict", metricName: "api_calls", value: 5 };
    await call("POST", "/v1/events", INGEST, event);
    const answer = await call("POST", "/v1/events", INGEST, { ...event, value: 6 });
    expect(answer.status).toBe(422);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.body).toMatchObject({ code: "no_event_accepted", conflicts: 1, recorded: 0 });
    expect(answer.body.results[0]).toMatchObject({ status: "conflict", code: "event_conflict" });
    expect(await counted("ev-conflict")).toBe("5");
  });

  test("a batch: a bad event never hurts its neighbours", async () => {
    const customerId = "ev-batch";
    const now = Date.now();
    const batch = [
      { id: "1", customerId, metricName: "api_calls", value: "2" },
      { id: "2", customerId, metricName: "no_such_meter" },
      { id: "3", customerId, metricName: "api_calls", value: 0.5 },
      { id: "4", customerId, metricName: "api_calls", value: -1 },
      { id: "5", customerId, metricName: "api_calls", timestamp: now - 25 * HOUR_MS },
      { id: "6", customerId, metricName: "api_calls", timestamp: new Date(now + 6 * 60_000).toISOString() },
      { id: "1", customerId, metricName: "api_calls", value: "2" },
      { id: "7", customerId, metricName: "storage_gb", value: "12.125" },
      "not an event",
      { id: "8", customerId, metricName: "api_calls", value: "9007199254740992" },
      { id: "9", customerId, metricName: "api_calls", valeu: 3 },
      { id: "10", customerId: "\ud800", metricName: "api_calls" },
    ];
    const { status, body } = await call("POST", "/v1/events", INGEST, batch);
    expect(status).toBe(200);
    expect(
      body.results.map((result: { status: string; code?: string }) => result.code ?? result.status),
    ).toEqual([
      "recorded",
      "unknown_metric",
      "too_precise",
      "value_out_of_range",
      "too_late",
      "too_early",
      "duplicate",
      "recorded",
      "invalid_event",
      "value_out_of_range",
      "invalid_event",
      "invalid_event",
    ]);
    expect([body.recorded, body.duplicates, body.rejected]).toEqual([2, 1, 9]);
    expect(await counted(customerId)).toBe("2");
    expect(await counted(customerId, "storage_gb")).toBe("12.125");
  });

  test("events without id under one Idempotency-Key: count once together", async () => {
    const batch = [
      { customerId: "ev-key", metricName: "api_calls" },
      { customerId: "ev-key", metricName: "api_calls" },
    ];
    const first = await call("POST", "/v1/events", INGEST, batch, { "idempotency-key": '"k-1"' });
    const again = await call("POST", "/v1/events", INGEST, batch, { "idempotency-key": "k-1" });
    expect([first.body.recorded, again.body.duplicates]).toEqual([2, 2]);
    expect(await counted("ev-key")).toBe("2");
  });

  test("events without any id: count as often as they are sent", async () => {
    const event = { customerId: "ev-noid", metricName: "api_calls" };
    await call("POST", "/v1/events", INGEST, [event, event]);
    await call("POST", "/v1/events", INGEST, event);
    expect(await counted("ev-noid")).toBe("3");
  });

  test("1,000 events in one call: are all counted", async () => {
    const batch = Array.from({ length: 1000 }, (_, index) => ({
      id: `k${index}`,
      customerId: `ev-thousand-${index % 3}`,
      metricName: "api_calls",
      metadata: { region: index % 2 === 0 ? "eu" : "us", unrelated: { deep: [1] } },
    }));
    const { status, body } = await call("POST", "/v1/events", INGEST, batch);
    expect([status, body.recorded]).toEqual([200, 1000]);
    expect(await counted("ev-thousand-0")).toBe("334");
    expect(await counted("ev-thousand-1")).toBe("333");
  });

  test("customer ids with any characters: are kept apart", async () => {
    const ids = ["ev:a", "ev%3Aa", "ev/a", "ev a", "ev-ä", "ev-😀"];
    for (const [index, customerId] of ids.entries()) {
      await call("POST", "/v1/events", INGEST, { customerId, metricName: "api_calls", value: index + 1 });
    }
    const seen: string[] = [];
    for (const customerId of ids) {
      seen.push(await counted(customerId));
    }
    expect(seen).toEqual(["1", "2", "3", "4", "5", "6"]);
  });
});

describe("refusals", () => {
  const event = { customerId: "ev-refused", metricName: "api_calls" };
  const cases: [string, string | undefined, unknown, Record<string, string>, number, string][] = [
    ["no key", undefined, event, {}, 401, "unauthorized"],
    ["an unknown key", "em_ingest_other", event, {}, 401, "unauthorized"],
    ["a read key", READ, event, {}, 403, "forbidden"],
    ["broken JSON", INGEST, '{"customerId":', {}, 400, "invalid_json"],
    ["no event at all", INGEST, [], {}, 400, "invalid_request"],
    ["1,001 events", INGEST, Array.from({ length: 1001 }, () => event), {}, 413, "too_many_events"],
    ["more than 1 MiB", INGEST, `"${"x".repeat(1024 * 1024)}"`, {}, 413, "body_too_large"],
    ["another content type", INGEST, "a=b", { "content-type": "text/plain" }, 415, "unsupported_media_type"],
    ["an empty Idempotency-Key", INGEST, event, { "idempotency-key": '""' }, 400, "invalid_request"],
    ["no valid event", INGEST, [{ metricName: "api_calls" }], {}, 422, "no_event_accepted"],
  ];
  test.each(cases)(
    "%s: is answered with a documented problem",
    async (_name, key, body, headers, status, code) => {
      const answer = await call("POST", "/v1/events", key, body, headers);
      expect([answer.status, answer.body.code]).toEqual([status, code]);
      expect(answer.body).toMatchObject({ status, instance: "/v1/events", requestId: expect.any(String) });
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
    },
  );

  test("invalid UTF-8: is broken JSON", async () => {
    const { exports } = await import("cloudflare:workers");
    const response = await exports.default.fetch("http://edgemeter.test/v1/events", {
      method: "POST",
      headers: { authorization: `Bearer ${INGEST}`, "content-type": "application/json" },
      body: new Uint8Array([0x22, 0xff, 0x22]),
    });
    expect(response.status).toBe(400);
  });
});
