// Which addresses are one endpoint, with one number of places.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Endpoints } from "../../../sidecar/endpoints.ts";
import { defaultSettings } from "../../../sidecar/engine.ts";
import { KeyRing } from "../../../sidecar/keys.ts";
import type { ProviderSettings } from "../../../sidecar/settings.ts";
import { ScriptedProvider } from "../scripted-provider.ts";

type Server = ProviderSettings & { readonly key?: string };

function areOne(...servers: readonly [Server, Server]): boolean {
  const settings = { ...defaultSettings, providers: { first: servers[0], second: servers[1] } };
  const endpoints = new Endpoints({ settings, keys: new KeyRing(), local: new ScriptedProvider() });
  after(() => endpoints.close());
  const [first, second] = servers.map(({ key }, at) => {
    return endpoints.resolve(at === 0 ? "first" : "second", key === undefined ? {} : { key }).limiter.endpoint;
  });
  return first === second;
}

const ollama = (host: string, key?: string) => ({ preset: "ollama", baseUrl: `http://${host}`, ...(key === undefined ? {} : { key }) });
const vllm = (host: string, key?: string) => ({ ...ollama(host, key), preset: "vllm" });

describe("a server on this machine", () => {
  for (const name of ["localhost:11434", "0.0.0.0:11434", "[::1]:11434", "127.0.0.1:11434/v1", "LOCALHOST:11434"]) {
    it(`is one endpoint by the names 127.0.0.1:11434 and ${name}`, () => {
      assert.equal(areOne(ollama("127.0.0.1:11434"), ollama(name)), true);
    });
  }

  it("is one endpoint with and without a key that it does not want, and two with keys that it may tell apart", () => {
    assert.equal(areOne(ollama("127.0.0.1:11434"), ollama("localhost:11434", "k")), true);
    assert.equal(areOne(vllm("127.0.0.1:8000"), vllm("localhost:8000", "k")), false);
  });

  it("is another one at another port, by another scheme, and by a name of its own below localhost", () => {
    assert.equal(areOne(ollama("127.0.0.1:11434"), ollama("127.0.0.1:11435")), false);
    assert.equal(areOne(ollama("localhost:80"), { preset: "ollama", baseUrl: "https://localhost:443" }), false);
    assert.equal(areOne(ollama("one.localhost:80"), ollama("two.localhost:80")), false);
  });
});

describe("a server elsewhere", () => {
  it("is one endpoint for each key at one origin", () => {
    assert.equal(areOne(ollama("box:11434"), vllm("box:11434")), true);
    assert.equal(areOne(ollama("box:11434"), ollama("box:11434", "k")), false);
    assert.equal(areOne(ollama("box:11434"), ollama("crate:11434")), false);
  });
});
