import { connect, type Socket } from "node:net";
import type { LoadJob } from "./load-job.ts";
import { HttpReplies, RedisReplies, type ReplyStream } from "./replies.ts";

/** When a request was due, epoch of `performance.now()`. */
type DueMs = number;

/** One keep-alive connection; replies come in the order of the requests. */
export class LoadConnection {
  readonly #socket: Socket;
  readonly #replies: ReplyStream;
  readonly #waiting: DueMs[] = [];

  constructor(socket: Socket, replies: ReplyStream) {
    this.#socket = socket;
    this.#replies = replies;
  }

  /** Settles when connected. */
  static async open(
    job: LoadJob,
    onReply: (connection: LoadConnection, text: string, dueMs: DueMs) => void,
    onLost: (error: Error) => void,
  ): Promise<LoadConnection> {
    const socket = connect(job.port, "127.0.0.1");
    socket.setNoDelay(true);
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("connect", resolve);
    });
    const replies = job.protocol === "http" ? new HttpReplies() : new RedisReplies();
    const connection = new LoadConnection(socket, replies);
    socket.on("data", (chunk: Buffer) => {
      connection.#replies.read(chunk, (text) =>
        onReply(connection, text, connection.#waiting.shift() ?? Number.NaN),
      );
    });
    socket.on("error", onLost);
    socket.on("close", () => {
      if (connection.#waiting.length > 0) {
        onLost(new Error("the server closed a connection before it had answered"));
      }
    });
    return connection;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  send(bytes: Buffer, dueMs: DueMs): void {
    this.#waiting.push(dueMs);
    this.#socket.write(bytes);
  }

  close(): void {
    this.#waiting.length = 0;
    this.#socket.destroy();
  }
}
