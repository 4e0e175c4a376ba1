import { appendFileSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Store, type StoredReply } from "../../../local/stripe/store.ts";

let dir: string;
let path: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "edgemeter-store-"));
  path = join(dir, "stripe.jsonl");
});

afterEach(async () => {
  await rm(dir, { recursive: true });
});

function reply(id: string, status: number): StoredReply {
  return {
    id,
    status,
    endpoint: "POST /v1/x",
    parameters: "{}",
    body: "{}",
    requestId: "req_1",
    storedMs: 0,
  };
}

function reopen(store: Store): Store {
  store.close();
  return new Store(path);
}

test("store: what is committed is there after reopening, newest first, what is not is not", () => {
  const store = new Store(path);
  store.put("replies", reply("a", 200));
  store.put("replies", reply("b", 200));
  store.commit();
  store.put("replies", reply("a", 500));
  store.commit();
  store.put("replies", reply("c", 200));
  const reopened = reopen(store);
  expect(reopened.list("replies").map(({ id, status }) => [id, status])).toEqual([
    ["b", 200],
    ["a", 500],
  ]);
  reopened.close();
});

test("store: a rollback undoes changes and deletions", () => {
  const store = new Store();
  store.put("replies", reply("a", 200));
  store.commit();
  store.put("replies", reply("a", 500));
  store.put("replies", reply("b", 200));
  store.delete("replies", "a");
  expect(store.get("replies", "a")).toBeUndefined();
  store.rollback();
  expect(store.list("replies")).toEqual([reply("a", 200)]);
});

test("store: a row given out is a copy", () => {
  const store = new Store();
  const row = reply("a", 200);
  store.put("replies", row);
  row.status = 1;
  const copy = store.get("replies", "a");
  expect(copy?.status).toBe(200);
  Object.assign(copy ?? {}, { status: 2 });
  expect(store.get("replies", "a")?.status).toBe(200);
});

test("store: a last line cut short by a crash was never committed", () => {
  const store = new Store(path);
  store.put("replies", reply("a", 200));
  store.commit();
  appendFileSync(path, '[["replies","b",{"id":"b"');
  const reopened = reopen(store);
  expect(reopened.list("replies").map(({ id }) => id)).toEqual(["a"]);
  reopened.close();
});

test("store: reopening drops what was overwritten", () => {
  const store = new Store(path);
  for (const status of [200, 201, 202]) {
    store.put("replies", reply("a", status));
    store.commit();
  }
  reopen(store).close();
  expect(readFileSync(path, "utf8").trimEnd().split("\n")).toEqual([
    JSON.stringify([["replies", "a", reply("a", 202)]]),
  ]);
});
