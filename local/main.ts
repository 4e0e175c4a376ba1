import { parseArgs } from "node:util";
import { onNpmGone } from "./parent-watch.ts";
import { startStack, type Stack } from "./stack.ts";

const HELP = `npm start -- [options]: the whole of edgemeter on this machine, no account needed

  --port N     the Worker's port (default 8787; 0 for any free one)
  --dir PATH   where data is kept (default .local)
  --fresh      with empty data
  --no-cron    fire no cron triggers; over HTTP they can be fired at any time
  --no-demo    neither the demo catalog nor the demo customers
  --help       this

Environment: REDIS_URL and DATABASE_URL use a server of yours instead of an own one.
`;

const MAX_PORT = 65_535;
/** npm passes on the signal that the terminal has sent already: that one is not a second wish. */
const SAME_SIGNAL_MS = 1000;

interface StartOptions {
  port: number;
  dir: string;
  fresh: boolean;
  cron: boolean;
  demo: boolean;
}

function readOptions(args: string[]): StartOptions | "help" {
  const { values } = parseArgs({
    args,
    allowNegative: true,
    options: {
      port: { type: "string", default: "8787" },
      dir: { type: "string", default: ".local" },
      fresh: { type: "boolean", default: false },
      cron: { type: "boolean", default: true },
      demo: { type: "boolean", default: true },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    return "help";
  }
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > MAX_PORT) {
    throw new Error(`--port wants a number from 0 to ${MAX_PORT}, not '${values.port}'.`);
  }
  return { port, dir: values.dir, fresh: values.fresh, cron: values.cron, demo: values.demo };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(error: unknown, status: number): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(status);
}

/** Ends the stack in order when told to, or when a part of it or its npm is gone. */
function endInOrder(running: () => Stack | undefined): (reason: string, status: number) => void {
  let endingSince: number | undefined;
  const end = (reason: string, status: number): void => {
    if (endingSince !== undefined) {
      if (performance.now() - endingSince > SAME_SIGNAL_MS) {
        process.exit(1);
      }
      return;
    }
    endingSince = performance.now();
    print(`\n${reason}: stopping`);
    const stopped = running()?.stop() ?? Promise.resolve();
    stopped.then(
      () => process.exit(status),
      (error: unknown) => fail(error, 1),
    );
  };
  process.on("SIGINT", () => end("Interrupted", 0));
  process.on("SIGTERM", () => end("Told to end", 0));
  process.on("SIGHUP", () => end("Terminal closed", 0));
  onNpmGone(() => end("npm is gone", 1));
  return end;
}

function printReady({ info, worker }: Stack, options: StartOptions): void {
  print(`
Ready at ${info.workerUrl}

  dashboard    ${info.workerUrl}/   sign in with a key
  admin key    ${info.adminKey}
  ingest key   ${info.ingestKey}
  read key     ${info.readKey}
  Redis        ${info.redisUrl}
  Postgres     ${info.databaseUrl}
  Upstash      ${info.upstashUrl}   token ${info.upstashToken}
  Stripe       ${info.stripeUrl}   key ${info.stripeKey}

  flush now    curl '${worker.url}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*'
  invoice now  curl '${worker.url}/cdn-cgi/handler/scheduled?cron=17+*+*+*+*'

Cron triggers ${options.cron ? "fire every minute" : "fire over HTTP only"}. All of this is in ${options.dir}/stack.json. Ctrl-C ends it.`);
}

let stack: Stack | undefined;
let options: StartOptions | "help" = "help";
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  fail(`${(error as Error).message}\n\n${HELP}`, 2);
}
if (options === "help") {
  process.stdout.write(HELP);
  process.exit(0);
}
const end = endInOrder(() => stack);
try {
  stack = await startStack({
    ...options,
    print,
    redisUrl: process.env["REDIS_URL"] || undefined,
    databaseUrl: process.env["DATABASE_URL"] || undefined,
    onCrash: (what) => end(what, 1),
  });
  printReady(stack, options);
} catch (error) {
  fail(error, 1);
}
