import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { migrate } from "./migrate.ts";

const ROOT = join(import.meta.dirname, "..");
const CONFIG = join(ROOT, "wrangler.toml");
const WRANGLER = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");

/** What each secret of the Worker is and where it comes from. */
const SECRETS: Record<string, string> = {
  UPSTASH_REDIS_REST_URL: "the REST URL of your Upstash Redis database",
  UPSTASH_REDIS_REST_TOKEN: "its REST token, not the read-only one",
  DATABASE_URL: "the connection string of your Neon database",
  STRIPE_SECRET_KEY: "a key of your Stripe account, better a restricted one: customers read, invoices write",
  STRIPE_WEBHOOK_SECRET: "the signing secret of Stripe's webhook endpoint",
  ADMIN_KEY: "a long random key of your own, e.g. from: openssl rand -base64 32",
  TOKEN_SECRET: "another, to keep webhooks' secrets and sign customer tokens with",
};

export interface Preparation {
  isLoggedIn: boolean;
  requiredSecrets: string[];
  presentSecrets: string[];
  databaseUrl: string | undefined;
}

/** What is still to be done before a deployment, one instruction each; empty when nothing is. */
export function missingSteps(preparation: Preparation): string[] {
  const steps: string[] = [];
  if (!preparation.isLoggedIn) {
    steps.push("Log in to Cloudflare: npx wrangler login (or set CLOUDFLARE_API_TOKEN)");
  } else {
    const present = new Set(preparation.presentSecrets);
    for (const name of preparation.requiredSecrets.filter((secret) => !present.has(secret))) {
      steps.push(`Set the secret ${name}, ${SECRETS[name] ?? "see README"}: npx wrangler secret put ${name}`);
    }
  }
  if (preparation.databaseUrl === undefined || preparation.databaseUrl === "") {
    steps.push("Give the database to migrate: DATABASE_URL='postgres://…' npm run deploy");
  }
  return steps;
}

/** The names in what `wrangler secret list` prints; a Worker that was never deployed has none. */
export function parseSecretList(run: { status: number | null; stdout: string; stderr: string }): string[] {
  if (run.status === 0) {
    const secrets = JSON.parse(run.stdout.slice(run.stdout.indexOf("["))) as { name: string }[];
    return secrets.map(({ name }) => name);
  }
  const output = `${run.stdout}${run.stderr}`;
  if (/not found|does not exist|10007/i.test(output)) {
    return [];
  }
  throw new Error(`wrangler secret list failed:\n${output}`);
}

function runWrangler(args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [WRANGLER, ...args], { cwd: ROOT, encoding: "utf8" });
}

async function readRequiredSecrets(): Promise<string[]> {
  const { unstable_readConfig: read } = await import("wrangler");
  return read({ config: CONFIG }, { hideWarnings: true }).secrets?.required ?? [];
}

function deployWorker(args: string[]): number {
  const run = spawnSync(process.execPath, [WRANGLER, "deploy", ...args], { cwd: ROOT, stdio: "inherit" });
  return run.status ?? 1;
}

/** The arguments that choose which of several deployments is meant. */
function environmentArgs(args: string[]): string[] {
  const at = args.findIndex((arg) => arg === "--env" || arg === "-e");
  return at < 0 ? args.filter((arg) => arg.startsWith("--env=")) : args.slice(at, at + 2);
}

async function main(args: string[]): Promise<number> {
  if (args.includes("--dry-run")) {
    return deployWorker(args);
  }
  const isLoggedIn = runWrangler(["whoami", "--json"]).status === 0;
  const databaseUrl = process.env["DATABASE_URL"];
  const steps = missingSteps({
    isLoggedIn,
    requiredSecrets: await readRequiredSecrets(),
    presentSecrets: isLoggedIn
      ? parseSecretList(runWrangler(["secret", "list", ...environmentArgs(args)]))
      : [],
    databaseUrl,
  });
  if (steps.length > 0 || databaseUrl === undefined) {
    process.stderr.write(`Before the Worker can be deployed:\n\n  - ${steps.join("\n  - ")}\n\n`);
    return 1;
  }
  const applied = await migrate(databaseUrl, { print: (line) => process.stdout.write(`${line}\n`) });
  process.stdout.write(applied.length === 0 ? "The database is up to date.\n" : "");
  return deployWorker(args);
}

if (import.meta.main) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
