// What is told of each model, and whose word it is.

import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { Llm } from "../../sidecar/api.ts";
import { Endpoints } from "../../sidecar/endpoints.ts";
import { defaultSettings, Engine } from "../../sidecar/engine.ts";
import { gather } from "../../sidecar/gather.ts";
import { KeyRing } from "../../sidecar/keys.ts";
import { ModelCatalogue } from "../../sidecar/models.ts";
import { ProviderError } from "../../sidecar/providers/provider.ts";
import type { ProviderSettings } from "../../sidecar/settings.ts";
import type { JsonValue, ModelInfo } from "../../sidecar/types.ts";
import { fakeAtHand } from "../support/fake-at-hand.ts";
import { ScriptedProvider } from "./scripted-provider.ts";

const { fake } = await fakeAtHand();
const signal = new AbortController().signal;
const engines: Engine[] = [];
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});

function engineWith(id: string, settings: ProviderSettings = {}): Engine {
  const keys = new KeyRing();
  keys.set(id, fake.origin, "key");
  const providers = { [id]: { baseUrl: fake.origin, ...settings } };
  const engine = new Engine({ settings: { ...defaultSettings, providers }, keys, local: new ScriptedProvider() });
  engines.push(engine);
  return engine;
}

async function listed(engine: Engine, provider: string, body: JsonValue): Promise<ModelInfo> {
  fake.enqueue({ route: "models", body });
  const { models, failures } = await engine.listModels({ provider }, signal);
  assert.deepEqual(failures, []);
  const [model] = models;
  assert.ok(model);
  return model;
}

describe("the facts of a model", () => {
  it("are the published ones where the provider tells none, and guesses are marked as such", async () => {
    const model = await listed(engineWith("openai"), "openai", { data: [{ id: "gpt-5-mini" }] });
    assert.deepEqual(model.price, { input: 0.25, output: 2, cachedInput: 0.025 });
    assert.equal(model.contextWindow, 400_000);
    assert.equal(model.maxOutputTokens, 4096);
    assert.deepEqual(model.sources, { contextWindow: "bundled", maxOutputTokens: "default", price: "bundled" });
  });

  it("are the provider's own where it tells them, before those that are published", async () => {
    const entry = {
      id: "openai/gpt-5-mini",
      context_length: 300_000,
      top_provider: { max_completion_tokens: 100_000 },
      pricing: { prompt: "0.0000003", completion: "0.000003" },
      supported_parameters: ["tools"],
    };
    const model = await listed(engineWith("openrouter"), "openrouter", { data: [entry] });
    assert.deepEqual([model.contextWindow, model.maxOutputTokens, model.price], [300_000, 100_000, { input: 0.3, output: 3 }]);
    const live = { contextWindow: "live", maxOutputTokens: "live", tools: "live", reasoning: "live", price: "live" };
    assert.deepEqual(model.sources, live);
  });

  it("are the user's before all others, each by itself", async () => {
    const models = { m: { contextWindow: 1000, abilities: { images: true }, price: { input: 1, output: 2 } } };
    const engine = engineWith("mistral", { models });
    const entry = { id: "m", max_context_length: 32_000, capabilities: { vision: false, function_calling: true } };
    const model = await listed(engine, "mistral", { data: [entry] });
    assert.deepEqual([model.contextWindow, model.price, model.abilities], [1000, { input: 1, output: 2 }, { images: true, tools: true }]);
    const sources = { contextWindow: "setting", maxOutputTokens: "default", images: "setting", tools: "live", price: "setting" };
    assert.deepEqual(model.sources, sources);
    engine.updateSettings({ ...defaultSettings, providers: { mistral: { baseUrl: fake.origin } } });
    const { models: after } = await engine.listModels({ provider: "mistral" }, signal);
    assert.equal(after[0]?.contextWindow, 32_000);
    assert.equal(fake.requests.length, 1, "another window in the settings asked for the list again");
  });

  it("of Claude say which of them Parley knows by itself", async () => {
    const model = await listed(engineWith("anthropic"), "anthropic", { data: [{ id: "claude-haiku-4-5", max_input_tokens: 200_000 }] });
    assert.deepEqual(model.abilities, { images: true, tools: true, reasoning: true });
    assert.deepEqual(model.sources, {
      contextWindow: "live",
      maxOutputTokens: "bundled",
      images: "bundled",
      tools: "bundled",
      reasoning: "bundled",
      price: "bundled",
    });
  });

  it("of a model that nobody knows are a careful guess, without a price", async () => {
    const model = await listed(engineWith("openai-compatible"), "openai-compatible", { data: [{ id: "gpt-5-mini" }] });
    assert.deepEqual([model.contextWindow, model.maxOutputTokens, model.price], [8192, 4096, undefined]);
    assert.deepEqual(model.sources, { contextWindow: "default", maxOutputTokens: "default" });
  });

  it("of a server here say that it costs nothing, and why", async () => {
    fake.tell("/api/show", { model_info: { "general.architecture": "qwen3", "qwen3.context_length": 40_960 } });
    const model = await listed(engineWith("ollama"), "ollama", { models: [{ model: "qwen3:4b" }] });
    assert.deepEqual(model.price, { input: 0, output: 0 });
    assert.deepEqual(model.sources, { contextWindow: "live", maxOutputTokens: "default", price: "local" });
  });
});

