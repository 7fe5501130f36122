// A server that writes an answer's bytes as a test wants them, heads and faults of HTTP included: what Node's own server
// would never send. It reads each request whole, and hands the rest to its handler.

import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

export interface RawRequest {
  readonly head: string;
  readonly body: string;
}

export interface RawConnection {
  readonly request: RawRequest;
  /** Resolves when the bytes are on their way, or when the socket is closed. False: closed. */
  write(bytes: Buffer | string): Promise<boolean>;
  /** Ends the socket's writing. */
  end(): void;
  /** Breaks the connection with an RST. */
  reset(): void;
  readonly closed: Promise<void>;
  readonly isClosed: boolean;
}

export type RawHandler = (connection: RawConnection) => Promise<void> | void;

const END_OF_HEAD = "\r\n\r\n";

export class RawServer {
  readonly origin: string;
  handler: RawHandler = (connection) => connection.end();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #waiters = new Set<() => void>();
  #requests = 0;

  private constructor(server: Server) {
    this.#server = server;
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("The server listens on no port.");
    this.origin = `http://127.0.0.1:${address.port}`;
    server.on("connection", (socket) => this.#take(socket));
  }

  static async start(): Promise<RawServer> {
    // Pieces leave when they are written, so that no two become one segment.
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new RawServer(server);
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  get requests(): number {
    return this.#requests;
  }

  /** Resolves once no socket is open; rejects when some stay open for too long. */
  async drained(timeoutMs = 20_000): Promise<void> {
    if (this.#sockets.size === 0) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(`${this.#sockets.size} sockets are still open at the server.`)), timeoutMs);
    this.#waiters.add(resolve);
    await promise.finally(() => clearTimeout(timer));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #take(socket: Socket): void {
    this.#sockets.add(socket);
    // What the client breaks off is told by the close.
    socket.on("error", () => {});
    socket.once("close", () => {
      this.#sockets.delete(socket);
      if (this.#sockets.size > 0) return;
      for (const wake of this.#waiters) wake();
      this.#waiters.clear();
    });
    let text = "";
    socket.on("data", (bytes: Buffer) => {
      text += bytes.toString("latin1");
      for (let request = takeRequest(text); request !== null; request = takeRequest(text)) {
        text = request.rest;
        this.#answer(socket, request);
      }
    });
    // The client has gone; whatever is still written goes nowhere.
    socket.once("end", () => socket.destroy());
  }

  #answer(socket: Socket, request: RawRequest): void {
    this.#requests += 1;
    const closed = Promise.withResolvers<void>();
    socket.once("close", () => closed.resolve());
    const connection: RawConnection = {
      request,
      closed: closed.promise,
      get isClosed() {
        return socket.destroyed;
      },
      write: async (bytes) => {
        if (socket.destroyed || socket.writableEnded) return false;
        const written = Promise.withResolvers<void>();
        socket.write(bytes, () => written.resolve());
        await Promise.race([written.promise, closed.promise]);
        return !socket.destroyed;
      },
      end: () => void socket.end(),
      reset: () => void socket.resetAndDestroy(),
    };
    Promise.resolve(this.handler(connection)).catch(() => socket.destroy());
  }
}

/** The first whole request of what has come; null while there is none. */
function takeRequest(text: string): (RawRequest & { readonly rest: string }) | null {
  const end = text.indexOf(END_OF_HEAD);
  if (end < 0) return null;
  const head = text.slice(0, end);
  const length = Number(/^content-length: *(\d+)$/im.exec(head)?.[1] ?? 0);
  const from = end + END_OF_HEAD.length;
  if (text.length < from + length) return null;
  return { head, body: text.slice(from, from + length), rest: text.slice(from + length) };
}
