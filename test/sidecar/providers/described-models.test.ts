// What servers tell of their models beside or inside their lists, over real sockets. The answers are cut down from what the
// servers' own documentation shows.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readPlaces } from "../../../sidecar/providers/openai-chat/described-models.ts";
import type { JsonObject, JsonValue, ModelInfo } from "../../../sidecar/types.ts";
import { fakeAtHand } from "../../support/fake-at-hand.ts";
import { createProvider } from "../../support/provider-calls.ts";

const { fake, http } = await fakeAtHand();

async function list(provider: string, body: JsonValue, path = ""): Promise<readonly ModelInfo[]> {
  fake.enqueue({ route: "models", body });
  const { signal } = new AbortController();
  const asked = createProvider(provider, { baseUrl: `${fake.origin}${path}`, key: "the-key" }, http);
  const models = await asked.listModels({ signal, timeLimits: {} });
  return (await asked.describeModels?.(models, signal)) ?? models;
}

async function priceOf(provider: string, entry: JsonObject): Promise<ModelInfo["price"]> {
  return (await list(provider, { data: [{ id: "m", ...entry }] }))[0]?.price;
}

type Facts = Pick<ModelInfo, "model" | "contextWindow" | "maxOutputTokens" | "abilities">;
const factsOf = (models: readonly ModelInfo[]): Facts[] =>
  models.map(({ model, contextWindow, maxOutputTokens, abilities }) => ({
    model,
    ...(contextWindow === undefined ? {} : { contextWindow }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(abilities === undefined ? {} : { abilities }),
  }));

describe("Prices in a list of models", () => {
  test("are OpenRouter's, in dollars for one token, each rate by itself", async () => {
    const pricing = { prompt: "0.00000025", completion: "0.000002", input_cache_read: "0.000000025", input_cache_write: "0.0000003" };
    assert.deepEqual(await priceOf("openrouter", { pricing: { ...pricing, request: "0", image: "0" } }), {
      input: 0.25,
      output: 2,
      cachedInput: 0.025,
      cacheWrite: 0.3,
    });
    assert.deepEqual(await priceOf("openrouter", { pricing: { prompt: "0.000001", completion: "0.000001", request: "0.005" } }), {
      input: 1,
      output: 1,
      perRequest: 0.005,
    });
  });

  test("are zero where OpenRouter says zero, and unknown where it says that it depends", async () => {
    assert.deepEqual(await priceOf("openrouter", { pricing: { prompt: "0", completion: "0" } }), { input: 0, output: 0 });
    assert.equal(await priceOf("openrouter", { pricing: { prompt: "-1", completion: "-1" } }), undefined);
    assert.equal(await priceOf("openrouter", { pricing: { prompt: "", completion: "0.1" } }), undefined);
    assert.equal(await priceOf("openrouter", {}), undefined);
  });

  test("are Together's, in dollars for a million tokens, where both of its zeros do not mean that none is told", async () => {
    assert.deepEqual(await priceOf("openai-compatible", { pricing: { input: 0.88, output: 0.9 } }), { input: 0.88, output: 0.9 });
    assert.equal(await priceOf("openai-compatible", { pricing: { input: 0, output: 0 } }), undefined);
  });

  test("are those of Hugging Face's providers where all of them have the same", async () => {
    const at = (input: number): JsonObject => ({ provider: "p", pricing: { input, output: 2 } });
    assert.deepEqual(await priceOf("huggingface", { providers: [at(1), at(1)] }), { input: 1, output: 2 });
    assert.equal(await priceOf("huggingface", { providers: [at(1), at(3)] }), undefined);
    assert.equal(await priceOf("huggingface", { providers: [at(1), { provider: "q" }] }), undefined);
  });
});

describe("What a server tells of its models elsewhere", () => {
  test("is the context of each of llama-server's slots, and what its template can do", async () => {
    fake.tell("/props", {
      default_generation_settings: { n_ctx: 16_384 },
      total_slots: 4,
      modalities: { vision: true, audio: false },
      chat_template_caps: { supports_tools: true },
    });
    const models = await list("llama-server", { data: [{ id: "qwen.gguf", meta: { n_ctx_train: 262_144 } }] });
    assert.deepEqual(factsOf(models), [{ model: "qwen.gguf", contextWindow: 16_384, abilities: { images: true, tools: true } }]);
    assert.equal(fake.questions[0]?.headers["authorization"], "Bearer the-key");
  });

  test("is the number of llama-server's slots, unless no server has as many", async () => {
    const told = (slots: number): Promise<number | undefined> => readPlaces("llama-server", async () => ({ total_slots: slots }));
    assert.deepEqual(await Promise.all([0, 1, 6, 1024, 1025, 1e9].map(told)), [undefined, 1, 6, 1024, undefined, undefined]);
  });

  test("is not taken for any of the models behind llama-server as a router", async () => {
    fake.tell("/props", { default_generation_settings: { n_ctx: 16_384 } });
    const models = await list("llama-server", { data: [{ id: "a" }, { id: "b" }] });
    assert.deepEqual(factsOf(models), [{ model: "a" }, { model: "b" }]);
  });

  test("is LM Studio's: the context with which a model is loaded, else the most that it can have", async () => {
    const capabilities = { vision: false, trained_for_tool_use: true };
    fake.tell("/api/v1/models", {
      models: [
        {
          type: "llm",
          key: "a",
          max_context_length: 131_072,
          loaded_instances: [{ id: "a:2", config: { context_length: 8192 } }],
          capabilities,
        },
        { type: "llm", key: "b", max_context_length: 32_768, loaded_instances: [] },
      ],
    });
    const abilities = { images: false, tools: true };
    assert.deepEqual(factsOf(await list("lmstudio", { data: [{ id: "a" }, { id: "a:2" }, { id: "b" }, { id: "c" }] })), [
      { model: "a", contextWindow: 8192, abilities },
      { model: "a:2", contextWindow: 8192, abilities },
      { model: "b", contextWindow: 32_768 },
      { model: "c" },
    ]);
  });

  test("is LM Studio's before version 0.4", async () => {
    fake.tell("/api/v0/models", {
      data: [
        { id: "a", type: "vlm", max_context_length: 131_072, loaded_context_length: 4096, capabilities: ["tool_use"] },
        { id: "b", type: "llm", max_context_length: 32_768 },
      ],
    });
    assert.deepEqual(factsOf(await list("lmstudio", { data: [{ id: "a" }, { id: "b" }] })), [
      { model: "a", contextWindow: 4096, abilities: { images: true, tools: true } },
      { model: "b", contextWindow: 32_768, abilities: { images: false } },
    ]);
  });

  test("is Google's, asked with the key in Google's own header", async () => {
    fake.tell("/v1beta/models", {
      models: [{ name: "models/gemini-2.5-flash", inputTokenLimit: 1_048_576, outputTokenLimit: 65_536, thinking: true }],
    });
    assert.deepEqual(factsOf(await list("gemini", { data: [{ id: "models/gemini-2.5-flash" }] }, "/v1beta/openai")), [
      { model: "gemini-2.5-flash", contextWindow: 1_048_576, maxOutputTokens: 65_536, abilities: { reasoning: true } },
    ]);
    assert.equal(fake.questions[0]?.headers["x-goog-api-key"], "the-key");
  });

  test("is Ollama's: what each model was made for and can do; one that only embeds is left out", async () => {
    fake.tell("/api/show", (body) => {
      if (body?.["model"] === "embed") return { capabilities: ["embedding"], model_info: {} };
      if (body?.["model"] === "old") return { model_info: { "general.architecture": "llama", "llama.context_length": 8192 } };
      const model_info = { "general.architecture": "qwen3", "qwen3.context_length": 40_960, "qwen3.rope.scaling.context_length": 1 };
      return body?.["model"] === "gone" ? undefined : { capabilities: ["completion", "tools", "thinking"], model_info };
    });
    const names = ["qwen3:4b", "old", "embed", "gone"];
    assert.deepEqual(factsOf(await list("ollama", { models: names.map((model) => ({ model })) })), [
      { model: "qwen3:4b", contextWindow: 40_960, abilities: { images: false, tools: true, reasoning: true } },
      { model: "old", contextWindow: 8192 },
      { model: "gone" },
    ]);
  });

  test("is in Anthropic's list itself, and counts more than the name of a model", async () => {
    const capabilities = { image_input: { supported: false }, thinking: { supported: true } };
    const entry = { id: "claude-3-haiku-20240307", max_input_tokens: 200_000, max_tokens: 4096, capabilities };
    assert.deepEqual(factsOf(await list("anthropic", { data: [entry] })), [
      {
        model: "claude-3-haiku-20240307",
        contextWindow: 200_000,
        maxOutputTokens: 4096,
        abilities: { images: false, tools: true, reasoning: true },
      },
    ]);
  });

  test("is never what a list waits for in vain: a server that knows no such question gives its list all the same", async () => {
    for (const provider of ["llama-server", "lmstudio"]) {
      assert.deepEqual(factsOf(await list(provider, { data: [{ id: "m" }] })), [{ model: "m" }], provider);
    }
    assert.ok(fake.questions.length >= 2);
  });
});
