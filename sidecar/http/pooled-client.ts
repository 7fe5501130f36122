// One place for a connection in undici's pool, which knows for which exchange it is to be opened. The pool gives each such
// place one request at a time, and undici opens the connection when it is needed: within the call that brings the request, or
// later, where the connection of the request before turns out to have been closed meanwhile.

import type { Dispatcher } from "undici";
import Client from "undici/lib/dispatcher/client.js";
import type { Berth, Connector } from "./connector.ts";
import { HttpExchange } from "./http-exchange.ts";

export class PooledClient extends Client {
  readonly #berth: Berth;

  constructor(origin: URL, options: Client.Options, connector: Connector) {
    const berth: Berth = { owner: null };
    super(origin, { ...options, connect: (place, callback) => connector.connect(place, callback, berth) });
    this.#berth = berth;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (handler instanceof HttpExchange) handler.waitAt(this.#berth);
    return super.dispatch(options, handler);
  }
}
