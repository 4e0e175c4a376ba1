import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { clientSource } from "../../../local/api-client/client-source.ts";
import { openApiDocument } from "../../../src/openapi/document.ts";

test("client: its types and its calls are those of the document; `npm run client` makes them anew", () => {
  const kept = readFileSync(join(import.meta.dirname, "../../../src/edge/api.ts"), "utf8");
  expect(kept).toBe(clientSource(openApiDocument()));
});
