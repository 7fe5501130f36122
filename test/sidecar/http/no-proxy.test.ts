import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isThisMachine, NoProxyList, splitNoProxy } from "../../../sidecar/http/no-proxy.ts";

/** Entries, then places that they mean, then places that they do not. */
const LISTS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["*", ["https://anything.test", "http://10.0.0.1", "https://[fd00::1]"], []],
  ["corp.test", ["https://corp.test", "http://corp.test:8080", "https://llm.corp.test", "https://CORP.test."], ["https://notcorp.test"]],
  [".corp.test", ["https://corp.test", "https://a.b.corp.test"], ["https://xcorp.test", "https://corp.test.evil.test"]],
  ["*.corp.test", ["https://corp.test", "https://llm.corp.test"], ["https://xcorp.test"]],
  ["corp.test:8080", ["http://corp.test:8080", "http://llm.corp.test:8080"], ["http://corp.test", "https://corp.test:8081"]],
  ["corp.test:443", ["https://corp.test"], ["http://corp.test"]],
  ["10.1.2.3", ["http://10.1.2.3", "http://10.1.2.3:9"], ["http://10.1.2.30", "http://110.1.2.3", "http://x.10.1.2.3.test"]],
  ["10.1.2.3:80", ["http://10.1.2.3"], ["http://10.1.2.3:81"]],
  ["10.0.0.0/8", ["http://10.255.0.1", "http://[::ffff:10.1.2.3]"], ["http://11.0.0.1", "http://10.test"]],
  ["192.168.4.0/23", ["http://192.168.5.255"], ["http://192.168.6.0"]],
  ["fd00::/8", ["http://[fd12:3456::1]:8000"], ["http://[fe80::1]", "http://10.0.0.1"]],
  ["[fd00::1]", ["http://[fd00::1]", "http://[fd00:0:0::1]:99"], ["http://[fd00::2]"]],
  ["fd00::1", ["http://[fd00::1]"], ["http://[fd00::2]"]],
  ["[fd00::1]:8000", ["http://[fd00::1]:8000"], ["http://[fd00::1]"]],
  ["a.test, b.test\tc.test", ["https://a.test", "https://b.test", "https://c.test"], ["https://d.test"]],
  ["", [], ["https://a.test"]],
];

function placeOf(address: string): { readonly host: string; readonly port: number } {
  const url = new URL(address);
  return { host: url.hostname, port: Number(url.port || (url.protocol === "https:" ? 443 : 80)) };
}

describe("A list of what needs no proxy", () => {
  for (const [text, inside, outside] of LISTS) {
    test(`understands "${text}"`, () => {
      const list = new NoProxyList(splitNoProxy(text));
      for (const address of inside) assert.ok(list.includes(placeOf(address)), address);
      for (const address of outside) assert.ok(!list.includes(placeOf(address)), address);
      assert.deepEqual(list.unknown, []);
    });
  }

  test("names the entries that say nothing", () => {
    const unknown = ["10.0.0.0/99", "corp.test/8", "a*b.test", "corp.test:port", "[fd00::1", "."];
    assert.deepEqual(new NoProxyList([...unknown, "fine.test"]).unknown, unknown);
  });
});

describe("This machine", () => {
  const here = [
    "localhost",
    "LOCALHOST.",
    "api.localhost",
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",
    "[::1]",
    "::1",
    "[::]",
    "[::ffff:127.0.0.1]",
  ];
  test("is known by all its names", () => {
    for (const host of here) assert.ok(isThisMachine(host), host);
    // What else people and programs write for it, the URL parser makes one of these.
    for (const host of ["127.1", "0x7f.1", "2130706433", "0"]) assert.ok(isThisMachine(new URL(`http://${host}`).hostname), host);
  });

  test("is no other", () => {
    for (const host of ["localhost.test", "notlocalhost", "128.0.0.1", "10.0.0.1", "[::2]", "127.0.0.1.test"]) {
      assert.ok(!isThisMachine(host), host);
    }
  });
});
