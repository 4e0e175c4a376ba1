import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockDir } from "../../../local/dir-lock.ts";
import { startOf } from "../../../local/process-identity.ts";

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "edgemeter-lock-"));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

test("dir lock: is held once, and free again after", async () => {
  const lock = await lockDir(dir);
  await expect(lockDir(dir)).rejects.toThrow(`${dir} is in use by process ${process.pid}.`);
  lock.release();
  (await lockDir(dir)).release();
  expect(existsSync(join(dir, "lock"))).toBe(false);
});

test.each([
  ["a process that is gone", JSON.stringify({ pid: 2 ** 30, start: "1" })],
  ["a later process with the same id", JSON.stringify({ pid: process.pid, start: "1" })],
  ["nobody readable", "{"],
])("dir lock: is taken over from %s", async (_name, content) => {
  await writeFile(join(dir, "lock"), content);
  const lock = await lockDir(dir);
  await expect(lockDir(dir)).rejects.toThrow("is in use");
  lock.release();
});

test("dir lock: the children that a dead holder left are ended, others are not", async () => {
  const [child, other] = [0, 1].map(() => spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]));
  if (child?.pid === undefined || other?.pid === undefined) {
    throw new Error("no children");
  }
  const exited = once(child, "exit");
  await writeFile(join(dir, "children"), `${child.pid} ${startOf(child.pid)}\n${other.pid} 1\n`);
  const lock = await lockDir(dir);
  await exited;
  expect(child.signalCode).toBe("SIGTERM");
  expect(other.exitCode).toBeNull();
  other.kill("SIGKILL");
  lock.release();
});
