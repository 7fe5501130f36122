// Owns every connection to providers: one pool of kept-alive connections for each origin, no limit on their number (the
// limiter above decides how many requests run at once), and no time limit of undici's own. Its defaults of 300 s cut off
// slow models, and a signal cannot lengthen them (quirk 1); time limits are watched over by `stage-timer.ts` instead.
//
// HTTP/1.1 only: closing the socket is the one sign of a cancellation that every server understands.

import { Socket } from "node:net";
import { Agent, buildConnector } from "undici";
import { HttpExchange } from "./http-exchange.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A limit behind the caller's own, so that no attempt to connect outlives everybody who waited for it. */
const CONNECT_LIMIT_MS = 120_000;
/** How long an unused connection is kept. Servers that say another time in `keep-alive` are believed. */
const KEEP_ALIVE_MS = 15_000;

export class HttpClient {
  readonly #agent: Agent;
  readonly #open = new Set<HttpExchange>();
  /** The exchange whose request is being dispatched in this very call: undici asks for a new socket before it returns. */
  #dispatching: HttpExchange | null = null;
  #justClosed = false;
  #closed = false;

  constructor() {
    const connect = buildConnector({ allowH2: false, timeout: CONNECT_LIMIT_MS });
    this.#agent = new Agent({
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      allowH2: false,
      connect: (options, callback) => {
        const socket: unknown = connect(options, callback);
        if (socket instanceof Socket) this.#dispatching?.connectingBy(socket);
      },
    });
  }

  /** Never throws: what goes wrong, also in an address, is told by the exchange. `onConnected`: see `HttpExchange`. */
  send(request: HttpRequest, onConnected: () => void): HttpExchange {
    const exchange = new HttpExchange(onConnected, (closed) => this.#onClosed(closed));
    if (this.#closed) {
      exchange.abort(new Error("The HTTP client is closed."));
      return exchange;
    }
    this.#open.add(exchange);
    // undici gives a connection back one turn after its answer has ended; asked before, it would open another.
    if (this.#justClosed) setImmediate(() => this.#dispatch(request, exchange));
    else this.#dispatch(request, exchange);
    return exchange;
  }

  /** Exchanges that hold a connection or wait for one. */
  get openExchanges(): number {
    return this.#open.size;
  }

  /** Breaks off what is under way and closes every connection. */
  async close(): Promise<void> {
    this.#closed = true;
    const reason = new Error("The HTTP client was closed.");
    for (const exchange of this.#open) exchange.abort(reason);
    await this.#agent.destroy();
  }

  #dispatch(request: HttpRequest, exchange: HttpExchange): void {
    if (!this.#open.has(exchange)) return;
    this.#dispatching = exchange;
    try {
      this.#agent.dispatch(
        {
          origin: request.url.origin,
          path: `${request.url.pathname}${request.url.search}`,
          method: request.method,
          headers: request.headers,
          body: request.body ?? null,
        },
        exchange.handler,
      );
    } catch (error) {
      exchange.abort(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#dispatching = null;
    }
  }

  #onClosed(exchange: HttpExchange): void {
    this.#open.delete(exchange);
    if (this.#justClosed) return;
    this.#justClosed = true;
    setImmediate(() => (this.#justClosed = false));
  }
}
