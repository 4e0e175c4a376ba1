import { startEndpoint, type Endpoint, type EndpointReply, type EndpointRequest } from "../endpoint.ts";
import { CommandCount } from "./billing.ts";
import { isRefused, readCommandTable } from "./commands.ts";
import { RedisConnection } from "./connection.ts";
import { outcomeJson, parseBody, parseCommand } from "./json.ts";
import { RedisError, type Reply } from "./resp.ts";
import { ScriptBook, type Translated } from "./script-book.ts";

export interface LocalUpstash extends Endpoint {
  /** Commands billed since the start or the last `reset`; over HTTP `GET /_control/commands`, `POST …/reset`. */
  commands: CommandCount;
}

interface Job extends Translated {
  name: string;
}

const UNAUTHORIZED = { status: 401, body: '{"error":"Unauthorized"}' };
const UNAVAILABLE = { status: 503, body: '{"error":"ERR the database does not answer"}' };

/**
 * Starts an endpoint that answers as Upstash Redis does over HTTP, on a plain Redis.
 *
 * Subject of a request for faults: `METHOD /path COMMAND`, the first command in upper case.
 */
export async function startLocalUpstash(options: {
  redisUrl: string;
  token: string;
  port?: number;
}): Promise<LocalUpstash> {
  const redis = new RedisConnection(options.redisUrl);
  const service = new Service(redis, new ScriptBook(await readCommandTable(redis)));
  const authorization = `Bearer ${options.token}`;
  const endpoint = await startEndpoint({
    subject,
    serve: (request) =>
      request.headers.authorization === authorization
        ? service.serve(request)
        : Promise.resolve(UNAUTHORIZED),
    control: (request) => Promise.resolve(controlCommands(request, service.commands)),
    ...(options.port !== undefined && { port: options.port }),
  });
  const stop = async (): Promise<void> => {
    await endpoint.stop();
    redis.close();
  };
  return { ...endpoint, stop, commands: service.commands };
}

class Service {
  readonly commands = new CommandCount();
  readonly #redis: RedisConnection;
  readonly #scripts: ScriptBook;

  constructor(redis: RedisConnection, scripts: ScriptBook) {
    this.#redis = redis;
    this.#scripts = scripts;
  }

  async serve(request: EndpointRequest): Promise<EndpointReply> {
    const isBase64 = request.headers["upstash-encoding"] === "base64";
    try {
      switch (request.url.pathname) {
        case "/pipeline":
          return await this.#pipeline(parseList(request.body), isBase64);
        case "/multi-exec":
          return await this.#transaction(parseList(request.body), isBase64);
        default:
          return await this.#single(parseSingle(request), isBase64);
      }
    } catch (error) {
      if (error instanceof RedisError) {
        return { status: 400, body: outcomeJson(error, isBase64) };
      }
      return UNAVAILABLE;
    }
  }

  async #single(args: string[], isBase64: boolean): Promise<EndpointReply> {
    const job = this.#job(args);
    const outcome = this.#settle(job, await this.#redis.send(job.args));
    return { status: outcome instanceof RedisError ? 400 : 200, body: outcomeJson(outcome, isBase64) };
  }

  async #pipeline(commands: string[][], isBase64: boolean): Promise<EndpointReply> {
    const jobs = commands.map((args) => tryJob(() => this.#job(args)));
    const sent = jobs.filter((job): job is Job => !(job instanceof RedisError));
    const replies = await this.#redis.sendAll(sent.map((job) => job.args));
    const outcomes = jobs.map((job) =>
      job instanceof RedisError ? job : this.#settle(job, replies.shift() ?? null),
    );
    return { status: 200, body: `[${outcomes.map((outcome) => outcomeJson(outcome, isBase64)).join(",")}]` };
  }

  async #transaction(commands: string[][], isBase64: boolean): Promise<EndpointReply> {
    const jobs = commands.map((args) => this.#job(args));
    const replies = await this.#redis.sendAll([["MULTI"], ...jobs.map((job) => job.args), ["EXEC"]]);
    const results = replies.at(-1);
    if (!Array.isArray(results)) {
      return { status: 400, body: outcomeJson(results ?? null, isBase64) };
    }
    const outcomes = jobs.map((job, index) => this.#settle(job, results[index] ?? null));
    return { status: 200, body: `[${outcomes.map((outcome) => outcomeJson(outcome, isBase64)).join(",")}]` };
  }

  #job(args: string[]): Job {
    const name = (args[0] ?? "").toUpperCase();
    if (isRefused(name)) {
      throw new RedisError(`ERR Command is not available: '${name}'`);
    }
    return { name, ...this.#scripts.translate(name, args) };
  }

  #settle(job: Job, reply: Reply): Reply {
    const outcome = job.read?.(reply) ?? { reply, calls: 0 };
    this.commands.add(job.name, outcome.calls);
    return outcome.reply;
  }
}

function tryJob(make: () => Job): Job | RedisError {
  try {
    return make();
  } catch (error) {
    if (error instanceof RedisError) {
      return error;
    }
    throw error;
  }
}

/** A command from the body of `POST /`, or from a path as `/set/foo/bar`, its body being the last word. */
function parseSingle(request: EndpointRequest): string[] {
  const { pathname } = request.url;
  if (pathname === "/") {
    return parseCommand(parseJson(request.body)) ?? refuse("ERR failed to parse command");
  }
  const words = pathname.slice(1).split("/").map(decodeURIComponent);
  return request.body.length === 0 ? words : [...words, request.body.toString("utf8")];
}

function parseList(body: Buffer): string[][] {
  const list = parseJson(body);
  if (!Array.isArray(list) || list.length === 0) {
    return refuse("ERR failed to parse pipeline request");
  }
  return list.map((command) => parseCommand(command) ?? refuse("ERR failed to parse pipeline request"));
}

function parseJson(body: Buffer): unknown {
  try {
    return parseBody(body.toString("utf8"));
  } catch {
    return refuse("ERR failed to parse command");
  }
}

function refuse(message: string): never {
  throw new RedisError(message);
}

/** Read from the first bytes alone: a body may be long, and a subject is made of every request. */
function subject(request: EndpointRequest): string {
  const start = request.body.toString("utf8", 0, 64);
  const [, command] = /^[\s[]*"([^"]*)"/.exec(start) ?? [];
  return `${request.method} ${request.url.pathname}${command === undefined ? "" : ` ${command.toUpperCase()}`}`;
}

function controlCommands(request: EndpointRequest, commands: CommandCount): EndpointReply | undefined {
  switch (`${request.method} ${request.url.pathname}`) {
    case "GET /_control/commands":
      return { status: 200, body: JSON.stringify(commands.read()) };
    case "POST /_control/commands/reset":
      commands.reset();
      return { status: 200, body: "{}" };
    default:
      return undefined;
  }
}
