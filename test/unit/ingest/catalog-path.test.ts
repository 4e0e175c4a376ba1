import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { currentCatalog } from "../../../src/catalog/current-catalog.ts";
import { publishCatalog } from "../../../src/catalog/publish-catalog.ts";
import { CATALOG_KEY } from "../../../src/counters/keys.ts";
import { RedisError } from "../../../src/counters/redis.ts";
import { LedgerUnreachable } from "../../../src/ledger/database.ts";
import { NoCatalog } from "../../../src/ingest/record-usage.ts";
import { type IngestFixture, record, startIngestFixture } from "../../support/counting-ingest.ts";
import { COUNTED_CATALOG } from "../../support/counting-request.ts";
import { BASE_MS } from "../../support/counting-world.ts";

const FRESH_MS = 15_000;
const LOADING_MS = 10_000;
const event = { customerId: "cus_acme", metricName: "calls" };

let fixture: IngestFixture;
let document: Record<string, string>;

beforeAll(async () => {
  fixture = await startIngestFixture();
  document = await fixture.raw.hgetall("catalog");
}, 60_000);
afterAll(() => fixture.stop());
beforeEach(async () => {
  await fixture.raw.hset("catalog", document);
  fixture.asked();
});
afterEach(() => {
  vi.restoreAllMocks();
  fixture.stores.upstash.faults.reset();
  fixture.stores.neon.faults.reset();
});

/** What Postgres is asked for the catalog. */
const SELECT = expect.stringMatching(/^select catalog_versions\.version/) as string;

describe("a request", () => {
  test("catalog in memory: is one call to Redis, and none to Postgres", async () => {
    const isolate = fixture.isolate();
    await record(isolate, [event], BASE_MS);
    fixture.asked();
    expect(await record(isolate, [event], BASE_MS + FRESH_MS - 1)).toEqual(["recorded"]);
    expect(fixture.asked()).toEqual({ redis: ["EVALSHA"], postgres: [] });
  });

  test("catalog in Redis: is read there, anew after 15 seconds, and Postgres is not asked", async () => {
    const isolate = fixture.isolate();
    expect(await record(isolate, [event], BASE_MS)).toEqual(["recorded"]);
    expect(fixture.asked()).toEqual({ redis: ["HMGET", "EVALSHA"], postgres: [] });
    expect(await record(isolate, [event], BASE_MS + FRESH_MS)).toEqual(["recorded"]);
    expect(fixture.asked()).toEqual({ redis: ["HMGET", "EVALSHA"], postgres: [] });
  });

  test("every format and code: Postgres is not asked", async () => {
    const isolate = fixture.isolate();
    const events = [
      { ...event, id: "1" },
      { ...event, id: "1" },
      { ...event, id: "1", value: 2 },
      { ...event, timestamp: 0 },
      { ...event, metricName: "nope" },
      {},
    ];
    expect(await record(isolate, events, BASE_MS, "key")).toEqual([
      "recorded",
      "duplicate",
      "event_conflict",
      "too_late",
      "unknown_metric",
      "invalid_event",
    ]);
    expect(fixture.asked().postgres).toEqual([]);
  });

  test("Redis emptied: Postgres is asked once, the catalog is put back, the next isolate finds it", async () => {
    await fixture.raw.del("catalog");
    expect(await record(fixture.isolate(), [event], BASE_MS)).toEqual(["recorded"]);
    expect(fixture.asked().postgres).toEqual([SELECT]);
    const { version, document: text = "" } = await fixture.raw.hgetall("catalog");
    expect([version, JSON.parse(text)]).toEqual(["1", JSON.parse(document["document"] ?? "")]);
    expect(await record(fixture.isolate(), [event], BASE_MS)).toEqual(["recorded"]);
    expect(fixture.asked()).toEqual({ redis: ["HMGET", "EVALSHA"], postgres: [] });
  });

  test("Redis away: Postgres has the catalog and takes the event", async () => {
    fixture.stores.upstash.faults.add({ mode: "before", times: 10 });
    expect(await record(fixture.isolate(), [event], BASE_MS)).toEqual(["spooled"]);
    expect(fixture.asked().postgres).toEqual([SELECT, expect.stringMatching(/^insert into spool/)]);
  });

  test("both away: the catalog in memory serves however old it is; without one it is an error", async () => {
    const isolate = fixture.isolate();
    await record(isolate, [event], BASE_MS);
    fixture.stores.upstash.faults.add({ mode: "before", match: "HMGET", times: 10 });
    fixture.stores.neon.faults.add({ mode: "before", times: 10 });
    expect(await record(isolate, [event], BASE_MS + 86_400_000)).toEqual(["recorded"]);
    await expect(record(fixture.isolate(), [event], BASE_MS)).rejects.toThrow(LedgerUnreachable);
  });

  test("nothing published: is an error of its own, not an unknown metric", async () => {
    await fixture.raw.del("catalog");
    await fixture.sql.query(
      "create table put_away as select * from catalog_versions; delete from catalog_versions",
    );
    await expect(record(fixture.isolate(), [event], BASE_MS)).rejects.toThrow(NoCatalog);
    await fixture.sql.query("insert into catalog_versions select * from put_away; drop table put_away");
  });
});

