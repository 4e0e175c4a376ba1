import { execFile } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const CONSUMER = join(ROOT, "test/support/consumer");
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");
const WORKERS_TYPES = join(ROOT, "node_modules/@cloudflare/workers-types");
const ENTRIES = ["body", "client", "hono", "http", "worker"];
const MAX_BUNDLE_BYTES = 8192;

const run = promisify(execFile);
const dir = mkdtempSync(join(tmpdir(), "edgemeter-package-test-"));
const product = join(dir, "product");
const installed = join(product, "node_modules", "edgemeter");
/** What stands in the product's node_modules when edgemeter alone is installed. */
let alone: string[];

/** Runs npm without network, and without what it may have kept of earlier runs. */
function npm(cwd: string, ...args: string[]): Promise<unknown> {
  const cli = process.env["npm_execpath"] ?? "";
  const [command, ...before] = cli.endsWith("npm-cli.js") ? [process.execPath, cli] : ["npm"];
  const env = {
    ...process.env,
    npm_config_cache: join(dir, "cache"),
    npm_config_offline: "true",
    npm_config_update_notifier: "false",
  };
  return run(command, [...before, ...args], { cwd, env });
}

beforeAll(async () => {
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  writeFileSync(join(ROOT, "dist", "left-behind.js"), "");
  mkdirSync(product);
  writeFileSync(join(product, "package.json"), JSON.stringify({ name: "product", type: "module" }));
  await npm(ROOT, "pack", "--pack-destination", dir, "--ignore-scripts=false");
  await npm(join(ROOT, "node_modules/hono"), "pack", "--pack-destination", dir, "--ignore-scripts");
  const tarball = (name: string): string =>
    join(dir, readdirSync(dir).find((file) => file.startsWith(`${name}-`) && file.endsWith(".tgz")) ?? name);
  await npm(product, "install", "--no-audit", "--no-fund", tarball("edgemeter"));
  alone = readdirSync(join(product, "node_modules"));
  await npm(product, "install", "--no-audit", "--no-fund", tarball("hono"));
  for (const file of ["index.ts", "run.mjs", "worker.ts"]) {
    copyFileSync(join(CONSUMER, file), join(product, file));
  }
});
afterAll(() => rmSync(dir, { recursive: true }));

test("package: holds what a product imports, as it is in the source now, and nothing else", () => {
  const modules = readdirSync(join(ROOT, "src/edge"))
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.slice(0, -".ts".length));
  const files = readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const expected = [
    "LICENSE",
    "README.md",
    "package.json",
    ...modules.flatMap((name) => [join("dist", `${name}.d.ts`), join("dist", `${name}.js`)]),
  ];
  expect(files.toSorted()).toEqual(expected.map((file) => join(installed, file)).toSorted());
});

test("package: needs no other package, and Hono only where it is used", () => {
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as Record<
    string,
    unknown
  >;
  expect(alone.filter((name) => !name.startsWith("."))).toEqual(["edgemeter"]);
  expect(manifest["dependencies"]).toBeUndefined();
  expect(manifest["optionalDependencies"]).toBeUndefined();
  expect(manifest["peerDependencies"]).toEqual({ hono: ">=4" });
  expect(manifest["peerDependenciesMeta"]).toEqual({ hono: { optional: true } });
  expect(Object.keys(manifest["exports"] as object)).toEqual(ENTRIES.map((entry) => `./${entry}`));
});

interface Call {
  line: string;
  key: string | undefined;
  type: string | undefined;
  body: unknown;
}

/** Answers as the meter does that records everything, and notes each call. */
async function startMeter(): Promise<{ url: string; calls: Call[] } & AsyncDisposable> {
  const calls: Call[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = JSON.parse(await text(request)) as unknown[] | { usage: unknown[] };
    const { authorization: key, "content-type": type } = request.headers;
    calls.push({ line: `${request.method} ${request.url}`, key, type, body });
    const results = (Array.isArray(body) ? body : body.usage).map(() => ({ status: "recorded" }));
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ results }));
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

