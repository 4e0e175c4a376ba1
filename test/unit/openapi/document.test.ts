import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { createApp } from "../../../src/app.ts";
import type { Deps } from "../../../src/deps.ts";
import { PROBLEMS } from "../../../src/http/problem-catalogue.ts";
import { ROUTES } from "../../worker/route-scopes.ts";
import { apiDocument, DocumentJudge, operationsOf } from "../../support/api-document.ts";

const ROOT = join(import.meta.dirname, "../../..");
const document = apiDocument();
const operations = operationsOf(document);
const judge = new DocumentJudge(document);
const asPublished = new DocumentJudge(document, "as published");

/** Every route of the app, as the document writes paths; building it reads none of its dependencies. */
function routesOfApp(): string[] {
  const { routes } = createApp({ corsOrigins: [] as readonly string[] } as Deps);
  const handled = routes.filter(({ method }) => method !== "ALL");
  return [...new Set(handled.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`))];
}

test("document: has every route of the app, and no other", () => {
  const documented = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  expect(documented.toSorted()).toEqual(routesOfApp().toSorted());
});

test("document: the linter's recommended rules find no error and no warning", async () => {
  const folder = join(ROOT, ".build");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "openapi.json");
  writeFileSync(file, JSON.stringify(document, null, 2));
  const cli = join(createRequire(import.meta.url).resolve("@redocly/cli/package.json"), "../bin/cli.js");
  const run = promisify(execFile);
  const { stdout } = await run(
    process.execPath,
    [cli, "lint", "--extends", "recommended", "--format", "json", file],
    {
      cwd: folder,
      env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" },
    },
  ).catch((error: unknown) => error as { stdout: string });
  const report = JSON.parse(stdout) as { totals: unknown; problems: unknown[] };
  expect(report.problems).toEqual([]);
  expect(report.totals).toMatchObject({ errors: 0, warnings: 0 });
}, 30_000);

test("document: keys and tokens open what the table of the security tests says", () => {
  const documented = operations.map(({ method, path, security }) => {
    const scopes = security.flatMap((scheme) => scheme["key"] ?? []).filter((scope) => scope !== "admin");
    const isKeyed = security.some((scheme) => scheme["key"] !== undefined);
    const admitted = isKeyed ? scopes.toSorted().join(" and ") || "admin" : "everybody";
    const isOpenToCustomers = security.some((scheme) => scheme["customerToken"] !== undefined);
    const route = `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`;
    return `${route}: ${admitted}${isOpenToCustomers ? ", customers" : ""}`;
  });
  const tabled = Object.entries(ROUTES).map(
    ([route, { admitted, customer }]) =>
      `${route}: ${admitted}${customer === undefined ? "" : ", customers"}`,
  );
  expect(documented.toSorted()).toEqual(tabled.toSorted());
});

test("document: is OpenAPI 3.1 and names every problem code", () => {
  expect(document.openapi).toBe("3.1.0");
  expect(document.components.schemas["ProblemCode"]?.["enum"]).toEqual(Object.keys(PROBLEMS));
});

test("document: each call has an id of its own", () => {
  const ids = operations.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
});

describe.each(operations.map((operation) => [operation.operationId, operation] as const))(
  "%s",
  (_, operation) => {
    const bodies = Object.entries(operation.requestBody?.content ?? {});
    const answers = Object.entries(operation.responses).flatMap(([status, { content }]) =>
      Object.entries(content ?? {}).map(([type, body]) => [status, type, body] as const),
    );

    test("each body has an example that its schema takes", () => {
      for (const [type, { schema, example }] of bodies) {
        expect(example, type).toBeDefined();
        expect(asPublished.fault(schema, example), type).toBeUndefined();
      }
    });

    test("each answer has an example that its schema takes and that has no member beside", () => {
      const good = answers.filter(([, type]) => type !== "application/problem+json");
      const hasBody = Object.keys(operation.responses).some((status) => /^20[0-3]$/.test(status));
      expect(good.length > 0).toBe(hasBody);
      for (const [status, type, { schema, example }] of good) {
        expect(example, `${status} ${type}`).toBeDefined();
        expect(judge.fault(schema, example), `${status} ${type}`).toBeUndefined();
      }
    });

    test("lists are bounded to 1,000 in the document", () => {
      const limit = operation.parameters.find(({ name }) => name === "limit");
      const hasCursor = operation.parameters.some(({ name }) => name === "cursor");
      expect(limit !== undefined).toBe(hasCursor);
      expect([undefined, 1000]).toContain(limit?.schema["maximum"]);
    });
  },
);

test("problems: each example is of its status", () => {
  for (const { responses } of operations) {
    for (const [status, { content }] of Object.entries(responses)) {
      const examples = (content?.["application/problem+json"] ?? {}) as {
        examples?: Record<string, unknown>;
      };
      for (const code of Object.keys(examples.examples ?? {})) {
        expect(String(document.components.examples[code]?.value.status)).toBe(status);
      }
    }
  }
});