describe("many requests of one isolate", () => {
  const SENT: [string, (work: () => Promise<string[]>) => Promise<string[]>][] = [
    ["in one turn of the loop", (work) => work()],
    ["each in a turn of its own", (work) => new Promise(setImmediate).then(work)],
  ];

  test.each(SENT)("nothing held, %s: one reads, and all go on", async (name, send) => {
    await fixture.raw.del("catalog");
    const isolate = fixture.isolate();
    const events = Array.from({ length: 20 }, (_, index) => ({ ...event, id: `${name} ${index}` }));
    const answers = await Promise.all(events.map((one) => send(() => record(isolate, [one], BASE_MS))));
    expect(answers).toEqual(events.map(() => ["recorded"]));
    const { redis, postgres } = fixture.asked();
    expect(postgres).toEqual([SELECT]);
    expect(redis.filter((command) => command === "HMGET")).toHaveLength(1);
  });

  test("one that is old is held: one reads, the others go on at once with what is held", async () => {
    const isolate = fixture.isolate();
    await record(isolate, [event], BASE_MS);
    fixture.asked();
    fixture.stores.upstash.faults.add({ mode: "hold", match: "HMGET" });
    const reading = record(isolate, [event], BASE_MS + FRESH_MS);
    await fixture.stores.upstash.faults.whenHeld();
    expect(await record(isolate, [event], BASE_MS + FRESH_MS)).toEqual(["recorded"]);
    fixture.stores.upstash.faults.release();
    expect(await reading).toEqual(["recorded"]);
    expect(fixture.asked()).toEqual({ redis: ["HMGET", "EVALSHA", "EVALSHA"], postgres: [] });
  });

  test("the reader fails: whoever waits reads for itself", async () => {
    const isolate = fixture.isolate();
    fixture.stores.upstash.faults.add({ mode: "hold", match: "HMGET" });
    fixture.stores.neon.faults.add({ mode: "before" });
    const reading = record(isolate, [event], BASE_MS);
    await fixture.stores.upstash.faults.whenHeld();
    const waiting = record(isolate, [event], BASE_MS);
    fixture.stores.upstash.faults.drop();
    await expect(reading).rejects.toThrow(LedgerUnreachable);
    expect(await waiting).toEqual(["recorded"]);
  });

  test("the reader was cancelled: is waited for no longer than 500 polls, and after 10 seconds not at all", async () => {
    const cancelled = { held: undefined, others: [], readAtMs: 0, reading: { sinceMs: BASE_MS } };
    const wait = globalThis.setTimeout;
    const waits: unknown[] = [];
    vi.spyOn(globalThis, "setTimeout").mockImplementation((resolve: () => void, ms?: number) => {
      waits.push(ms);
      return wait(resolve, ms === 10 ? 0 : ms);
    });
    const isolate = fixture.isolate({ catalogMemory: { ...cancelled } });
    expect((await currentCatalog(isolate, BASE_MS + LOADING_MS - 1))?.version).toBe(1);
    expect(waits.filter((ms) => ms === 10)).toHaveLength(500);

    waits.length = 0;
    const later = fixture.isolate({ catalogMemory: { ...cancelled } });
    expect((await currentCatalog(later, BASE_MS + LOADING_MS))?.version).toBe(1);
    expect(waits.filter((ms) => ms === 10)).toEqual([]);
  });
});

