import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { noteFenced, noteLoss, readLosses, type RedisLoss } from "../../../src/ledger/redis-losses.ts";
import { writeClaim } from "../../../src/ledger/usage-records.ts";
import { type LedgerFixture, startLedgerFixture } from "../../support/ledger-fixture.ts";

const NOTICED = "2026-11-23T12:34:56.789Z";
const NOTICED_MS = Date.parse(NOTICED);

let fixture: LedgerFixture;

beforeAll(async () => {
  fixture = await startLedgerFixture();
}, 60_000);
beforeEach(() => fixture.clear());
afterAll(() => fixture.stop());

function note(changes: Partial<RedisLoss> = {}): Promise<void> {
  return noteLoss(fixture.database, {
    lossId: "loss-1",
    kind: "set_back",
    shard: 3,
    noticedMs: NOTICED_MS,
    ...changes,
  });
}

function claim(shard: number, nowMs: number, born = "life-1") {
  const record = { shard, born, number: 1, claimId: `${born}-${shard}`, fences: 0, recent: [] };
  return writeClaim(fixture.database, record, [], nowMs);
}

async function told(): Promise<string[]> {
  const rows = await fixture.raw(
    "select type, subject, customer_id, data::text, created_at = $1 as is_now from notifications order by subject",
    [NOTICED],
  );
  return rows.map((row) => Object.values(row).join(" "));
}

test("loss: what nothing was flushed before is uncertain from the start", async () => {
  await note();

  expect(await readLosses(fixture.database, 10)).toEqual([
    { id: "loss-1", kind: "set_back", flushedAt: null, noticedAt: NOTICED, fencedAt: null },
  ]);
});

test("loss: what was recorded since the shard's last claim before it was noticed is uncertain", async () => {
  await claim(3, NOTICED_MS - 60_000);
  await claim(1, NOTICED_MS - 10_000);
  await claim(2, NOTICED_MS);
  await note();

  expect((await readLosses(fixture.database, 10))[0]?.flushedAt).toBe("2026-11-23T12:33:56.789Z");
});

test("loss: of several shards the one that was behind most says what is uncertain", async () => {
  await claim(3, NOTICED_MS - 60_000);
  await claim(4, NOTICED_MS - 120_000);
  await note();
  await note({ shard: 4 });

  expect((await readLosses(fixture.database, 10))[0]?.flushedAt).toBe("2026-11-23T12:32:56.789Z");
});

test("loss: a shard more is added to it, once, and nothing else changes", async () => {
  await note();
  await claim(1, NOTICED_MS - 60_000);
  for (const shard of [3, 4, 4]) {
    await note({ shard, kind: "emptied", noticedMs: NOTICED_MS + 1 });
  }

  expect(await fixture.raw("select shards::text from redis_losses")).toEqual([{ shards: "{3,4}" }]);
  expect(await readLosses(fixture.database, 10)).toMatchObject([
    { kind: "set_back", flushedAt: null, noticedAt: NOTICED },
  ]);
});

test("loss: it is told once, whatever notices it", async () => {
  await note();
  await note({ shard: 4, noticedMs: NOTICED_MS + 3_600_000 });
  await note({ lossId: "loss-2", kind: "fenced_by_hand" });

  expect(await told()).toEqual([
    `operations.redis_reset redis_reset:loss-1  {"kind": "set_back", "noticedAt": "${NOTICED}"} t`,
    `operations.redis_reset redis_reset:loss-2  {"kind": "fenced_by_hand", "noticedAt": "${NOTICED}"} t`,
  ]);
});

test("loss: the first end of its fence is kept", async () => {
  await note();
  await note({ lossId: "loss-2", noticedMs: NOTICED_MS - 1 });
  await noteFenced(fixture.database, "loss-1", NOTICED_MS + 5);
  await noteFenced(fixture.database, "loss-1", NOTICED_MS + 60_000);
  await noteFenced(fixture.database, "unknown", NOTICED_MS);

  expect((await readLosses(fixture.database, 10)).map(({ id, fencedAt }) => [id, fencedAt])).toEqual([
    ["loss-1", "2026-11-23T12:34:56.794Z"],
    ["loss-2", null],
  ]);
});

test("losses: the newest come first, no more than asked for", async () => {
  await note({ lossId: "a" });
  await note({ lossId: "b" });
  await note({ lossId: "c", noticedMs: NOTICED_MS + 1 });
  await note({ lossId: "d", noticedMs: NOTICED_MS - 1 });

  expect((await readLosses(fixture.database, 3)).map(({ id }) => id)).toEqual(["c", "b", "a"]);
});
