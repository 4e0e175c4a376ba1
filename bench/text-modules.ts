import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

/** Lets Node import scripts as text, as the Worker's bundle does; in modules that are loaded afterwards. */
export function importScriptsAsText(): void {
  registerHooks({
    load: (url, context, nextLoad) =>
      url.endsWith(".lua")
        ? {
            format: "module",
            shortCircuit: true,
            source: `export default ${JSON.stringify(readFileSync(fileURLToPath(url), "utf8"))};`,
          }
        : nextLoad(url, context),
  });
}