describe("a version published meanwhile", () => {
  const withMeter = (name: string) => ({
    ...COUNTED_CATALOG,
    meters: [...COUNTED_CATALOG.meters, { ...COUNTED_CATALOG.meters[0], name }],
  });

  test("its new meter: is known at once, from Redis; what is unknown there too is told so", async () => {
    const isolate = fixture.isolate();
    await record(isolate, [event], BASE_MS);
    await publishCatalog(fixture.isolate(), withMeter("brand_new"), undefined, "test", BASE_MS);
    fixture.asked();
    const fresh = { ...event, metricName: "brand_new" };
    expect(await record(isolate, [fresh, event], BASE_MS)).toEqual(["recorded", "recorded"]);
    expect(fixture.asked()).toEqual({ redis: ["HMGET", "EVALSHA"], postgres: [] });
    expect(await record(isolate, [{ ...event, metricName: "nope" }], BASE_MS)).toEqual(["unknown_metric"]);
    expect(fixture.asked()).toEqual({ redis: ["HMGET"], postgres: [] });
  });

  test("its terms: are known to every isolate from the copy in Redis", async () => {
    const terms = { effective: "nextPeriod", reason: "Costs" } as const;
    const [publisher, other] = [fixture.isolate(), fixture.isolate()];
    await publishCatalog(publisher, withMeter("with_terms"), undefined, "test", BASE_MS, terms);
    fixture.asked();
    const read = await currentCatalog(other, BASE_MS);
    expect(fixture.asked()).toEqual({ redis: ["HMGET"], postgres: [] });
    expect(read).toMatchObject({ ...terms, publishedBy: "test" });
    expect(publisher.catalogMemory.held).toEqual(read);
  });

  test("a copy by a Worker that knew no terms: is made anew from Postgres, once", async () => {
    const terms = { effective: "nextPeriod" } as const;
    await publishCatalog(fixture.isolate(), withMeter("in_copy"), undefined, "test", BASE_MS, terms);
    const { effective: _, ...bare } = JSON.parse((await fixture.raw.hget(CATALOG_KEY, "document")) ?? "") as {
      effective: string;
    };
    await fixture.raw.hset(CATALOG_KEY, "document", JSON.stringify(bare));
    fixture.asked();
    expect((await currentCatalog(fixture.isolate(), BASE_MS))?.effective).toBe("nextPeriod");
    expect(fixture.asked().postgres).toHaveLength(1);
    expect((await currentCatalog(fixture.isolate(), BASE_MS))?.effective).toBe("nextPeriod");
    expect(fixture.asked().postgres).toEqual([]);
  });

  test("what is the latest already: is not published again, and brings a copy that the edge has not", async () => {
    const isolate = fixture.isolate();
    const first = await publishCatalog(isolate, withMeter("again"), undefined, "test", BASE_MS);
    await fixture.raw.del(CATALOG_KEY);
    const second = await publishCatalog(fixture.isolate(), withMeter("again"), undefined, "x", BASE_MS + 1);
    expect([first.outcome, second]).toEqual([
      "published",
      {
        outcome: "unchanged",
        version: expect.objectContaining({ publishedAtMs: BASE_MS, publishedBy: "test" }),
      },
    ]);
    fixture.asked();
    expect((await currentCatalog(fixture.isolate(), BASE_MS))?.meters.has("again")).toBe(true);
    expect(fixture.asked().postgres).toEqual([]);
  });

  test("Redis is away: nothing is published, and the error says so", async () => {
    fixture.stores.upstash.faults.add({ mode: "before", times: 10 });
    const published = publishCatalog(fixture.isolate(), withMeter("unheard"), undefined, "test", BASE_MS);
    await expect(published).rejects.toThrow(RedisError);
    fixture.stores.upstash.faults.reset();
    const fresh = { ...event, metricName: "unheard" };
    expect(await record(fixture.isolate(), [fresh], BASE_MS)).toEqual(["unknown_metric"]);
  });

  test("Redis loses the first copy: it is sent once more", async () => {
    fixture.stores.upstash.faults.add({ mode: "before", match: "EVAL", skip: 1 });
    await publishCatalog(fixture.isolate(), withMeter("resent"), undefined, "test", BASE_MS);
    const fresh = { ...event, metricName: "resent" };
    expect(await record(fixture.isolate(), [fresh], BASE_MS)).toEqual(["recorded"]);
  });

  test("another catalog under a number that is held, after Postgres was set back: is taken", async () => {
    const isolate = fixture.isolate();
    await publishCatalog(isolate, withMeter("undone"), undefined, "test", BASE_MS);
    const held = isolate.catalogMemory.held?.version ?? 0;
    await fixture.sql.query("delete from catalog_versions where version = $1", [held]);
    await publishCatalog(fixture.isolate(), withMeter("instead"), undefined, "test", BASE_MS + 1);
    const fresh = { ...event, metricName: "instead" };
    expect(await record(isolate, [fresh], BASE_MS + 1)).toEqual(["recorded"]);
    expect(isolate.catalogMemory.held?.version).toBe(held);
  });

  test("Redis does not take it: it is published all the same, and every isolate knows it from Postgres", async () => {
    fixture.stores.upstash.faults.add({ mode: "before", match: "EVAL", skip: 1, times: 10 });
    const isolate = fixture.isolate();
    const published = await publishCatalog(isolate, withMeter("another"), undefined, "test", BASE_MS);
    expect(published.outcome).toBe("published");
    fixture.stores.upstash.faults.reset();
    const fresh = { ...event, metricName: "another" };
    expect(await record(isolate, [fresh], BASE_MS)).toEqual(["recorded"]);
    expect(await record(fixture.isolate(), [fresh], BASE_MS)).toEqual(["recorded"]);
  });

  test("Postgres takes it and its answer is lost: its new meter is known", async () => {
    fixture.stores.neon.faults.add({ mode: "after", match: "insert into catalog_versions" });
    const published = publishCatalog(fixture.isolate(), withMeter("unsure"), undefined, "test", BASE_MS);
    await expect(published).rejects.toThrow(LedgerUnreachable);
    const fresh = { ...event, metricName: "unsure" };
    expect(await record(fixture.isolate(), [fresh], BASE_MS)).toEqual(["recorded"]);
  });
});

test("a Redis that answers with an error: is as good as away", async () => {
  fixture.stores.upstash.faults.add({ mode: "status", status: 400, body: '{"error":"OOM full"}', times: 10 });
  expect(await record(fixture.isolate(), [event], BASE_MS)).toEqual(["spooled"]);
  expect(new RedisError("OOM").message).toBe("Redis: OOM");
});
