import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { foreignAnswer } from "../../../sidecar/http/foreign-answer.ts";
import { HttpClient } from "../../../sidecar/http/http-client.ts";
import type { HttpExchange } from "../../../sidecar/http/http-exchange.ts";
import { readWholeBody } from "../../../sidecar/http/read-body.ts";
import type { NetworkSettings } from "../../../sidecar/settings.ts";
import { ConnectProxy } from "../../support/connect-proxy.ts";
import { startTlsProvider, type TlsProvider } from "../../support/tls-provider.ts";
import { until } from "../../support/until.ts";

let site: TlsProvider;
let proxy: ConnectProxy;
let ca: readonly string[];
const clients = new Set<HttpClient>();
const PLAIN = "http://plain.test/v1/chat/completions";

before(async () => {
  site = await startTlsProvider();
  ca = [site.authority.pem];
});
after(async () => site.close());
beforeEach(async () => {
  const { places } = site.proxy;
  proxy = await ConnectProxy.start({ places });
});
afterEach(async () => {
  for (const client of clients) await client.close();
  clients.clear();
  await proxy.close();
  site.fake.reset();
});

function createClient(network: NetworkSettings): HttpClient {
  const client = new HttpClient({ network: { extraCaCertificates: ca, ...network } });
  clients.add(client);
  return client;
}

function send(client: HttpClient, address = "https://provider.test/v1/chat/completions"): HttpExchange {
  const headers = { "content-type": "application/json", authorization: "Bearer sk-test" };
  return client.send({ method: "POST", url: new URL(address), headers, body: "{}" }, () => {});
}

async function ask(client: HttpClient, address?: string): Promise<string> {
  const exchange = send(client, address);
  const { status } = await exchange.head;
  assert.equal(status, 200);
  return (await readWholeBody(exchange, 1 << 20)).text;
}