describe("the context window of a model", () => {
  const windowOf = async (engine: Engine, ref: string): Promise<number | undefined> => engine.llm(ref).contextWindow?.(signal);

  it("is the one in the provider's list, which is asked for where it may have one, before the published one", async () => {
    const engine = engineWith("openrouter");
    fake.enqueue({ route: "models", body: { data: [{ id: "openai/gpt-5-mini", context_length: 123_456 }] } });
    assert.equal(await windowOf(engine, "openrouter/openai/gpt-5-mini"), 123_456);
    assert.equal(await windowOf(engineWith("openai"), "openai/gpt-5-mini"), 400_000);
    assert.equal(fake.requests.length, 1);
  });

  it("is the published one where the list cannot be had, until a list has said another", async () => {
    const engine = engineWith("openrouter");
    fake.enqueue({ route: "models", status: 401, body: {} });
    for (const _time of [1, 2]) assert.equal(await windowOf(engine, "openrouter/openai/gpt-5-mini"), 400_000);
    assert.equal(fake.requests.length, 1);
    await listed(engine, "openrouter", { data: [{ id: "openai/gpt-5-mini", context_length: 123_456 }] });
    assert.equal(await windowOf(engine, "openrouter/openai/gpt-5-mini"), 123_456);
  });
});

describe("a price that is asked for before anything is sent", () => {
  it("is the one in the provider's list, which is read once", async () => {
    const engine = engineWith("openrouter");
    fake.enqueue({ route: "models", body: { data: [{ id: "acme/one", pricing: { prompt: "0.000001", completion: "0.000004" } }] } });
    const quote = await engine.priceOf("openrouter/acme/one", signal);
    assert.deepEqual(quote?.costOf({ inputTokens: 1000, outputTokens: 500 }), { amount: 0.003, currency: "USD", source: "live" });
    assert.equal((await engine.priceOf("openrouter/acme/one", signal))?.source, "live");
    assert.equal(fake.requests.length, 1);
  });

  it("is the published one, without a request, where the provider's list has none", async () => {
    assert.equal((await engineWith("openai").priceOf("openai/gpt-5-mini", signal))?.source, "bundled");
    assert.equal(fake.requests.length, 0);
  });

  it("is asked of any compatible server's list, unless the user has set it", async () => {
    fake.enqueue({ route: "models", body: { data: [{ id: "m", pricing: { input: 1, output: 2 } }] } });
    assert.equal((await engineWith("openai-compatible").priceOf("openai-compatible/m", signal))?.source, "live");
    const models = { m: { price: { input: 3, output: 4 } } };
    const set = engineWith("openai-compatible", { models });
    assert.equal((await set.priceOf("openai-compatible/m", signal))?.source, "setting");
    assert.equal(fake.requests.length, 1);
  });

  it("is that of the address which is called, and not of the provider's usual one", async () => {
    const engine = engineWith("vllm");
    assert.equal((await engine.priceOf("vllm/m", signal))?.source, "local");
    assert.equal(await engine.priceOf("vllm/m", signal, { baseUrl: "http://models.example/v1" }), undefined);
    fake.enqueue({ route: "models", body: { data: [{ id: "m", pricing: { prompt: "0.000001", completion: "0.000004" } }] } });
    const elsewhere = await engine.priceOf("openrouter/m", signal, { baseUrl: `${fake.origin}/other/v1`, key: "of-openrouter" });
    assert.deepEqual(elsewhere?.price, { input: 1, output: 4 });
    const [asked] = fake.requests;
    assert.deepEqual([asked?.path, asked?.headers["authorization"]], ["/other/v1/models", "Bearer of-openrouter"]);
  });

  it("is not asked for where a budget is of tokens alone", async () => {
    const engine = engineWith("openai-compatible");
    const ask = (): Promise<unknown> => engine.llm("openai-compatible/m").generate("hi");
    await gather([ask], { budget: { tokens: 10_000 } });
    assert.deepEqual(
      fake.requests.map(({ route }) => route),
      ["openai-chat"],
    );
  });

  it("needs no key, and refuses only a provider that is none", async () => {
    const engine = new Engine({ settings: defaultSettings, keys: new KeyRing(), local: new ScriptedProvider() });
    engines.push(engine);
    for (const ref of ["openai/gpt-5-mini", "openrouter/openai/gpt-5-mini"]) {
      assert.equal((await engine.priceOf(ref, signal))?.source, "bundled", ref);
    }
    await assert.rejects(engine.priceOf("nobody/m", signal), { providerCode: "unknown-provider" });
  });

  it("is the published one also where the list cannot be had, and undefined for what nobody knows", async () => {
    const engine = engineWith("openrouter");
    fake.enqueue({ route: "models", status: 401, body: {} });
    assert.equal((await engine.priceOf("openrouter/openai/gpt-5-mini", signal))?.source, "bundled");
    assert.equal(await engine.priceOf("openrouter/nobody/knows", signal), undefined);
  });

  it("fails with what its list failed with, and is undefined where there is no such list", async () => {
    const engine = engineWith("openai-compatible");
    fake.enqueue({ route: "models", status: 401, body: { error: { message: "no such key" } } });
    const failed = { status: 401, message: /what openai-compatible\/m costs could not be had\. .*no such key/u };
    await assert.rejects(engine.priceOf("openai-compatible/m", signal), failed);
    fake.enqueue({ route: "models", status: 404, body: { error: { message: "no such path" } } });
    for (const _time of [1, 2]) assert.equal(await engine.priceOf("openai-compatible/m", signal), undefined);
    assert.equal(fake.requests.length, 2);
  });

  it("is asked for again by a run whose list failed for a while", async () => {
    for (let times = 0; times < 3; times += 1) fake.enqueue({ route: "models", status: 502, body: {} });
    const pricing = { prompt: "0.000001", completion: "0.000004" };
    fake.enqueue({ route: "models", body: { data: [{ id: "acme/one", pricing }] } });
    const llm = engineWith("openrouter").llm("openrouter/acme/one");
    const results = await gather(
      [1, 2, 3].map(() => () => llm.generate("hi", { maxOutputTokens: 100 })),
      { budget: { amount: 1 } },
    );
    assert.deepEqual(
      results.map(({ status }) => status),
      ["complete", "complete", "complete"],
    );
  });

  it("is waited for no longer than its caller wants", async () => {
    fake.enqueue({ route: "models", holdHeaders: "never" });
    const abort = new AbortController();
    const asked = engineWith("openrouter").priceOf("openrouter/a/b", abort.signal);
    await fake.waitFor(({ openAnswers }) => openAnswers === 1, "the list to be asked for");
    abort.abort(new Error("enough"));
    await assert.rejects(asked, { message: "enough" });
  });

  it("lets a budget in dollars be kept, with one list for all requests of a run", async () => {
    const engine = engineWith("openrouter");
    const pricing = { prompt: "0.000001", completion: "0.000004" };
    fake.enqueue({ route: "models", body: { data: [{ id: "acme/one", pricing }, { id: "acme/dear" }] } });
    const [one, unknown] = [engine.llm("openrouter/acme/one"), engine.llm("openrouter/acme/dear")];
    const ask = (llm: Llm) => () => llm.generate("hi", { maxOutputTokens: 100 });
    const results = await gather([ask(one), ask(one), ask(unknown), ask(one)], { budget: { amount: 1 } });
    assert.deepEqual(
      results.map(({ status }) => status),
      ["complete", "complete", "error", "complete"],
    );
    assert.ok(results[2]?.error instanceof ProviderError);
    assert.equal(results[2].error.providerCode, "price-unknown");
    assert.equal(fake.requests.filter(({ route }) => route === "models").length, 1);
  });

  it("belongs to the answer once the list is known, where the provider does not say what it took", async () => {
    const engine = engineWith("openrouter");
    fake.enqueue({ route: "models", body: { data: [{ id: "acme/one", pricing: { prompt: "0.000001", completion: "0.000004" } }] } });
    await engine.listModels({ provider: "openrouter" }, signal);
    fake.enqueue({ steps: [{ text: "x" }, { usage: { inputTokens: 1000, outputTokens: 500 } }, { finish: "stop" }] });
    assert.deepEqual((await engine.llm("openrouter/acme/one").generate("hi")).cost, { amount: 0.003, currency: "USD", source: "live" });
  });
});

