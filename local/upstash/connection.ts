import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { encodeCommand, RedisError, ReplyReader, type Reply } from "./resp.ts";

const CONNECT_TIMEOUT_MS = 5000;

interface Waiting {
  resolve: (reply: Reply) => void;
  reject: (error: Error) => void;
}

/**
 * One pipelined connection to Redis, made when first needed and again after a loss.
 *
 * A command is written at most once: when the connection is lost, what waits for a reply fails. Error replies
 * are values, not exceptions.
 */
export class RedisConnection {
  readonly #url: URL;
  #socket: Socket | undefined;
  #opening: Promise<void> | undefined;
  #waiting: Waiting[] = [];
  #outgoing = "";

  constructor(url: string) {
    this.#url = new URL(url);
  }

  async send(args: readonly string[]): Promise<Reply> {
    const [reply] = await this.sendAll([args]);
    return reply ?? null;
  }

  /** Sends commands with none of another caller between them; replies in their order. */
  async sendAll(commands: readonly (readonly string[])[]): Promise<Reply[]> {
    if (this.#socket === undefined) {
      await this.#open();
    }
    return await this.#write(commands);
  }

  close(): void {
    this.#socket?.destroy();
  }

  #write(commands: readonly (readonly string[])[]): Promise<Reply[]> {
    const replies = commands.map(
      (args) =>
        new Promise<Reply>((resolve, reject) => {
          this.#waiting.push({ resolve, reject });
          if (this.#outgoing === "") {
            setImmediate(() => this.#flush());
          }
          this.#outgoing += encodeCommand(args);
        }),
    );
    return Promise.all(replies);
  }

  /** All that was asked for in one turn of the loop leaves in one write. */
  #flush(): void {
    const text = this.#outgoing;
    this.#outgoing = "";
    this.#socket?.write(text);
  }

  #open(): Promise<void> {
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #connect(): Promise<void> {
    const isTls = this.#url.protocol === "rediss:";
    const address = { host: this.#url.hostname, port: Number(this.#url.port || 6379) };
    const socket = isTls ? connectTls({ ...address, servername: address.host }) : connect(address);
    socket.setNoDelay(true);
    await new Promise<void>((resolve, reject) => {
      socket.setTimeout(CONNECT_TIMEOUT_MS, () => socket.destroy(new Error("Redis does not answer")));
      socket.once("error", reject);
      socket.once(isTls ? "secureConnect" : "connect", resolve);
    });
    socket.setTimeout(0);
    this.#listen(socket);
    for (const reply of await this.#write(this.#greeting())) {
      if (reply instanceof RedisError) {
        socket.destroy();
        throw reply;
      }
    }
  }

  #listen(socket: Socket): void {
    const reader = new ReplyReader();
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      try {
        reader.read(chunk, (reply) => this.#waiting.shift()?.resolve(reply));
      } catch (error) {
        socket.destroy(error as Error);
      }
    });
    socket.on("error", () => undefined);
    socket.once("close", () => {
      this.#socket = undefined;
      this.#outgoing = "";
      for (const { reject } of this.#waiting.splice(0)) {
        reject(new Error("connection to Redis lost"));
      }
    });
  }

  #greeting(): string[][] {
    const greeting: string[][] = [];
    const user = decodeURIComponent(this.#url.username);
    const password = decodeURIComponent(this.#url.password);
    if (password !== "") {
      greeting.push(user === "" ? ["AUTH", password] : ["AUTH", user, password]);
    }
    const database = this.#url.pathname.slice(1);
    if (database !== "" && database !== "0") {
      greeting.push(["SELECT", database]);
    }
    return greeting;
  }
}