/** One response's usage at half past twelve, merged with no other. */
function oneRow(metricName: string, value: number): object {
  const at = "2026-11-24T12:30:00.000Z";
  const hour = "2026-11-24T12:00:00.000Z";
  const values = { count: 1, sum: value, min: value, max: value, last: value, lastAt: at };
  return { customerId: "cus_1", metricName, hour, ...values };
}

test("package: every entry runs in plain Node", async () => {
  await using meter = await startMeter();
  const { stdout, stderr } = await run(process.execPath, ["run.mjs", meter.url], { cwd: product });
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual({
    answer: {
      recorded: 1,
      duplicates: 0,
      conflicts: 0,
      rejected: 0,
      spooled: 0,
      results: [{ status: "recorded" }],
    },
    texts: ["from hono", "from the worker"],
    batches: [{ batch: "batch_worker", usage: [oneRow("bytes_sent", "from the worker".length)] }],
    lost: [],
  });
  const call = { line: "POST /v1/events", key: "Bearer em_ingest_example" };
  expect(meter.calls).toEqual([
    {
      ...call,
      type: "application/json",
      body: [
        {
          id: "evt_1",
          customerId: "cus_1",
          metricName: "api_calls",
          value: "0.1",
          timestamp: "2026-11-24T12:30:00.000Z",
        },
      ],
    },
    {
      ...call,
      type: "application/vnd.edgemeter.batch+json",
      body: { batch: "batch_hono", usage: [oneRow("api_calls", 1)] },
    },
  ]);
});

const platforms = [
  { file: "index.ts", platform: "the DOM's types", lib: ["es2022", "dom"], types: [] },
  { file: "index.ts", platform: "Cloudflare's types", lib: ["es2022"], types: [WORKERS_TYPES] },
  { file: "worker.ts", platform: "Cloudflare's types", lib: ["es2022"], types: [WORKERS_TYPES] },
];
const resolutions = [
  { moduleResolution: "bundler", module: "esnext" },
  { moduleResolution: "nodenext", module: "nodenext" },
];
const compilations = platforms.flatMap((platform) =>
  resolutions.map((resolution) => ({ ...platform, ...resolution })),
);

test.each(compilations)(
  "package: its types hold in $file with $platform, resolved as $moduleResolution",
  async ({ file, lib, types, module, moduleResolution }) => {
    const compilerOptions = {
      module,
      moduleResolution,
      lib,
      types,
      target: "es2022",
      strict: true,
      skipLibCheck: false,
      exactOptionalPropertyTypes: true,
      noEmit: true,
    };
    const config = join(product, "tsconfig.json");
    writeFileSync(config, JSON.stringify({ compilerOptions, files: [file] }));
    const compiled: unknown = await run(process.execPath, [TSC, "-p", config], { cwd: product }).catch(
      (error: unknown) => error,
    );
    expect(compiled).toEqual({ stdout: "", stderr: "" });
  },
);

interface Esbuild {
  build: (options: object) => Promise<{
    outputFiles: { contents: Uint8Array }[];
    metafile: { inputs: Record<string, unknown> };
  }>;
}

/** The one that wrangler brings, which bundles a product's Worker. */
function esbuild(): Esbuild {
  return createRequire(createRequire(import.meta.url).resolve("wrangler"))("esbuild") as Esbuild;
}

test.each(
  ["hono", "worker"].flatMap((entry) => ["neutral", "browser"].map((platform) => ({ entry, platform }))),
)("package: edgemeter/$entry adds less than 8 KB to a bundle ($platform)", async ({ entry, platform }) => {
  const { outputFiles, metafile } = await esbuild().build({
    stdin: { contents: `export * from "edgemeter/${entry}";`, resolveDir: product },
    absWorkingDir: product,
    bundle: true,
    minify: true,
    format: "esm",
    platform,
    write: false,
    metafile: true,
  });
  const foreign = Object.keys(metafile.inputs).filter(
    (input) => input !== "<stdin>" && !input.startsWith("node_modules/edgemeter/dist/"),
  );
  expect(foreign).toEqual([]);
  expect(outputFiles[0]?.contents.byteLength).toBeLessThan(MAX_BUNDLE_BYTES);
});
