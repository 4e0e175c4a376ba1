import { readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const MIN_NODE = 24;
/** All of these bring a workerd; tests and the stack are to run the one that wrangler deploys for. */
const BEARERS = ["wrangler", "miniflare", "@cloudflare/vitest-plugin"];

/** The version of workerd that a package would run. */
function workerdOf(bearer: string): string {
  const require = createRequire(import.meta.url);
  const folder = realpathSync(join(import.meta.dirname, "..", "node_modules", bearer));
  const entry = require.resolve("workerd", { paths: [folder] });
  const { version } = JSON.parse(readFileSync(join(dirname(entry), "..", "package.json"), "utf8")) as {
    version: string;
  };
  return version;
}

/** What is wrong with this installation, and what to do; undefined when nothing is. */
export function complaint(nodeVersion: string, workerds: Record<string, string>): string | undefined {
  if (Number(nodeVersion.split(".")[0]) < MIN_NODE) {
    return (
      `Node ${nodeVersion} runs this, ${MIN_NODE} is wanted: it comes with npm install (package "node"). ` +
      "Start this with npm, e.g. npm test."
    );
  }
  if (new Set(Object.values(workerds)).size > 1) {
    const list = Object.entries(workerds).map(([bearer, version]) => `${bearer} has ${version}`);
    return (
      `More than one workerd is installed: ${list.join(", ")}. ` +
      "Remove node_modules and run npm ci; wrangler and miniflare are pinned to versions that agree."
    );
  }
  return undefined;
}

if (import.meta.main) {
  const workerds = Object.fromEntries(BEARERS.map((bearer) => [bearer, workerdOf(bearer)]));
  const found = complaint(process.versions.node, workerds);
  if (found !== undefined) {
    process.stderr.write(`${found}\n`);
    process.exit(1);
  }
}