describe("what a server tells of its models beside the list", () => {
  const tags = { models: [{ model: "qwen3:4b" }] };
  const shown = { model_info: { "general.architecture": "qwen3", "qwen3.context_length": 40_960 } };

  it("is asked for once as long as the list is kept, and not while a model to begin with is looked for", async () => {
    fake.tell("/api/show", shown);
    const engine = engineWith("ollama");
    fake.enqueue({ route: "models", body: tags });
    assert.equal((await engine.defaultModel("ollama/qwen3:4b", signal)).reason, "last-used");
    assert.equal(fake.questions.length, 0);
    for (const _time of [1, 2]) assert.equal((await engine.listModels({ provider: "ollama" }, signal)).models[0]?.contextWindow, 40_960);
    assert.deepEqual(
      fake.questions.map(({ path }) => path),
      ["/api/show"],
    );
  });

  it("is left out where it does not come in time, and the list stands without it", async () => {
    const settings = { ...defaultSettings, providers: { ollama: { baseUrl: fake.origin } } };
    const endpoints = new Endpoints({ settings, keys: new KeyRing(), local: new ScriptedProvider() });
    const limits = { listMs: 60_000, probeMs: 60_000, describeMs: 1, keepRemoteMs: 0, keepHereMs: 0 };
    fake.tell("/api/show", () => new Promise(() => {}));
    fake.enqueue({ route: "models", body: tags });
    const { models, failures } = await new ModelCatalogue(endpoints, limits).listModels({ provider: "ollama" }, signal);
    await endpoints.close();
    assert.deepEqual(failures, []);
    assert.deepEqual([models[0]?.model, models[0]?.contextWindow, models[0]?.sources?.contextWindow], ["qwen3:4b", 8192, "default"]);
  });

  it("is told as far as it came in time, and the rest with the next list", async () => {
    const settings = { ...defaultSettings, providers: { ollama: { baseUrl: fake.origin } } };
    const endpoints = new Endpoints({ settings, keys: new KeyRing(), local: new ScriptedProvider() });
    const limits = { listMs: 60_000, probeMs: 60_000, describeMs: 500, keepRemoteMs: 60_000, keepHereMs: 60_000 };
    const slow = Promise.withResolvers<JsonValue>();
    fake.tell("/api/show", (body) => (body?.["model"] === "slow" ? slow.promise : { ...shown, capabilities: ["completion"] }));
    const names = ["a", "b", "c", "d", "slow", "e"];
    fake.enqueue({ route: "models", body: { models: names.map((model) => ({ model })) } });
    const catalogue = new ModelCatalogue(endpoints, limits);
    const windows = async (): Promise<readonly (number | undefined)[]> => {
      const { models } = await catalogue.listModels({ provider: "ollama" }, signal);
      return models.map(({ contextWindow }) => contextWindow);
    };
    let told = await windows();
    // A busy machine may need more than one time for the first of them.
    for (let times = 0; told[0] !== 40_960 && times < 100; times += 1) told = await windows();
    assert.deepEqual([told.length, told[4]], [6, 8192]);
    slow.resolve(shown);
    for (let times = 0; told.includes(8192) && times < 100; times += 1) told = await windows();
    await endpoints.close();
    assert.deepEqual(told, Array(6).fill(40_960));
    assert.equal(fake.requests.length, 1);
  });

  it("is not waited for once its caller wants no more", async () => {
    fake.tell("/api/show", () => new Promise(() => {}));
    fake.enqueue({ route: "models", body: tags });
    const abort = new AbortController();
    const asked = engineWith("ollama").listModels({ provider: "ollama" }, abort.signal);
    await fake.waitFor(() => fake.questions.length === 1, "the question about the model");
    abort.abort(new Error("enough"));
    await assert.rejects(asked, { message: "enough" });
  });
});
