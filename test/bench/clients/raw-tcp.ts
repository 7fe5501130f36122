// The floor: the same requests written to sockets by hand, what comes thrown away. Connections are kept and used again.

import { connect, type Socket } from "node:net";
import { WIRES } from "../server/wires.ts";
import type { BenchClient } from "./client.ts";

const END_OF_BODY = "0\r\n\r\n";

function read(socket: Socket, request: string, onBytes: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let tail = "";
    const onData = (bytes: Buffer): void => {
      onBytes();
      tail = (tail + bytes.toString("latin1", Math.max(0, bytes.length - END_OF_BODY.length))).slice(-END_OF_BODY.length);
      if (tail !== END_OF_BODY) return;
      socket.off("data", onData).off("close", onClose);
      resolve();
    };
    const onClose = (): void => reject(new Error("The connection was closed."));
    socket.on("data", onData).once("close", onClose);
    socket.write(request);
  });
}

export const client: BenchClient = {
  open: ({ baseUrl, wire }) => {
    const { host, hostname, port, pathname } = new URL(baseUrl);
    const request = `POST ${pathname}${WIRES[wire].path} HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 2\r\n\r\n{}`;
    const idle: Socket[] = [];
    return async (onText, signal) => {
      const socket =
        idle.pop() ??
        connect(Number(port), hostname)
          .setNoDelay(true)
          .on("error", () => {});
      const destroy = (): void => void socket.destroy();
      signal.addEventListener("abort", destroy, { once: true });
      await read(socket, request, onText);
      signal.removeEventListener("abort", destroy);
      idle.push(socket);
    };
  },
};
