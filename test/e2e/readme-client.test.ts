import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localKeys } from "../../local/stores.ts";
import { periodContaining } from "../../src/domain/period.ts";
import { HOUR_MS } from "../../src/domain/window.ts";
import { API_CALLS } from "../../src/edge/api.ts";
import { apiDocument, operationsOf } from "../support/api-document.ts";
import { startMeter, type RunningMeter } from "../support/running-meter.ts";
import { startWebhookEndpoint } from "../support/webhook-endpoint.ts";

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = join(ROOT, ".build", "readme-client");
const run = promisify(execFile);

let meter: RunningMeter;
let receiver: Awaited<ReturnType<typeof startWebhookEndpoint>>;
beforeAll(async () => {
  [meter, receiver] = await Promise.all([startMeter({ INVOICE_MODE: "review" }), startWebhookEndpoint()]);
  await bill();
  mkdirSync(FOLDER, { recursive: true });
});
afterAll(async () => {
  rmSync(FOLDER, { recursive: true, force: true });
  await Promise.all([meter.stop(), receiver.stop()]);
});

/** Two invoices to review, and somebody to tell of them. */
async function bill(): Promise<void> {
  const endpoint = await meter.send("POST", "/v1/webhook-endpoints", { url: `${receiver.url}/ready` });
  expect(endpoint?.status).toBe(201);
  for (const customerId of ["cus_acme", "cus_globex"]) {
    const { id } = await meter.stripe("POST", "/v1/customers", `name=${customerId}`);
    await meter.send("PUT", `/v1/customers/${customerId}`, { stripeCustomerId: id, plan: "payg" });
    await meter.send("POST", "/v1/events", { customerId, metricName: "api_calls", value: 50_000 });
  }
  const nowMs = Date.now();
  expect(await meter.trigger("* * * * *", nowMs)).toBe(true);
  expect(await meter.trigger("17 * * * *", periodContaining(nowMs).endMs + 26 * HOUR_MS)).toBe(true);
}

/** The README's example as a program against the running Worker; each call that it makes is told on a line. */
function example(): string {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const block = /## The API from code\n[\s\S]*?```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  return block
    .replace('"edgemeter/client"', JSON.stringify(join(ROOT, "src/edge/client.ts")))
    .replace("https://meter.example.com", meter.worker.url)
    .replace("em_admin_…", localKeys.adminKey)
    .replace("https://acme.example/hooks", `${receiver.url}/hooks`)
    .replaceAll(
      /await api\.(\w+)\(/g,
      (call, name: string) => `console.log(${JSON.stringify(name)}), ${call}`,
    )
    .replaceAll(/= (\(?)console\.log\("(\w+)"\), await api\.\w+\(/g, (_, open: string, name: string) => {
      return `= ${open}await (console.log("${name}"), api.${name})(`;
    });
}

test("readme: its example of the client compiles and makes every call of the API against the running Worker", async () => {
  const file = join(FOLDER, "example.ts");
  writeFileSync(file, `${example()}\nexport {};\n`);
  const { extends: _, ...config } = { extends: "", include: [file] };
  const options = { extends: join(ROOT, "tsconfig.node.json"), ...config, exclude: [] };
  writeFileSync(join(FOLDER, "tsconfig.json"), JSON.stringify(options));
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const compiled = await run(process.execPath, [tsc, "-p", FOLDER, "--noEmit"]).catch(
    (error: unknown) => error,
  );
  expect((compiled as { stdout: string }).stdout).toBe("");
  const { stdout } = await run(process.execPath, [file]);
  const called = new Set(stdout.trim().split("\n"));
  expect([...called].toSorted()).toEqual(Object.keys(API_CALLS).toSorted());
});

test("client: has every call of the document but pages, what Stripe calls, and events, which `record` sends", () => {
  const missing = operationsOf(apiDocument())
    .map(({ operationId }) => operationId)
    .filter((id) => !Object.hasOwn(API_CALLS, id));
  expect(missing.toSorted()).toEqual([
    "getDocs",
    "getIndex",
    "getProblem",
    "listProblems",
    "receiveStripeEvent",
    "recordEvents",
  ]);
});
