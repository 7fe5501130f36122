import assert from "node:assert/strict";
import { test } from "node:test";
import { type RawSettings, readEngineSettings } from "../../extension/settings-values.ts";

function read(raw: Partial<RawSettings>) {
  const complaints: string[] = [];
  const settings = readEngineSettings(
    { providers: undefined, servers: undefined, concurrency: undefined, localModels: undefined, ...raw },
    (setting) => complaints.push(setting),
  );
  return { settings, complaints };
}

test("without settings there are the defaults, and nothing to complain of", () => {
  assert.deepEqual(read({}), { settings: { providers: {}, concurrency: 4, localModels: [] }, complaints: [] });
});

test("all that fits is taken as it stands", () => {
  const providers = {
    openai: { baseUrl: "https://proxy.example/v1", api: "chat", concurrency: 2 },
    ollama: { timeLimits: { connectMs: 1, firstTokenMs: 0, idleMs: 3 } },
  };
  const servers = { box: { baseUrl: "http://10.0.0.5:8000/v1", preset: "vllm" } };
  const { settings, complaints } = read({ providers, servers, concurrency: 8, localModels: ["/m.gguf"] });
  assert.deepEqual(complaints, []);
  assert.deepEqual(settings, { providers: { ...servers, ...providers }, concurrency: 8, localModels: ["/m.gguf"] });
});

test("a server never takes the place of a provider's settings", () => {
  const { settings } = read({ providers: { openai: { concurrency: 1 } }, servers: { openai: { baseUrl: "http://evil.example/v1" } } });
  assert.deepEqual(settings.providers["openai"], { concurrency: 1 });
});

const wrong: readonly (readonly [string, Partial<RawSettings>, string])[] = [
  ["a list where providers belong", { providers: [] }, "parley.providers"],
  ["a text where a provider's settings belong", { providers: { openai: "x" } }, "parley.providers.openai"],
  ["an address without a scheme", { providers: { openai: { baseUrl: "localhost:1" } } }, "parley.providers.openai.baseUrl"],
  ["an address with a password", { providers: { openai: { baseUrl: "http://u:p@h/v1" } } }, "parley.providers.openai.baseUrl"],
  ["an address of a file", { providers: { openai: { baseUrl: "file:///etc" } } }, "parley.providers.openai.baseUrl"],
  ["an unknown interface", { providers: { openai: { api: "soap" } } }, "parley.providers.openai.api"],
  ["a concurrency of none", { concurrency: 0 }, "parley.concurrency"],
  ["a concurrency of half", { concurrency: 0.5 }, "parley.concurrency"],
  ["a negative limit", { providers: { openai: { timeLimits: { idleMs: -1 } } } }, "parley.providers.openai.timeLimits.idleMs"],
  ["a server without an address", { servers: { box: {} } }, "parley.servers.box"],
  ["a server whose name has a slash", { servers: { "a/b": { baseUrl: "http://h/v1" } } }, "parley.servers.a/b"],
  ["a path that is none", { localModels: ["/m.gguf", 3] }, "parley.localModels"],
];

for (const [what, raw, setting] of wrong) {
  test(`${what} is left out and named`, () => {
    const { settings, complaints } = read({ ...raw });
    assert(complaints.includes(setting), complaints.join());
    assert(!JSON.stringify(settings).includes("soap") && settings.concurrency === 4);
    assert.equal(settings.providers["openai"]?.baseUrl, undefined);
  });
}