const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString("base64")}`;

describe("Through a proxy", () => {
  test("a provider is reached over TLS by a name that only the proxy knows", async () => {
    site.fake.enqueue({ text: "through" });
    assert.match(await ask(createClient({ proxy: proxy.url() })), /through/u);
    assert.deepEqual(
      proxy.asked.map(({ authority }) => authority),
      ["provider.test:443"],
    );
    assert.equal(proxy.asked[0]?.headers["proxy-authorization"], undefined);
    // Nothing of the request itself is the proxy's business.
    assert.equal(proxy.asked[0]?.headers["authorization"], undefined);
    assert.equal(site.fake.requests[0]?.headers["host"], "provider.test");
  });

  test("plain HTTP takes a tunnel as well", async () => {
    site.fake.enqueue({ text: "plain" });
    assert.match(await ask(createClient({ proxy: proxy.url() }), PLAIN), /plain/u);
    assert.equal(proxy.asked[0]?.authority, "plain.test:80");
    assert.equal(proxy.plainRequests, 0);
  });

  test("that is itself spoken to over TLS both kinds of provider are reached", async () => {
    const secure = await ConnectProxy.start({ places: proxy.places, certificate: await site.authority.issue(["127.0.0.1"]) });
    try {
      const client = createClient({ proxy: secure.url() });
      await ask(client);
      await ask(client, PLAIN);
      assert.equal(secure.asked.length, 2);
    } finally {
      await secure.close();
    }
  });

  test("requests one after the other share one tunnel, and many at once have one each", async () => {
    const client = createClient({ proxy: proxy.url() });
    for (let count = 0; count < 4; count += 1) await ask(client);
    assert.equal(proxy.asked.length, 1);
    await Promise.all(Array.from({ length: 20 }, async () => ask(client)));
    assert.equal(proxy.asked.length, 20);
    await Promise.all(Array.from({ length: 20 }, async () => ask(client)));
    assert.equal(proxy.asked.length, 20);
  });

  test("an answer streams piece by piece", async () => {
    site.fake.enqueue({ steps: [{ raw: "one" }, { gate: "rest" }, { raw: "two" }] });
    const exchange = send(createClient({ proxy: proxy.url() }));
    await exchange.head;
    assert.equal(Buffer.concat((await exchange.read()) ?? []).toString(), "one");
    site.fake.gate("rest").open();
    assert.equal((await readWholeBody(exchange, 1000)).text, "two");
  });

  test("an abort closes the tunnel at both ends", async () => {
    site.fake.enqueue({ steps: [{ raw: "one" }, { gate: "never" }] });
    const exchange = send(createClient({ proxy: proxy.url() }));
    await exchange.head;
    exchange.abort(new Error("enough"));
    await site.fake.waitFor((state) => state.clientClosed === 1, "the provider to see its connection closed");
    await until(() => proxy.openSockets === 0 && proxy.openTunnels === 0, "the proxy to be left");
  });

  test("an abort while the proxy is silent closes the connection to it", async () => {
    proxy.instead = "silence";
    const client = createClient({ proxy: proxy.url() });
    const exchange = send(client);
    await until(() => proxy.asked.length === 1, "the proxy to be asked");
    assert.equal(exchange.waitingForProxy, proxy.url());
    exchange.abort(new Error("enough"));
    await assert.rejects(exchange.head, /enough/u);
    await until(() => proxy.openSockets === 0, "the proxy to be left");
    assert.equal(client.openExchanges, 0);
  });

  test("an abort in the middle of the TLS handshake inside the tunnel closes it", async () => {
    // Takes the connection and never answers.
    const sockets = new Set<Socket>();
    const mute = createServer((socket) => {
      sockets.add(socket);
      socket
        .on("error", () => {})
        .once("close", () => sockets.delete(socket))
        .resume();
    });
    mute.listen(0, "127.0.0.1");
    await once(mute, "listening");
    const address = mute.address();
    assert(address !== null && typeof address === "object");
    proxy.places["mute.test:443"] = address.port;
    try {
      const exchange = send(createClient({ proxy: proxy.url() }), "https://mute.test");
      await until(() => sockets.size === 1 && exchange.waitingForProxy === null, "the tunnel to stand");
      exchange.abort(new Error("enough"));
      await until(() => proxy.openSockets === 0 && sockets.size === 0, "the tunnel to be closed");
    } finally {
      mute.close();
    }
  });

  test("an abort closes also what is opened anew because the connection of the request before was closed meanwhile", async () => {
    const client = createClient({ proxy: proxy.url() });
    await ask(client, PLAIN);
    proxy.instead = "silence";
    // From here the new request is before the news of the closed connection, which comes with the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    proxy.hangUp();
    const exchange = send(client, PLAIN);
    await until(() => proxy.asked.length === 2, "the proxy to be asked again");
    assert.equal(exchange.waitingForProxy, proxy.url());
    exchange.abort(new Error("enough"));
    await assert.rejects(exchange.head, /enough/u);
    await until(() => proxy.openSockets === 0, "the proxy to be left");
    assert.equal(proxy.asked.length, 2);
  });

  test("closing the client closes what is being opened and what stands", async () => {
    const client = createClient({ proxy: proxy.url() });
    await ask(client);
    proxy.instead = "silence";
    site.fake.enqueue({ steps: [{ raw: "one" }, { gate: "never" }] });
    const running = send(client);
    await running.head;
    const waiting = send(client);
    await until(() => proxy.asked.length === 2, "the second tunnel to be asked for");
    await client.close();
    await assert.rejects(waiting.head, /closed/u);
    await until(() => proxy.openSockets === 0, "the proxy to be left");
  });
});

describe("What comes together with the proxy's consent", () => {
  const consent = "HTTP/1.1 200 OK\r\n\r\n";

  test("and is no answer fails the request once, whoever sent it", async () => {
    const table = [
      [
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 27\r\n\r\n<html>Please sign in</html>",
        "<html>Please sign in</html>",
      ],
      [`${consent}SSH-2.0-OpenSSH_9.6\r\n`, "SSH-2.0-OpenSSH_9.6\r\n"],
    ] as const;
    for (const [index, [raw, came]] of table.entries()) {
      proxy.instead = { raw };
      const error: unknown = await send(createClient({ proxy: proxy.url() }), PLAIN).head.catch((error: unknown) => error);
      assert.equal(foreignAnswer(error), JSON.stringify(came));
      await until(() => proxy.openSockets === 0, "the proxy to be left");
      assert.equal(proxy.asked.length, index + 1);
    }
  });

  test("is the answer where it is one, and the next request is sent as any other", async () => {
    const client = createClient({ proxy: proxy.url() });
    proxy.instead = { raw: `${consent}HTTP/1.1 503 Service Unavailable\r\nretry-after: 7\r\nconnection: close\r\n\r\n` };
    const { status, headers } = await send(client, PLAIN).head;
    assert.deepEqual([status, headers["retry-after"]], [503, "7"]);
    proxy.instead = null;
    site.fake.enqueue({ text: "plain" });
    assert.match(await ask(client, PLAIN), /plain/u);
    assert.equal(proxy.asked.length, 2);
  });

  test("does not keep an abort from closing the tunnel, and none is opened after it", async () => {
    proxy.instead = { raw: `${consent}HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\none` };
    const client = createClient({ proxy: proxy.url() });
    const exchange = send(client, PLAIN);
    await exchange.head;
    exchange.abort(new Error("enough"));
    await until(() => proxy.openSockets === 0, "the proxy to be left");
    await client.close();
    assert.equal(proxy.asked.length, 1);
  });

  test("is left to the TLS handshake of a provider behind it, whose failure is one as well", async () => {
    proxy.instead = { raw: `${consent}SSH-2.0-OpenSSH_9.6\r\n` };
    await assert.rejects(send(createClient({ proxy: proxy.url() })).head, { code: /^ERR_SSL_/u });
    await until(() => proxy.openSockets === 0, "the proxy to be left");
    assert.equal(proxy.asked.length, 1);
  });
});

describe("A proxy with a password", () => {
  test("gets it from its address, with special characters, and the provider does not", async () => {
    proxy.authorization = basic("däisy:p@ss:wörd/%");
    site.fake.enqueue({ text: "signed in" });
    await ask(createClient({ proxy: proxy.url("däisy", "p@ss:wörd/%") }));
    assert.equal(site.fake.requests[0]?.headers["proxy-authorization"], undefined);
  });

  test("gets the value of the setting for it, which comes before the address", async () => {
    proxy.authorization = "Bearer of-the-proxy";
    await ask(createClient({ proxy: proxy.url("somebody", "else"), proxyAuthorization: "Bearer of-the-proxy" }));
    assert.equal(proxy.asked.length, 1);
  });

  test("refuses who gives none or another, in words that show no password", async () => {
    proxy.authorization = basic("a:right");
    await assert.rejects(send(createClient({ proxy: proxy.url() })).head, {
      code: "proxy-authentication",
      message: `The proxy ${proxy.url()} wants a name and a password, and none are set.`,
    });
    await assert.rejects(send(createClient({ proxy: proxy.url("a", "wrong") })).head, {
      code: "proxy-authentication",
      message: `The proxy ${proxy.url()} did not accept the name and the password that are set.`,
    });
    await until(() => proxy.openSockets === 0, "the proxy to be left");
  });

  test("that wants another way of signing in is told apart", async () => {
    proxy.authorization = "Negotiate x";
    proxy.challenge = "Negotiate";
    await assert.rejects(send(createClient({ proxy: proxy.url() })).head, { code: "proxy-unsupported", message: /by Negotiate/u });
  });
});

describe("A proxy that cannot be used", () => {
  test("because nothing answers there is named, not the provider", async () => {
    const gone = await ConnectProxy.start();
    const address = gone.url("u", "canary");
    await gone.close();
    const error: unknown = await send(createClient({ proxy: address })).head.catch((error: unknown) => error);
    assert.ok(error instanceof Error);
    assert.match(error.message, /^Nothing answers at the proxy http:\/\/127\.0\.0\.1:\d+: the connection was refused\.$/u);
    assert.equal("code" in error && error.code, "proxy-unreachable");
  });

  test("because it refuses the place, or cannot reach it, says what it answered", async () => {
    const client = createClient({ proxy: proxy.url() });
    proxy.instead = { status: "403 Forbidden" };
    await assert.rejects(send(client).head, {
      code: "proxy-refused",
      retryable: false,
      message: /to provider\.test:443: it answered 403 F/u,
    });
    proxy.instead = null;
    await assert.rejects(send(client, "https://unknown.test:8443/").head, {
      code: "proxy-refused",
      retryable: true,
      message: /unknown\.test:8443: it answered 502 Bad Gateway/u,
    });
    await until(() => proxy.openSockets === 0, "the proxy to be left");
  });

  test("because it hangs up, or speaks no HTTP, or no TLS", async () => {
    proxy.instead = "hang-up";
    await assert.rejects(send(createClient({ proxy: proxy.url() })).head, { code: "proxy-unreachable", retryable: true });
    proxy.instead = { raw: "SSH-2.0-OpenSSH_9.6\r\n" };
    await assert.rejects(send(createClient({ proxy: proxy.url() })).head, { code: "proxy-protocol" });
    const overTls = `https://127.0.0.1:${proxy.port}`;
    await assert.rejects(send(createClient({ proxy: overTls })).head, { code: "proxy-protocol", message: /no proxy over TLS/u });
  });

  test("because its certificate is nobody's is told apart from the provider's certificate", async () => {
    const secure = await ConnectProxy.start({ places: proxy.places, certificate: await site.authority.issue(["127.0.0.1"]) });
    try {
      const exchange = send(createClient({ proxy: secure.url(), extraCaCertificates: [] }));
      await assert.rejects(exchange.head, { code: "proxy-certificate", message: /certificate of the proxy https:.*SELF_SIGNED/u });
      const misnamed = send(createClient({ proxy: secure.url().replace("127.0.0.1", "localhost") }));
      await assert.rejects(misnamed.head, { code: "proxy-certificate", message: /altnames/u });
      assert.equal(secure.asked.length, 0);
    } finally {
      await secure.close();
    }
  });

  test("because of what it is, or of how it is written, is refused without a connection", async () => {
    const table: readonly (readonly [NetworkSettings, string, RegExp])[] = [
      [{ proxy: "socks5://u:canary@127.0.0.1:1080" }, "proxy-unsupported", /^The proxy socks5:\/\/127\.0\.0\.1:1080 is a SOCKS proxy/u],
      [{ proxy: "ftp://u:canary@proxy.test" }, "proxy-invalid", /ftp:\/\/proxy\.test has no address/u],
      [{ proxy: "http://u:canary@:0:/" }, "proxy-invalid", /must be one like/u],
      [{ proxy: proxy.url(), proxyAuthorization: "canary\r\nx: y" }, "proxy-invalid", /characters that cannot be sent/u],
    ];
    for (const [network, code, words] of table) {
      const error: unknown = await send(createClient(network)).head.catch((error: unknown) => error);
      assert.ok(error instanceof Error && "code" in error);
      assert.equal(error.code, code);
      assert.match(error.message, words);
      assert.doesNotMatch(error.message, /canary/u);
    }
    assert.equal(proxy.asked.length, 0);
  });
});

describe("Without the proxy", () => {
  test("this machine is reached, whatever it is called and whatever the settings say", async () => {
    const { port } = new URL(site.fake.origin);
    const client = createClient({ proxy: proxy.url(), noProxy: ["elsewhere.test"] });
    for (const host of ["127.0.0.1", "localhost", "0.0.0.0"]) await ask(client, `http://${host}:${port}/v1/chat/completions`);
    await ask(client, `https://127.0.0.1:${site.front.port}/v1/chat/completions`);
    assert.equal(proxy.asked.length, 0);
  });
});
