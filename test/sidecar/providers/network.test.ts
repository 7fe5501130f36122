import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { HttpClient } from "../../../sidecar/http/http-client.ts";
import type { Provider } from "../../../sidecar/providers/provider.ts";
import type { NetworkSettings } from "../../../sidecar/settings.ts";
import { foldEvents } from "../../support/wire-reading.ts";
import { call, callError, createProvider } from "../../support/provider-calls.ts";
import { TlsFront } from "../../support/tls-front.ts";
import { startTlsProvider, type TlsProvider } from "../../support/tls-provider.ts";
import { until } from "../../support/until.ts";

let site: TlsProvider;
const clients = new Set<HttpClient>();

before(async () => {
  site = await startTlsProvider();
});
after(async () => site.close());
afterEach(async () => {
  for (const client of clients) await client.close();
  clients.clear();
  site.proxy.asked.length = 0;
  site.proxy.instead = null;
  site.proxy.authorization = undefined;
  site.fake.reset();
});

function createChat(network: NetworkSettings = {}, baseUrl = "https://provider.test/v1"): Provider {
  const client = new HttpClient({ network: { proxy: site.proxy.url(), extraCaCertificates: [site.authority.pem], ...network } });
  clients.add(client);
  return createProvider("openai-compatible", { baseUrl, key: "sk-canary" }, client);
}

describe("An answer through a proxy", () => {
  test("comes whole, and the key goes to the provider alone", async () => {
    site.fake.enqueue({ text: "Hello there" });
    const { events, thrown } = await call(createChat());
    assert.equal(thrown, null);
    assert.equal(foldEvents(events).text, "Hello there");
    assert.equal(site.fake.requests[0]?.headers["authorization"], "Bearer sk-canary");
    assert.doesNotMatch(JSON.stringify(site.proxy.asked), /canary/u);
  });

  test("that is cancelled closes the tunnel", async () => {
    site.fake.enqueue({ steps: [{ text: "one" }, { gate: "never" }] });
    const abort = new AbortController();
    await call(createChat(), { signal: abort.signal, onBatch: () => abort.abort() });
    await until(() => site.proxy.openTunnels === 0 && site.proxy.openSockets === 0, "the tunnel to be closed");
  });

  test("that is cancelled while the proxy is silent is given up at once", async () => {
    site.proxy.instead = "silence";
    const abort = new AbortController();
    const reason = new Error("no more");
    const calling = call(createChat(), { signal: abort.signal, timeLimits: { connectMs: 0 } });
    await until(() => site.proxy.asked.length === 1, "the proxy to be asked");
    abort.abort(reason);
    assert.equal((await calling).thrown, reason);
    await until(() => site.proxy.openSockets === 0, "the proxy to be left");
  });
});

describe("An error of the proxy", () => {
  test("is one of the network and speaks of the proxy, not of the provider", async () => {
    site.proxy.authorization = "Basic x";
    const error = await callError(createChat({ proxy: site.proxy.url("name", "canary") }));
    assert.deepEqual(
      [error.kind, error.providerCode, error.phase, error.retryable, error.status],
      ["network", "proxy-authentication", "before-headers", false, undefined],
    );
    assert.equal(error.message, `The proxy ${site.proxy.url()} did not accept the name and the password that are set.`);
    assert.doesNotMatch(JSON.stringify(error.info), /canary/u);
  });

  test("can pass where it is the proxy's failure, and cannot where it is its will", async () => {
    site.proxy.instead = { status: "503 Service Unavailable" };
    const passing = await callError(createChat());
    assert.deepEqual([passing.providerCode, passing.retryable], ["proxy-refused", true]);
    site.proxy.instead = { status: "403 Forbidden" };
    const final = await callError(createChat());
    assert.deepEqual([final.providerCode, final.retryable], ["proxy-refused", false]);
  });

  test("is a timeout when it does not answer within the time for connecting", async () => {
    site.proxy.instead = "silence";
    const error = await callError(createChat(), { timeLimits: { connectMs: 50 } });
    assert.deepEqual([error.kind, error.providerCode, error.retryable], ["timeout", "proxy-timeout", true]);
    assert.equal(error.message, `The proxy ${site.proxy.url()} did not open the way to https://provider.test within 50 ms.`);
    await until(() => site.proxy.openSockets === 0, "the proxy to be left");
  });
});

test("What speaks no HTTP is no model server, and the error says what came instead of an answer", async () => {
  site.proxy.instead = { raw: `HTTP/1.1 200 OK\r\n\r\n<html><body>\n${"Please sign in. ".repeat(20)}` };
  const error = await callError(createChat({}, "http://plain.test/v1"));
  assert.deepEqual([error.kind, error.providerCode, error.phase, error.retryable], ["protocol", "not-an-api", "before-headers", false]);
  const begin = String.raw`"<html><body>\nPlease sign in. Please sign in. Please sign in. "`.slice(0, 62);
  assert.equal(
    error.message,
    `OpenAI-compatible server: what came instead of an answer begins with ${begin}". Check the base URL http://plain.test/v1.`,
  );
  assert.equal(site.proxy.asked.length, 1);
});

describe("An error of a certificate", () => {
  test("names the problem in the provider's certificate", async () => {
    const error = await callError(createChat({ extraCaCertificates: [] }));
    assert.deepEqual([error.kind, error.providerCode, error.retryable], ["network", "SELF_SIGNED_CERT_IN_CHAIN", false]);
    assert.match(error.message, /^The certificate of .+ was not accepted: self-signed certificate in certificate chain \(SELF/u);
    assert.equal(site.fake.requests.length, 0);
  });

  test("gives no advice to start Node in another way", async () => {
    const { key, cert } = await site.authority.issue(["127.0.0.1"]);
    const [own = ""] = cert.split(/(?<=-----END CERTIFICATE-----)/u);
    const front = await TlsFront.start(1, { key, cert: own });
    const error = await callError(createChat({ extraCaCertificates: [] }, `https://127.0.0.1:${front.port}/v1`));
    await front.close();
    assert.match(error.message, /^The certificate of .+ was not accepted: [a-z ]+ \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)\.$/u);
  });
});

describe("A redirect to another origin", () => {
  const targets = ["http://plain.test/v1/chat/completions", "https://provider.test:8443/v1/chat/completions", "//plain.test/v1"];
  for (const location of targets) {
    test(`such as ${location} is refused by name, and neither key nor prompt is sent there`, async () => {
      site.proxy.places["provider.test:8443"] = site.front.port;
      site.fake.enqueue({ status: 308, headers: { location }, body: "" });
      const error = await callError(createChat());
      assert.equal(error.providerCode, "redirect-refused");
      assert.match(error.message, /it leads to https?:\/\/(plain\.test|provider\.test:8443)\. Set that as the base URL/u);
      // The place could have been reached: nobody even asked for a way there.
      assert.deepEqual(
        site.proxy.asked.map(({ authority }) => authority),
        ["provider.test:443"],
      );
      assert.equal(site.fake.requests.length, 1);
    });
  }
});
