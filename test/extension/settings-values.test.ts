import assert from "node:assert/strict";
import { test } from "node:test";
import { readModelRef, type RawSettings, readEngineSettings } from "../../extension/settings-values.ts";

const chat = { whenContextIsFull: "summarize", generateTitles: true };

function read(raw: Partial<RawSettings>) {
  const complaints: string[] = [];
  const settings = readEngineSettings(
    {
      providers: undefined,
      servers: undefined,
      concurrency: undefined,
      localModels: undefined,
      whenContextIsFull: undefined,
      generateTitles: undefined,
      ...raw,
    },
    (setting) => complaints.push(setting),
  );
  return { settings, complaints };
}

test("without settings there are the defaults, and nothing to complain of", () => {
  assert.deepEqual(read({}), { settings: { providers: {}, concurrency: 64, localModels: [], chat }, complaints: [] });
});

test("what a chat does beside answering is taken where it fits, and is named where it does not", () => {
  const { settings, complaints } = read({ whenContextIsFull: "refuse", generateTitles: false });
  assert.deepEqual([settings.chat, complaints], [{ whenContextIsFull: "refuse", generateTitles: false }, []]);
  const wrong = read({ whenContextIsFull: "forget", generateTitles: 3 });
  assert.deepEqual([wrong.settings.chat, wrong.complaints], [chat, ["parley.whenContextIsFull", "parley.generateTitles"]]);
});

test("all that fits is taken as it stands", () => {
  const providers = {
    openai: { baseUrl: "https://proxy.example/v1", api: "chat", concurrency: 2 },
    ollama: { timeLimits: { connectMs: 1, firstTokenMs: 0, idleMs: 3 } },
  };
  const servers = { box: { baseUrl: "http://10.0.0.5:8000/v1", preset: "vllm" } };
  const { settings, complaints } = read({ providers, servers, concurrency: 8, localModels: ["/m.gguf"] });
  assert.deepEqual(complaints, []);
  assert.deepEqual(settings, { providers: { ...servers, ...providers }, concurrency: 8, localModels: ["/m.gguf"], chat });
});

test("what a user knows about a model is taken as it stands, without the half of a price", () => {
  const price = { input: 0.5, output: 1, cachedInput: 0.1, cacheWrite: 0.6 };
  const given = { m: { contextWindow: 1000, maxOutputTokens: 100, images: true, tools: false, price }, n: { price: { input: 1 } } };
  const { settings, complaints } = read({ providers: { openai: { models: given } } });
  assert.deepEqual(settings.providers["openai"]?.models, {
    m: { contextWindow: 1000, maxOutputTokens: 100, abilities: { images: true, tools: false }, price },
    n: {},
  });
  assert.deepEqual(complaints, ["parley.providers.openai.models.n.price"]);
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
  [
    "a window of none",
    { providers: { openai: { models: { m: { contextWindow: 0 } } } } },
    "parley.providers.openai.models.m.contextWindow",
  ],
  ["an ability that is a word", { providers: { openai: { models: { m: { tools: "yes" } } } } }, "parley.providers.openai.models.m.tools"],
  [
    "a negative price",
    { providers: { openai: { models: { m: { price: { input: -1, output: 1 } } } } } },
    "parley.providers.openai.models.m.price.input",
  ],
  ["half a price", { providers: { openai: { models: { m: { price: { input: 1 } } } } } }, "parley.providers.openai.models.m.price"],
  ["a path where a list belongs", { localModels: "/m.gguf" }, "parley.localModels"],
];

for (const [what, raw, setting] of wrong) {
  test(`${what} is left out and named`, () => {
    const { settings, complaints } = read({ ...raw });
    assert(complaints.includes(setting), complaints.join());
    assert(!JSON.stringify(settings).includes("soap") && settings.concurrency === 64);
    assert.equal(settings.providers["openai"]?.baseUrl, undefined);
  });
}

test("a path that is none is named by its place in the list, and the others are used", () => {
  const { settings, complaints } = read({ localModels: ["/m.gguf", 3, "", "/n.gguf", null] });
  assert.deepEqual(
    [settings.localModels, complaints],
    [
      ["/m.gguf", "/n.gguf"],
      ["parley.localModels[1]", "parley.localModels[4]"],
    ],
  );
});

test("a model that is named in another way than provider/model is told, with what is taken instead", () => {
  const readRef = (value: unknown) => {
    const complaints: string[] = [];
    return { model: readModelRef(value, (setting, problem) => complaints.push(`${setting}: ${problem}`)), complaints };
  };
  for (const value of [undefined, null, "", "  "]) assert.deepEqual(readRef(value), { model: null, complaints: [] });
  for (const value of ["ollama/qwen3:4b", "openrouter/openai/gpt-5-mini", "local//home/me/my model.gguf"])
    assert.deepEqual(readRef(` ${value} `), { model: value, complaints: [] });
  for (const value of ["nonsense", "/m", "ollama/", 3, ["ollama/m"]]) {
    const { model, complaints } = readRef(value);
    assert.equal(model, null);
    assert.match(complaints.join("\n"), /^parley\.model: .*provider\/model.*Instead, new chats take the last used model[^\n]*$/u);
  }
});
