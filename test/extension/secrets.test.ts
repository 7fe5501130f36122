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
const provider = { keyVariables: ["OPENAI_API_KEY", "OPENAI_KEY"] };

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
  await secrets.allow(place, "OPENAI_KEY");
  assert.deepEqual(await secrets.grants(), [{ ...place, key: "sk-env" }]);
  assert.equal((await secrets.state(provider, place)).variable?.allowed, true);
  assert.equal((await secrets.state(provider, { ...place, origin: "https://evil.example" })).variable?.allowed, false);
});

test("a yes is remembered, can be taken back, and means nothing once the variable is gone", async () => {
  const remembered = memory();
  await new Secrets(storage(), remembered, { OPENAI_KEY: "sk-env" }).allow(place, "OPENAI_KEY");
  assert.equal((await new Secrets(storage(), remembered, { OPENAI_KEY: "sk-env" }).grants()).length, 1);
  assert.deepEqual(await new Secrets(storage(), remembered, {}).grants(), []);
  const later = new Secrets(storage(), remembered, { OPENAI_KEY: "sk-env" });
  await later.forbid(place, "OPENAI_KEY");
  assert.deepEqual(await later.grants(), []);
});

test("a key that was entered wins over one from the environment", async () => {
  const secrets = new Secrets(storage(), memory(), { OPENAI_API_KEY: "sk-env" });
  await secrets.allow(place, "OPENAI_API_KEY");
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
  await secrets.allow(place, "OPENAI_API_KEY");
  await secrets.forbid(place, "OPENAI_API_KEY");
  assert.equal(changes, 4);
});

test("an origin leaves path, user and query behind, and is that of web addresses alone", () => {
  assert.equal(originOf("https://u:p@API.openai.com:443/v1?x"), "https://api.openai.com");
  assert.equal(originOf("http://localhost:8000/v1"), "http://localhost:8000");
  assert.equal(originOf("file:///etc/passwd"), undefined);
  assert.equal(originOf("nonsense"), undefined);
});
