import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Network } from "../../../sidecar/http/network.ts";
import type { NetworkSettings } from "../../../sidecar/settings.ts";

const A = "http://a.proxy.test:1";
const B = "http://b.proxy.test:2";

/** Which of the two addresses is reached through which proxy: over TLS, then in plain. */
function proxies(settings: NetworkSettings, environment: NodeJS.ProcessEnv = {}): readonly (string | null)[] {
  const network = new Network({ settings, environment, warn: () => assert.fail("there is nothing to warn of") });
  const secure = network.proxyFor({ host: "secure.test", port: 443 }, true);
  const plain = network.proxyFor({ host: "plain.test", port: 80 }, false);
  return [secure?.shown ?? null, plain?.shown ?? null];
}

describe("A proxy", () => {
  test("is none where neither settings nor environment name one", () => {
    assert.deepEqual(proxies({}), [null, null]);
    assert.deepEqual(proxies({ proxy: "" }, { HTTPS_PROXY: "", http_proxy: " " }), [null, null]);
  });

  test("of the settings leads everywhere but where their list says", () => {
    assert.deepEqual(proxies({ proxy: A }), [A, A]);
    assert.deepEqual(proxies({ proxy: A, noProxy: ["plain.test"] }), [A, null]);
    assert.deepEqual(proxies({ proxy: A, noProxy: ["secure.test:443"] }), [null, A]);
  });

  test("of the environment is named by the usual variables, each for its own kind of address", () => {
    assert.deepEqual(proxies({}, { HTTPS_PROXY: A, HTTP_PROXY: B }), [A, B]);
    assert.deepEqual(proxies({}, { https_proxy: A, HTTPS_PROXY: B }), [A, null]);
    assert.deepEqual(proxies({}, { https_proxy: "", HTTPS_PROXY: B, http_proxy: A, HTTP_PROXY: B }), [B, A]);
    assert.deepEqual(proxies({}, { HTTP_PROXY: A }), [A, A]);
    assert.deepEqual(proxies({}, { ALL_PROXY: A }), [A, A]);
    assert.deepEqual(proxies({}, { all_proxy: A, HTTPS_PROXY: B }), [B, A]);
    assert.deepEqual(proxies({}, { ALL_PROXY: A, HTTP_PROXY: B }), [A, B]);
    assert.deepEqual(proxies({}, { HTTPS_PROXY: "a.proxy.test:1" }), [A, null]);
  });

  test("is not used for what the environment's list names", () => {
    assert.deepEqual(proxies({}, { ALL_PROXY: A, NO_PROXY: "other.test, secure.test" }), [null, A]);
    assert.deepEqual(proxies({}, { ALL_PROXY: A, no_proxy: "plain.test", NO_PROXY: "*" }), [A, null]);
    assert.deepEqual(proxies({ proxy: A }, { NO_PROXY: "secure.test" }), [null, A]);
  });

  test("of the environment gives way to the settings, and to one that wants none", () => {
    assert.deepEqual(proxies({ proxy: B }, { ALL_PROXY: A }), [B, B]);
    assert.deepEqual(proxies({ proxy: null }, { ALL_PROXY: A }), [null, null]);
    assert.deepEqual(proxies({ proxy: "" }, { ALL_PROXY: A }), [A, A]);
    assert.deepEqual(proxies({ noProxy: ["plain.test"] }, { ALL_PROXY: A, NO_PROXY: "*" }), [A, null]);
    assert.deepEqual(proxies({ noProxy: [] }, { ALL_PROXY: A, NO_PROXY: "*" }), [null, null]);
  });

  test("is not taken from the header that anybody can send to a CGI program", () => {
    assert.deepEqual(proxies({}, { HTTP_PROXY: A, REQUEST_METHOD: "GET" }), [null, null]);
    assert.deepEqual(proxies({}, { http_proxy: A, REQUEST_METHOD: "GET" }), [A, A]);
  });

  test("is never used for this machine", () => {
    const network = new Network({ settings: { proxy: A }, environment: { ALL_PROXY: A }, warn: () => {} });
    for (const host of ["localhost", "127.0.0.1", "::1", "0.0.0.0", "a.localhost"]) {
      assert.equal(network.proxyFor({ host, port: 11434 }, false), null, host);
    }
  });
});

describe("What somebody should know", () => {
  test("is told: an entry that is not understood, and that certificates are not verified", () => {
    const told: string[] = [];
    const settings = { noProxy: ["10.0.0.0/99", "fine.test"], strictSsl: false };
    const network = new Network({ settings, environment: {}, warn: (message) => told.push(message) });
    assert.equal(told.length, 2);
    assert.match(told[0] ?? "", /not understood: 10\.0\.0\.0\/99$/u);
    assert.match(told[1] ?? "", /not verified/u);
    assert.deepEqual(network.tls, { rejectUnauthorized: false });
  });
});
