import assert from "node:assert/strict";
import { test } from "node:test";
import { readNetworkSettings } from "../../extension/settings-network.ts";

function read(values: Readonly<Record<string, unknown>>) {
  const complaints: string[] = [];
  const network = readNetworkSettings(
    (name) => values[name],
    (setting, problem) => complaints.push(`${setting}: ${problem}`),
  );
  return { network, complaints };
}

/** What the editor gives where nobody set anything. */
const untouched = {
  proxy: "",
  proxyAuthorization: null,
  noProxy: [],
  proxyStrictSSL: true,
  proxySupport: "override",
  systemCertificates: true,
};

test("where nobody set anything there is nothing to hand over", () => {
  assert.deepEqual(read(untouched), { network: undefined, complaints: [] });
  assert.deepEqual(read({}), { network: undefined, complaints: [] });
});

test("each setting of the network is handed over", () => {
  const values = {
    proxy: "http://u:p@proxy.test:8080",
    proxyAuthorization: "Basic x",
    noProxy: ["corp.test", " 10.0.0.0/8 ", ""],
    proxyStrictSSL: false,
    proxySupport: "on",
    systemCertificates: false,
  };
  assert.deepEqual(read(values), {
    network: {
      proxy: "http://u:p@proxy.test:8080",
      proxyAuthorization: "Basic x",
      noProxy: ["corp.test", "10.0.0.0/8"],
      strictSsl: false,
      useSystemCertificates: false,
    },
    complaints: [],
  });
});

test("no proxy at all is wanted where support for proxies is off, whatever else is set", () => {
  assert.deepEqual(read({ ...untouched, proxy: "http://proxy.test", proxySupport: "off" }).network, { proxy: null });
});

test("what does not fit is left out and named without its value", () => {
  const { network, complaints } = read({
    proxy: { canary: 1 },
    proxyAuthorization: ["canary"],
    noProxy: "canary",
    proxyStrictSSL: "canary",
  });
  assert.equal(network, undefined);
  assert.deepEqual(
    complaints.map((complaint) => complaint.split(":")[0]),
    ["http.proxy", "http.proxyAuthorization", "http.noProxy"],
  );
  assert.doesNotMatch(complaints.join(), /canary/u);
  const half = read({ noProxy: ["corp.test", 3] });
  assert.deepEqual([half.network, half.complaints], [{ noProxy: ["corp.test"] }, ["http.noProxy[1]: it must be a host"]]);
});
