// A proxy for tests: takes CONNECT on loopback, over TCP or TLS, and leads invented host names to ports of this machine, since it
// is the proxy that looks names up. It remembers what it was asked and counts what is open.
//
//   const proxy = await ConnectProxy.start({ places: { "provider.test:443": port } });
//   … the code under test is given proxy.url() or proxy.url("name", "password") …
//   proxy.asked[0]?.authority; proxy.openTunnels; proxy.openSockets
//   await proxy.close();

import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ServerCertificate } from "./certificates.ts";

export interface ConnectProxyOptions {
  /** By `host:port`: the port of this machine where it leads. Anything else is answered with 502. */
  readonly places?: { readonly [authority: string]: number };
  /** Speaks TLS itself. */
  readonly certificate?: ServerCertificate;
}

export interface AskedTunnel {
  readonly authority: string;
  readonly headers: IncomingHttpHeaders;
}

export class ConnectProxy {
  readonly asked: AskedTunnel[] = [];
  /** Other values of `proxy-authorization` are answered with 407. Undefined: none is needed. */
  authorization: string | undefined;
  /** What is demanded with a 407. */
  challenge = 'Basic realm="proxy"';
  /** Instead of opening tunnels: a status line's end such as `403 Forbidden`, `silence`, `hang-up`, or raw text. */
  instead: { readonly status: string } | { readonly raw: string } | "silence" | "hang-up" | null = null;
  readonly places: Record<string, number>;
  readonly #server: Server;
  readonly #secure: boolean;
  readonly #sockets = new Set<Socket>();
  readonly #tunnels = new Set<Socket>();
  #plainRequests = 0;

  static async start(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(options);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  private constructor({ places = {}, certificate }: ConnectProxyOptions) {
    this.places = { ...places };
    this.#secure = certificate !== undefined;
    this.#server = certificate === undefined ? createServer() : createTlsServer(certificate);
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("request", (_request, response) => {
      this.#plainRequests += 1;
      response.writeHead(400).end();
    });
    this.#server.on("connect", ({ url, headers }: { readonly url?: string; readonly headers: IncomingHttpHeaders }, socket: Duplex) => {
      socket.on("error", () => {});
      this.asked.push({ authority: url ?? "", headers });
      this.#answer(url ?? "", headers["proxy-authorization"], socket);
    });
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("The proxy listens on no port.");
    return address.port;
  }

  url(name?: string, password?: string): string {
    const credentials = name === undefined ? "" : `${encodeURIComponent(name)}:${encodeURIComponent(password ?? "")}@`;
    return `${this.#secure ? "https" : "http"}://${credentials}127.0.0.1:${this.port}`;
  }

  get openTunnels(): number {
    return this.#tunnels.size;
  }

  /** Connections of clients, whether a tunnel runs over them or not. */
  get openSockets(): number {
    return this.#sockets.size;
  }

  /** Requests that a client wanted to be forwarded instead of asking for a tunnel. */
  get plainRequests(): number {
    return this.#plainRequests;
  }

  /** Closes every connection at its side, within this call. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of [...this.#sockets, ...this.#tunnels]) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #answer(authority: string, authorization: string | undefined, socket: Duplex): void {
    const { instead } = this;
    // The connection stays until the client leaves it, as with real proxies, also after a refusal. Without a reader the socket
    // would never hear of that, and Node's servers would leave their half open.
    socket.once("end", () => socket.end());
    if (instead === null) {
      if (this.authorization === undefined || authorization === this.authorization) this.#lead(authority, socket);
      else socket.resume().write(`HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: ${this.challenge}\r\n\r\n`);
    } else if (instead === "hang-up") {
      socket.destroy();
    } else if (instead === "silence") {
      socket.resume();
    } else {
      socket.resume().write("raw" in instead ? instead.raw : `HTTP/1.1 ${instead.status}\r\n\r\n<h1>No.</h1>`);
    }
  }

  #lead(authority: string, client: Duplex): void {
    const port = this.places[authority];
    if (port === undefined) {
      client.resume().write("HTTP/1.1 502 Bad Gateway\r\n\r\n");
      return;
    }
    const server = connect(port, "127.0.0.1", () => client.write("HTTP/1.1 200 Connection established\r\n\r\n"));
    this.#tunnels.add(server);
    server.once("close", () => {
      this.#tunnels.delete(server);
      client.destroy();
    });
    server.on("error", () => client.destroy());
    client.once("close", () => server.destroy());
    server.pipe(client);
    client.pipe(server);
  }
}
