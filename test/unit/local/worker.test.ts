import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWorker, type RunningWorker } from "../../../local/worker.ts";

const METER = `
import { WorkerEntrypoint } from "cloudflare:workers";
import script from "./script.lua";
let seen = 0;
export class MeterEntrypoint extends WorkerEntrypoint {
  record(events) { return { recorded: events.length, by: this.env.NAME }; }
}
export default {
  async fetch(request, env) {
    seen += 1;
    const url = new URL(request.url);
    if (url.pathname === "/out") return fetch(url.searchParams.get("to"));
    return Response.json({ seen, script, name: env.NAME, mode: env.MODE, path: url.pathname, method: request.method });
  },
  async scheduled(controller, env, ctx) {
    ctx.waitUntil(scheduler.wait(1).then(() => { seen = Number(controller.scheduledTime); }));
    if (controller.cron === "bad") throw new Error("told to fail");
  },
};`;

const PRODUCT = `
export default { async fetch(request, env) { return Response.json(await env.METER.record([1, 2])); } };`;

let dir: string;
let worker: RunningWorker;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "edgemeter-fixture-"));
  const settings = 'main = "index.js"\ncompatibility_date = "2026-10-28"\n';
  await mkdir(join(dir, "product"));
  await writeFile(join(dir, "index.js"), METER);
  await writeFile(join(dir, "script.lua"), 'return "é"');
  await writeFile(
    join(dir, "wrangler.toml"),
    `name = "meter"\n${settings}rules = [{ type = "Text", globs = ["**/*.lua"] }]\n` +
      '[vars]\nMODE = "review"\nNAME = "overridden"\n',
  );
  await writeFile(join(dir, "product", "index.js"), PRODUCT);
  await writeFile(join(dir, "product", "wrangler.toml"), `name = "product"\n${settings}`);
  worker = await startWorker({
    dir: join(dir, "data"),
    config: join(dir, "wrangler.toml"),
    bindings: { NAME: 'a "name" with \\ and é' },
    product: { bindings: {}, config: join(dir, "product", "wrangler.toml") },
  });
}, 60_000);

afterAll(async () => {
  await worker.stop();
  await rm(dir, { recursive: true, force: true });
});

async function get(path: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`${worker.url}${path}`);
  return { status: response.status, body: await response.text() };
}

test("worker: has its text modules, its vars, and bindings that win over them", async () => {
  const { body } = await get("/some/path");
  expect(JSON.parse(body)).toMatchObject({
    script: 'return "é"',
    mode: "review",
    name: 'a "name" with \\ and é',
    path: "/some/path",
    method: "GET",
  });
});

test("worker: a cron trigger over HTTP answers when its handler has finished", async () => {
  expect(await get("/cdn-cgi/handler/scheduled?cron=*+*+*+*+*&time=1700000000000")).toEqual({
    status: 200,
    body: "ok\n",
  });
  expect(JSON.parse((await get("/")).body)).toMatchObject({ seen: 1_700_000_000_001 });
});

test("worker: a cron trigger whose handler throws is a 500 with the outcome", async () => {
  expect(await get("/cdn-cgi/handler/scheduled?cron=bad")).toEqual({ status: 500, body: "exception\n" });
  expect((await get("/cdn-cgi/handler/scheduled")).status).toBe(400);
  expect((await get("/cdn-cgi/handler/scheduled?cron=a&time=x")).status).toBe(400);
});

test("worker: a product reaches the meter's entry point over its binding", async () => {
  const response = await fetch(worker.productUrl ?? "");
  expect(await response.json()).toEqual({ recorded: 2, by: 'a "name" with \\ and é' });
});

test("worker: reaches servers on this machine", async () => {
  const { body } = await get(`/out?to=${encodeURIComponent(`${worker.productUrl}/`)}`);
  expect(JSON.parse(body)).toMatchObject({ recorded: 2 });
});

test("worker: killed and started again it has its addresses and nothing in memory", async () => {
  const before = worker.pid();
  await worker.kill();
  await expect(fetch(worker.url)).rejects.toThrow("fetch failed");
  await worker.restart();
  expect(worker.pid()).not.toBe(before);
  expect(JSON.parse((await get("/")).body)).toMatchObject({ seen: 1 });
  expect((await fetch(worker.productUrl ?? "")).status).toBe(200);
});

test("worker: a bundle that fails says why", async () => {
  await writeFile(
    join(dir, "broken.toml"),
    'name = "broken"\nmain = "absent.js"\ncompatibility_date = "2026-10-28"\n',
  );
  const starting = startWorker({ dir: join(dir, "other"), config: join(dir, "broken.toml"), bindings: {} });
  await expect(starting).rejects.toThrow("absent.js");
});
