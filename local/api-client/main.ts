import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { importScriptsAsText } from "../../bench/text-modules.ts";

importScriptsAsText();
const [{ openApiDocument }, { clientSource }] = await Promise.all([
  import("../../src/openapi/document.ts"),
  import("./client-source.ts"),
]);
await writeFile(join(import.meta.dirname, "../../src/edge/api.ts"), clientSource(openApiDocument()));
