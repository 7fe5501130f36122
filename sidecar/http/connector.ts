// Opens connections for the pool: straight, or through the proxy that the network has for the place. HTTP/1.1 only.

import buildConnector from "undici/lib/core/connect.js";
import type { Network } from "./network.ts";
import type { Place } from "./no-proxy.ts";
import type { ProxyServer } from "./proxy-server.ts";
import { openTunnel, type Breakable } from "./tunnel.ts";

/** Whoever can give up before the connection stands. */
export interface ConnectionOwner {
  /** Called again for each step. `proxy` has yet to answer; null where none is in between, or its part is done. */
  connectingBy(step: Breakable, proxy: string | null): void;
}

/** A place at which one owner at a time waits for its connection. */
export interface Berth {
  owner: ConnectionOwner | null;
}

/** A limit behind the callers' own, so that no attempt to connect outlives everybody who waited for it. */
const CONNECT_LIMIT_MS = 120_000;
/** As undici does for its own sockets. */
const TCP_KEEP_ALIVE_MS = 60_000;

export class Connector {
  readonly #network: Network;
  readonly #plain = buildConnector({ allowH2: false, timeout: CONNECT_LIMIT_MS });
  readonly #tunnels = new Set<Breakable>();
  #secure: buildConnector.connector | null = null;

  constructor(network: Network) {
    this.#network = network;
  }

  /**
   * Calls back once, as undici wants it. Never throws. For each owner there is one attempt: undici connects again, by itself and
   * without a pause, for as long as a connection breaks before the request on it was written, and nobody could end that.
   */
  connect(options: buildConnector.Options, callback: buildConnector.Callback, berth: Berth): void {
    const { owner } = berth;
    berth.owner = null;
    if (owner === null) {
      // Within the call undici does not expect its callback.
      queueMicrotask(() => callback(brokenBefore(), null));
      return;
    }
    const secure = options.protocol === "https:";
    const place: Place = { host: options.hostname, port: Number(options.port || (secure ? 443 : 80)) };
    try {
      const proxy = this.#network.proxyFor(place, secure);
      if (proxy === null) this.#open(options, callback, owner);
      else this.#openThrough(proxy, place, options, callback, owner);
    } catch (error) {
      queueMicrotask(() => callback(error instanceof Error ? error : new Error(String(error)), null));
    }
  }

  /** Gives up every tunnel that does not stand yet. */
  close(): void {
    for (const tunnel of this.#tunnels) tunnel.destroy(new Error("The HTTP client was closed."));
  }

  #open(options: buildConnector.Options, callback: buildConnector.Callback, owner: ConnectionOwner): void {
    const connect = options.protocol === "https:" ? this.#secureConnector() : this.#plain;
    const socket: unknown = connect(options, callback);
    if (isBreakable(socket)) owner.connectingBy(socket, null);
  }

  #openThrough(
    proxy: ProxyServer,
    place: Place,
    options: buildConnector.Options,
    callback: buildConnector.Callback,
    owner: ConnectionOwner,
  ): void {
    if (options.protocol === "https:") this.#secureConnector();
    const limits = { limitMs: CONNECT_LIMIT_MS, tls: () => this.#network.tls };
    const tunnel = openTunnel(proxy, place, limits, (error, socket, early) => {
      this.#tunnels.delete(tunnel);
      if (error !== null || socket === null) {
        callback(error ?? new Error("There is no socket."), null);
      } else if (options.protocol === "https:") {
        // Its certificates were read before the tunnel was asked for, so that nothing is thrown here.
        if (early.length > 0) socket.unshift(early);
        this.#open({ ...options, httpSocket: socket }, callback, owner);
      } else {
        socket.setNoDelay(true).setKeepAlive(true, TCP_KEEP_ALIVE_MS);
        callback(null, socket);
        // Only now that the request is written: undici closes a connection on which something came before that.
        if (early.length > 0) socket.unshift(early);
      }
    });
    this.#tunnels.add(tunnel);
    owner.connectingBy(tunnel, proxy.shown);
  }

  #secureConnector(): buildConnector.connector {
    return (this.#secure ??= buildConnector({ allowH2: false, timeout: CONNECT_LIMIT_MS, ...this.#network.tls }));
  }
}

/** As passing as any connection that breaks, and nothing was sent: under the same code, which also ends undici's attempts. */
function brokenBefore(): Error {
  return Object.assign(new Error("The connection broke before the request was written."), { code: "ECONNRESET" });
}

/** undici's types leave out that the socket is returned. */
function isBreakable(value: unknown): value is Breakable {
  return typeof value === "object" && value !== null && "destroy" in value && typeof value.destroy === "function";
}
