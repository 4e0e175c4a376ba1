import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig, type Plugin } from "vitest/config";

/** Node tests import scripts as text, as the bundle does. */
const textModules: Plugin = {
  name: "text-modules",
  enforce: "pre",
  async load(id) {
    if (!id.endsWith(".lua") && !id.endsWith(".sql")) {
      return null;
    }
    return `export default ${JSON.stringify(await readFile(id, "utf8"))};`;
  },
};

// Tests bind their own secrets; wrangler need not ask for them.
process.env["WRANGLER_LOG"] ??= "error";

export default defineConfig({
  logLevel: "error",
  test: {
    silent: "passed-only",
    // A test's process waits for its stores' most of the time: also two cores have work for two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        plugins: [textModules],
        test: { name: "unit", include: ["test/unit/**/*.test.ts"] },
      },
      {
        logLevel: "error",
        plugins: [
          cloudflareTest(({ inject }) => ({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: inject("bindings"),
              email: { send_email: [{ name: "EMAIL" }] },
              // Not the Worker's own name: one test alone is limited.
              ratelimits: { LIMIT_OF_TWO: { namespace_id: "1", simple: { limit: 2, period: 60 } } },
            },
          })),
        ],
        test: {
          name: "worker",
          // The files share stores and a catalog.
          fileParallelism: false,
          include: ["test/worker/**/*.test.ts"],
          globalSetup: ["test/support/worker-stack.ts"],
        },
      },
      {
        plugins: [textModules],
        test: {
          name: "faults",
          include: ["test/faults/**/*.test.ts", "test/e2e/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
