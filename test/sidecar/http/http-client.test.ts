import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer, type Server, type Socket } from "node:net";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { HttpClient } from "../../../sidecar/http/http-client.ts";
import type { HttpExchange } from "../../../sidecar/http/http-exchange.ts";
import { readWholeBody } from "../../../sidecar/http/read-body.ts";
import { FakeProvider } from "../../support/fake-provider.ts";

let fake: FakeProvider;
let http: HttpClient;

before(async () => {
  fake = await FakeProvider.start();
});
after(async () => fake.close());
beforeEach(() => {
  http = new HttpClient();
});
afterEach(async () => {
  await http.close();
  fake.reset();
});

function post(onConnected: () => void = () => {}): HttpExchange {
  const url = new URL(`${fake.origin}/v1/chat/completions`);
  return http.send({ method: "POST", url, headers: { "content-type": "application/json" }, body: "{}" }, onConnected);
}

/** Lets undici believe that this many milliseconds have passed, by the clock of its own with which it watches over its limits. */
function passInUndici(ms: number): void {
  const clock: { tick(ms: number): void } = createRequire(import.meta.url)("undici/lib/util/timers.js");
  // What was begun since its last tick begins to count with the next one.
  clock.tick(1);
  clock.tick(ms);
}

async function readToEnd(exchange: HttpExchange): Promise<string> {
  return (await readWholeBody(exchange, 1 << 24)).text;
}

describe("An exchange", () => {
  test("tells when the connection stands, then head, then body", async () => {
    const order: string[] = [];
    fake.enqueue({ text: "hello", headers: { "x-request-id": "r-1" } });
    const exchange = post(() => order.push("connected"));
    const head = await exchange.head;
    order.push("head");
    assert.deepEqual(order, ["connected", "head"]);
    assert.equal(head.status, 200);
    assert.equal(head.headers["x-request-id"], "r-1");
    assert.match(await readToEnd(exchange), /hello/u);
    assert.equal(http.openExchanges, 0);
  });

  test("hands out what has come while the rest is still held back", async () => {
    fake.enqueue({ steps: [{ raw: "one" }, { gate: "rest" }, { raw: "two" }] });
    const exchange = post();
    await exchange.head;
    assert.equal(Buffer.concat((await exchange.read()) ?? []).toString(), "one");
    fake.gate("rest").open();
    assert.equal(await readToEnd(exchange), "two");
  });

  test("uses one connection again and again", async () => {
    for (let count = 0; count < 5; count += 1) await readToEnd(post());
    assert.equal(new Set(fake.requests.map((request) => request.socket)).size, 1);
  });

  test("that is drained leaves its connection to the next one", async () => {
    fake.enqueue({ steps: [{ raw: "first" }, { gate: "rest" }, { raw: "unread" }] });
    const exchange = post();
    await exchange.head;
    await exchange.read();
    exchange.drain();
    fake.gate("rest").open();
    await fake.waitFor((state) => state.openAnswers === 0, "the answer to be over");
    assert.equal(fake.requests[0]?.state, "answered");
  });

  test("that is drained for too long is closed", async () => {
    fake.enqueue({ steps: [{ raw: "first" }, { raw: "x".repeat(200_000) }, { gate: "never" }] });
    const exchange = post();
    await exchange.head;
    exchange.drain();
    await fake.waitFor((state) => state.clientClosed === 1, "the socket to be closed");
  });

  test("that is aborted closes its socket, and a waiting read rejects with the reason", async () => {
    fake.enqueue({ steps: [{ raw: "one" }, { gate: "never" }] });
    const exchange = post();
    await exchange.head;
    await exchange.read();
    const reading = exchange.read();
    exchange.abort(new Error("enough"));
    await assert.rejects(reading, /enough/u);
    await fake.waitFor((state) => state.clientClosed === 1, "the socket to be closed");
    assert.equal(http.openExchanges, 0);
  });

  test("that is aborted before the headers closes its socket too", async () => {
    fake.enqueue({ holdHeaders: "never" });
    const exchange = post();
    await fake.waitFor((state) => state.waitingAt.includes("never"), "the request to arrive");
    exchange.abort(new Error("enough"));
    await assert.rejects(exchange.head, /enough/u);
    await fake.waitFor((state) => state.clientClosed === 1, "the socket to be closed");
  });

  test("gives nothing more after it was aborted, even of what had come", async () => {
    fake.enqueue({ steps: [{ raw: "one" }, { gate: "never" }] });
    const exchange = post();
    await exchange.head;
    await fake.waitFor((state) => state.waitingAt.includes("never"), "the first piece to be sent");
    exchange.abort(new Error("enough"));
    await assert.rejects(exchange.read(), /enough/u);
  });

  test("fault 17: stops the server when nobody reads, and loses nothing", async () => {
    const piece = "x".repeat(64 * 1024);
    const pieces = 800;
    fake.enqueue({ steps: Array.from({ length: pieces }, () => ({ raw: piece })) });
    const exchange = post();
    await exchange.head;
    // Time for far more than all of it, if it were taken.
    for (let count = 0; count < 200; count += 1) await readToEnd(post());
    assert.ok((fake.requests[0]?.bytesSent ?? 0) < (piece.length * pieces) / 2, String(fake.requests[0]?.bytesSent));
    assert.equal((await readWholeBody(exchange, 1 << 27)).text.length, piece.length * pieces);
  });

  test("quirk 1: waits longer than the HTTP library's own 300 s, for the headers and in the middle of the body", async () => {
    fake.enqueue({ holdHeaders: "head", steps: [{ raw: "one" }, { gate: "rest" }, { raw: " two" }] });
    const exchange = post();
    await fake.waitFor((state) => state.waitingAt.includes("head"), "the request to arrive");
    passInUndici(3_600_000);
    fake.gate("head").open();
    await exchange.head;
    assert.equal(Buffer.concat((await exchange.read()) ?? []).toString(), "one");
    passInUndici(3_600_000);
    fake.gate("rest").open();
    assert.equal(await readToEnd(exchange), " two");
  });

  test("that broke in the middle gives what came and then rejects", async () => {
    fake.enqueue({ steps: [{ raw: "one" }, { cut: "close" }] });
    const exchange = post();
    await exchange.head;
    assert.equal(Buffer.concat((await exchange.read()) ?? []).toString(), "one");
    await assert.rejects(exchange.read(), { code: "UND_ERR_SOCKET" });
  });

  test("to a closed port rejects with the system's code", async () => {
    const server = createServer();
    const port = await listen(server);
    server.close();
    await once(server, "close");
    const exchange = http.send({ method: "GET", url: new URL(`http://127.0.0.1:${port}/`), headers: {} }, () => {});
    await assert.rejects(exchange.head, { code: "ECONNREFUSED" });
    assert.equal(http.openExchanges, 0);
  });

  test("with a header that is none rejects instead of throwing", async () => {
    const exchange = http.send({ method: "GET", url: new URL(fake.origin), headers: { "x-bad": "a\nb" } }, () => {});
    await assert.rejects(exchange.head);
    assert.equal(http.openExchanges, 0);
  });
});

