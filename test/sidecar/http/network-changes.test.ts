import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { after, afterEach, before, describe, test } from "node:test";
import { HttpClient } from "../../../sidecar/http/http-client.ts";
import type { HttpExchange } from "../../../sidecar/http/http-exchange.ts";
import { readWholeBody } from "../../../sidecar/http/read-body.ts";
import { ConnectProxy } from "../../support/connect-proxy.ts";
import { FakeProvider } from "../../support/fake-provider.ts";
import { until } from "../../support/until.ts";

let fake: FakeProvider;
let first: ConnectProxy;
let second: ConnectProxy;
let http: HttpClient;

before(async () => {
  fake = await FakeProvider.start();
  const places = { "provider.test:80": Number(new URL(fake.origin).port) };
  [first, second] = await Promise.all([ConnectProxy.start({ places }), ConnectProxy.start({ places })]);
});
after(async () => {
  await Promise.all([first.close(), second.close()]);
  await fake.close();
});
afterEach(async () => {
  await http.close();
  for (const proxy of [first, second]) {
    await until(() => proxy.openSockets === 0 && proxy.openTunnels === 0, "every connection to be closed");
    proxy.asked.length = 0;
    proxy.instead = null;
  }
  await fake.waitFor((state) => state.openSockets === 0, "the provider's connections to be closed");
  fake.reset();
});

function send(address = "http://provider.test/v1/chat/completions"): HttpExchange {
  return http.send({ method: "POST", url: new URL(address), headers: {}, body: "{}" }, () => {});
}

async function ask(address?: string): Promise<string> {
  return (await readWholeBody(send(address), 1 << 20)).text;
}

describe("Another network", () => {
  test("holds for the next request, while a running answer goes on and its connection is closed after it", async () => {
    http = new HttpClient({ network: { proxy: first.url() } });
    fake.enqueue({ steps: [{ raw: "one" }, { gate: "rest" }, { raw: "two" }] });
    const running = send();
    await running.head;
    http.setNetwork({ proxy: second.url() });
    fake.enqueue({ steps: [{ raw: "the other way" }] });
    assert.equal(await ask(), "the other way");
    assert.deepEqual([first.asked.length, second.asked.length], [1, 1]);
    assert.deepEqual([first.openTunnels, second.openTunnels], [1, 1]);
    fake.gate("rest").open();
    assert.equal((await readWholeBody(running, 1000)).text, "onetwo");
    await until(() => first.openSockets === 0, "the old connection to be closed");
    assert.equal(second.openTunnels, 1);
  });

  test("closes at once what nobody uses", async () => {
    http = new HttpClient({ network: { proxy: first.url() } });
    await ask();
    assert.equal(first.openTunnels, 1);
    http.setNetwork({ proxy: null });
    await until(() => first.openSockets === 0, "the idle connection to be closed");
  });

  test("leaves no connection behind, however often it changes", async () => {
    http = new HttpClient();
    for (let count = 0; count < 20; count += 1) {
      http.setNetwork({ proxy: (count % 2 === 0 ? first : second).url() });
      await Promise.all([ask(), ask(), ask()]);
    }
    assert.equal(first.asked.length + second.asked.length, 60);
    await until(() => first.openSockets === 0 && second.openSockets === 3, "only the last pool to be left");
  });

  test("that is the same changes nothing", async () => {
    http = new HttpClient({ network: { proxy: first.url() } });
    await ask();
    http.setNetwork({ proxy: first.url() });
    await ask();
    assert.equal(first.asked.length, 1);
  });

  test("does not hold for a request that waits for the proxy of before, which can still be given up", async () => {
    http = new HttpClient({ network: { proxy: first.url() } });
    first.instead = "silence";
    const waiting = send();
    await until(() => first.asked.length === 1, "the proxy to be asked");
    http.setNetwork({ proxy: second.url() });
    await ask();
    waiting.abort(new Error("enough"));
    await assert.rejects(waiting.head, /enough/u);
    await until(() => first.openSockets === 0, "the silent proxy to be left");
  });

  test("is not taken after the end, which is that of the answers of the network before too", async () => {
    http = new HttpClient({ network: { proxy: first.url() } });
    fake.enqueue({ steps: [{ raw: "one" }, { gate: "never" }] });
    const running = send();
    await running.head;
    http.setNetwork({ proxy: second.url() });
    await http.close();
    http.setNetwork({ proxy: first.url() });
    await assert.rejects(readWholeBody(running, 1000), /closed/u);
    await assert.rejects(send().head, /closed/u);
  });
});

describe("A fan-out of a thousand", () => {
  const STREAMS = 1000;
  let server: Server;
  let connections = 0;
  let port = 0;

  before(async () => {
    let waiting: (() => void)[] = [];
    // Nobody is answered before all have asked, so that each needs a connection of its own. None is closed for being idle, however
    // long the next round takes to come.
    server = createServer({ keepAliveTimeout: 60_000 }, (_request, response) => {
      waiting.push(() => response.end("done"));
      if (waiting.length < STREAMS) return;
      for (const answer of waiting.splice(0)) answer();
      waiting = [];
    });
    server.on("connection", () => (connections += 1));
    server.listen(0, "127.0.0.1", STREAMS);
    await once(server, "listening");
    const address = server.address();
    assert(address !== null && typeof address === "object");
    ({ port } = address);
  });
  after(() => server.close());

  test("opens a thousand connections at once, and uses them again in the next rounds", async () => {
    http = new HttpClient();
    for (let round = 0; round < 3; round += 1) {
      const answers = await Promise.all(Array.from({ length: STREAMS }, async () => ask(`http://127.0.0.1:${port}/`)));
      assert.ok(answers.every((answer) => answer === "done"));
    }
    assert.equal(connections, STREAMS);
  });
});
