// A real process that speaks the sidecar's protocol and misbehaves on command: what the client is tested against.
// SCRIPT says how it behaves; the session id of `session/get` says what to do next.

import { Socket } from "node:net";
import { ResponseError, StreamMessageReader, StreamMessageWriter, createMessageConnection } from "vscode-jsonrpc/node";
import { DeleteSession, GetSession, Initialize, Ping, PROTOCOL_VERSION, SetKey, Shutdown, StoreNotice } from "../../sidecar/protocol.ts";
import type { SessionDetail } from "../../sidecar/types.ts";

const script = process.env["SCRIPT"] ?? "normal";
const pipe = new Socket({ fd: 3 });
const connection = createMessageConnection(new StreamMessageReader(pipe), new StreamMessageWriter(pipe));
const keys: string[] = [];
let livesOnWithoutPipe = script === "deaf";
setInterval(() => {}, 1_000);

if (script === "exit-at-start") {
  console.error("no disk left on this planet");
  process.exit(7);
}

connection.onRequest(Initialize, async (params) => {
  if (script === "silent") {
    console.log(`process ${process.pid} is silent`);
    await new Promise(() => {});
  }
  if (script === "wrong-version") return new ResponseError(-32803, "Another version is needed.", { code: "wrong-version" });
  return {
    protocolVersion: script === "other-version" ? PROTOCOL_VERSION + 1 : PROTOCOL_VERSION,
    version: script === "other-product" ? "0.0.1" : params.client.version,
    epoch: String(process.pid),
    pid: process.pid,
    persistence: { available: true },
    localInference: { available: false },
  };
});

connection.onRequest(Ping, () => {
  console.log("asked for a sign of life");
  return null;
});

connection.onRequest(Shutdown, async () => {
  if (script === "deaf") await new Promise(() => {});
  setImmediate(() => process.exit(0));
  return null;
});

connection.onRequest(SetKey, ({ provider }) => {
  keys.push(provider);
  return null;
});

connection.onRequest(DeleteSession, () => new ResponseError(-32803, "No such conversation.", { code: "session-not-found" }));

connection.onRequest(GetSession, async ({ session }, token) => {
  if (session === "notice") await connection.sendNotification(StoreNotice, { message: "The database was damaged." });
  if (session === "crash") process.kill(process.pid, "SIGKILL");
  if (session === "exit") {
    console.error("TypeError: the last words");
    process.exit(3);
  }
  // Alive for the system, dead for everybody else: its event loop never turns again.
  if (session === "hang") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (session === "garbage") pipe.write("Content-Length: nothing\r\n\r\n{{{{");
  if (session === "close-pipe") {
    livesOnWithoutPipe = true;
    pipe.destroy();
  }
  if (session === "wait") {
    // The library's already cancelled token never fires.
    if (!token.isCancellationRequested) await new Promise<void>((resolve) => token.onCancellationRequested(() => resolve()));
    return new ResponseError(-32800, "Cancelled.", { code: "cancelled" });
  }
  if (session !== "environment" && session !== "keys") await new Promise(() => {});
  const title = session === "keys" ? keys.join(",") : Object.keys(process.env).toSorted().join(",");
  const detail: SessionDetail = { id: session, title, model: null, createdAt: 0, updatedAt: 0, leaf: null, messages: [] };
  return { session: detail };
});

connection.onClose(() => {
  if (!livesOnWithoutPipe) process.exit(0);
});
connection.listen();