describe("Before a connection stands", () => {
  let silent: Server;
  const sockets = new Set<Socket>();
  let port = 0;

  // A server that takes the connection and never answers the TLS handshake.
  before(async () => {
    silent = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => {
        sockets.delete(socket);
        silent.emit("count");
      });
      // Without a reader the socket would never hear that the other side has gone.
      socket.resume();
      silent.emit("count");
    });
    port = await listen(silent);
  });
  after(() => silent.close());

  test("an abort rejects at once and closes the socket that was being opened", async () => {
    let connected = false;
    const exchange = http.send({ method: "GET", url: new URL(`https://127.0.0.1:${port}/`), headers: {} }, () => (connected = true));
    while (sockets.size === 0) await once(silent, "count");
    exchange.abort(new Error("enough"));
    await assert.rejects(exchange.head, /enough/u);
    while (sockets.size > 0) await once(silent, "count");
    assert.equal(connected, false);
    assert.equal(http.openExchanges, 0);
  });

  test("aborting one leaves another to the same place alone", async () => {
    const url = new URL(`https://127.0.0.1:${port}/`);
    const first = http.send({ method: "GET", url, headers: {} }, () => {});
    const second = http.send({ method: "GET", url, headers: {} }, () => {});
    while (sockets.size < 2) await once(silent, "count");
    first.abort(new Error("enough"));
    while (sockets.size > 1) await once(silent, "count");
    assert.equal(http.openExchanges, 1);
    second.abort(new Error("enough"));
    while (sockets.size > 0) await once(silent, "count");
  });
});

describe("A client that is closed", () => {
  test("breaks off what is under way and takes nothing more", async () => {
    fake.enqueue({ steps: [{ raw: "one" }, { gate: "never" }] });
    const exchange = post();
    await exchange.head;
    await exchange.read();
    await http.close();
    await assert.rejects(exchange.read());
    await fake.waitFor((state) => state.clientClosed === 1, "the socket to be closed");
    await assert.rejects(post().head, /closed/u);
    assert.equal(fake.requests.length, 1);
  });
});

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server listens on no port.");
  return address.port;
}
