// Owns every connection to providers: one pool of kept-alive connections for each origin, no limit on their number (the
// limiter above decides how many requests run at once), and no time limit of undici's own. Its defaults of 300 s cut off
// slow models, and a signal cannot lengthen them (quirk 1); time limits are watched over by `stage-timer.ts` instead.
//
// HTTP/1.1 only: closing the socket is the one sign of a cancellation that every server understands.

import Agent from "undici/lib/dispatcher/agent.js";
import type Client from "undici/lib/dispatcher/client.js";
import OriginPool from "undici/lib/dispatcher/pool.js";
import type { NetworkSettings } from "../settings.ts";
import { Connector } from "./connector.ts";
import { HttpExchange } from "./http-exchange.ts";
import { Network } from "./network.ts";
import { PooledClient } from "./pooled-client.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpClientOptions {
  readonly network?: NetworkSettings;
  /** Holds for what `network` leaves out: proxies and certificates. Default: none. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Told once of each thing about the network that somebody should know. Default: Node's own warning. */
  readonly warn?: (message: string) => void;
}

/** How long an unused connection is kept. Servers that say another time in `keep-alive` are believed. */
const KEEP_ALIVE_MS = 15_000;

const CLIENT_OPTIONS: Client.Options = {
  headersTimeout: 0,
  bodyTimeout: 0,
  keepAliveTimeout: KEEP_ALIVE_MS,
  allowH2: false,
};

/** Connections that were made under one network. */
interface Pool {
  readonly agent: Agent;
  readonly connector: Connector;
}

export class HttpClient {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #warn: (message: string) => void;
  readonly #told = new Set<string>();
  readonly #open = new Set<HttpExchange>();
  /** Pools of earlier networks whose last exchanges have not ended. */
  readonly #retired = new Set<Pool>();
  #pool: Pool;
  /** The network as it was given, to tell whether it changed. */
  #network: string;
  #justClosed = false;
  #closed = false;

  constructor({ network = {}, environment = {}, warn = (message) => process.emitWarning(message) }: HttpClientOptions = {}) {
    this.#environment = environment;
    this.#warn = warn;
    this.#network = JSON.stringify(network);
    this.#pool = this.#makePool(network);
  }

  /** The next requests follow it; those under way go on as they began, and their connections are closed after the last of them. */
  setNetwork(network: NetworkSettings = {}): void {
    const text = JSON.stringify(network);
    if (this.#closed || text === this.#network) return;
    this.#network = text;
    const before = this.#pool;
    this.#pool = this.#makePool(network);
    this.#retired.add(before);
    void before.agent.close().finally(() => this.#retired.delete(before));
  }

  /** Never throws: what goes wrong, also in an address, is told by the exchange. `onConnected`: see `HttpExchange`. */
  send(request: HttpRequest, onConnected: () => void): HttpExchange {
    const exchange = new HttpExchange(onConnected, this.#onClosed);
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
    await Promise.all([this.#pool, ...this.#retired].map((pool) => destroyPool(pool)));
  }

  #makePool(network: NetworkSettings): Pool {
    const connector = new Connector(
      new Network({ settings: network, environment: this.#environment, warn: (message) => this.#warnOnce(message) }),
    );
    const agent = new Agent({
      factory: (origin) =>
        new OriginPool(origin, { ...CLIENT_OPTIONS, factory: (url) => new PooledClient(url, CLIENT_OPTIONS, connector) }),
    });
    return { agent, connector };
  }

  #warnOnce(message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#warn(message);
  }

  #dispatch(request: HttpRequest, exchange: HttpExchange): void {
    if (!this.#open.has(exchange)) return;
    try {
      this.#pool.agent.dispatch(
        {
          origin: request.url.origin,
          path: `${request.url.pathname}${request.url.search}`,
          method: request.method,
          headers: request.headers,
          body: request.body ?? null,
        },
        exchange,
      );
    } catch (error) {
      exchange.abort(error instanceof Error ? error : new Error(String(error)));
    }
  }

  readonly #onClosed = (exchange: HttpExchange): void => {
    this.#open.delete(exchange);
    if (this.#justClosed) return;
    this.#justClosed = true;
    setImmediate(() => (this.#justClosed = false));
  };
}

async function destroyPool({ agent, connector }: Pool): Promise<void> {
  connector.close();
  await agent.destroy();
}
