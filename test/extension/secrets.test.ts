import assert from "node:assert/strict";
import { test } from "node:test";
import type { Memento, SecretStorage } from "vscode";
import { Secrets, originOf } from "../../extension/secrets.ts";

/** The editor's storage, in memory. */
function storage(): SecretStorage {
  const kept = new Map<string, string>();
  const listeners = new Set<(event: { key: string }) => unknown>();
  const changed = (key: string): void => listeners.forEach((listener) => listener({ key }));
  return {
    keys: async () => Array.from(kept.keys()),
    get: async (key) => kept.get(key),
    store: async (key, value) => {
      kept.set(key, value);
      changed(key);
    },
    delete: async (key) => {
      kept.delete(key);
      changed(key);
    },
    onDidChange: (listener) => {
      listeners.add(listener);
      return { dispose: () => listeners.delete(listener) };
    },
  };
}

function memory(): Memento {
  const kept = new Map<string, unknown>();
  return {
    keys: () => Array.from(kept.keys()),
    get: (key: string, otherwise?: unknown) => kept.get(key) ?? otherwise,
    update: async (key, value) => void kept.set(key, value),
  } as Memento;
}

const place = { provider: "openai", origin: "https://api.openai.com" };
const provider = { keyVariables: ["OPENAI_API_KEY", "OPENAI_KEY"], addressVariables: ["OPENAI_BASE_URL", "OPENAI_HOST"] };

test("a key is granted for the place it was entered for, and no other", async () => {
  const secrets = new Secrets(storage(), memory(), {});
  await secrets.keep(place, "sk-1");
  assert.deepEqual(await secrets.grants(), [{ ...place, key: "sk-1" }]);
  assert.equal((await secrets.state(provider, { ...place, origin: "https://evil.example" })).kept, false);
  assert.equal((await secrets.state(provider, { ...place, provider: "openrouter" })).kept, false);
});

test("a key in the environment is seen, and granted only after a yes", async () => {
  const secrets = new Secrets(storage(), memory(), { OPENAI_KEY: "sk-env" });
  assert.deepEqual(await secrets.state(provider, place), { kept: false, variable: { name: "OPENAI_KEY", allowed: false } });
  assert.deepEqual(await secrets.grants(), []);
  await secrets.allow(place, "OPENAI_KEY", provider);
  assert.deepEqual(await secrets.grants(), [{ ...place, key: "sk-env" }]);
  assert.equal((await secrets.state(provider, place)).variable?.allowed, true);
  assert.equal((await secrets.state(provider, { ...place, origin: "https://evil.example" })).variable?.allowed, false);
});

test("a key beside a gateway's address is for the gateway alone, whatever was said before", async () => {
  const remembered = memory();
  await new Secrets(storage(), remembered, { OPENAI_API_KEY: "sk-env" }).allow(place, "OPENAI_API_KEY", provider);
  const gateway = { ...place, origin: "https://gateway.example:8443" };
  const environment = { OPENAI_API_KEY: "sk-gateway", OPENAI_BASE_URL: "https://gateway.example:8443/v1" };
  const secrets = new Secrets(storage(), remembered, environment);
  const meantFor = { variable: "OPENAI_BASE_URL", origin: gateway.origin };
  assert.deepEqual(await secrets.state(provider, place), { kept: false, variable: { name: "OPENAI_API_KEY", allowed: false, meantFor } });
  assert.deepEqual(await secrets.grants(), []);
  assert.deepEqual(await secrets.state(provider, gateway), { kept: false, variable: { name: "OPENAI_API_KEY", allowed: false } });
  await secrets.allow(gateway, "OPENAI_API_KEY", provider);
  assert.deepEqual(await secrets.grants(), [{ ...gateway, key: "sk-gateway" }]);
});

test("an address without a scheme counts, the provider's own does not, nor what is none", async () => {
  const meantFor = async (address: string): Promise<unknown> => {
    const secrets = new Secrets(storage(), memory(), { OPENAI_API_KEY: "x", OPENAI_HOST: address });
    return (await secrets.state(provider, place)).variable?.meantFor;
  };
  assert.deepEqual(await meantFor("gateway:8080"), { variable: "OPENAI_HOST", origin: "http://gateway:8080" });
  for (const address of ["https://api.openai.com/v1/", "two words", " "]) assert.equal(await meantFor(address), undefined, address);
});

test("a yes is remembered, can be taken back, and means nothing once the variable is gone", async () => {
  const remembered = memory();
  await new Secrets(storage(), remembered, { OPENAI_KEY: "sk-env" }).allow(place, "OPENAI_KEY", provider);
  assert.equal((await new Secrets(storage(), remembered, { OPENAI_KEY: "sk-env" }).grants()).length, 1);
  assert.deepEqual(await new Secrets(storage(), remembered, {}).grants(), []);
  const later = new Secrets(storage(), remembered, { OPENAI_KEY: "sk-env" });
  await later.forbid(place, "OPENAI_KEY");
  assert.deepEqual(await later.grants(), []);
});

test("a key that was entered wins over one from the environment", async () => {
  const secrets = new Secrets(storage(), memory(), { OPENAI_API_KEY: "sk-env" });
  await secrets.allow(place, "OPENAI_API_KEY", provider);
  await secrets.keep(place, "sk-1");
  assert.deepEqual(await secrets.grants(), [{ ...place, key: "sk-1" }]);
  await secrets.remove(place);
  assert.deepEqual(await secrets.grants(), [{ ...place, key: "sk-env" }]);
});

test("secrets of another kind, and a damaged memory, are no keys", async () => {
  const kept = storage();
  await kept.store("something else", "x");
  await kept.store("key a b c", "x");
  const remembered = memory();
  await remembered.update("keys.fromEnvironment", [{ provider: "openai" }, null, "x"]);
  assert.deepEqual(await new Secrets(kept, remembered, {}).grants(), []);
});

test("each change is told", async () => {
  const secrets = new Secrets(storage(), memory(), { OPENAI_API_KEY: "x" });
  let changes = 0;
  secrets.onDidChange(() => (changes += 1));
  await secrets.keep(place, "k");
  await secrets.remove(place);
  await secrets.allow(place, "OPENAI_API_KEY", provider);
  await secrets.forbid(place, "OPENAI_API_KEY");
  assert.equal(changes, 4);
});

test("an origin leaves path, user and query behind, and is that of web addresses alone", () => {
  assert.equal(originOf("https://u:p@API.openai.com:443/v1?x"), "https://api.openai.com");
  assert.equal(originOf("http://localhost:8000/v1"), "http://localhost:8000");
  assert.equal(originOf("file:///etc/passwd"), undefined);
  assert.equal(originOf("nonsense"), undefined);
});
