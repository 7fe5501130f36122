// Puts TLS before a server of plain HTTP, so that the fake provider can be asked under `https://`.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createServer, type Server } from "node:tls";
import type { ServerCertificate } from "./certificates.ts";

export class TlsFront {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #accepted = 0;

  /** Leads to this port of loopback. */
  static async start(port: number, certificate: ServerCertificate): Promise<TlsFront> {
    const front = new TlsFront(port, certificate);
    front.#server.listen(0, "127.0.0.1");
    await once(front.#server, "listening");
    return front;
  }

  private constructor(port: number, certificate: ServerCertificate) {
    this.#server = createServer(certificate, (client) => {
      const server = connect(port, "127.0.0.1");
      client.once("close", () => server.destroy());
      server.once("close", () => client.destroy());
      server.on("error", () => client.destroy());
      client.pipe(server).pipe(client);
    });
    this.#server.on("connection", (socket: Socket) => {
      this.#accepted += 1;
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => this.#sockets.delete(socket));
    });
    // A client that trusts nobody breaks off in the handshake.
    this.#server.on("tlsClientError", () => {});
    this.#server.on("secureConnection", (socket) => socket.on("error", () => {}));
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("The server listens on no port.");
    return address.port;
  }

  /** Connections since the start, also those that never finished the handshake. */
  get accepted(): number {
    return this.#accepted;
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
