// Lists of models as each provider writes them, over real sockets.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { ProviderError, type Provider } from "../../../sidecar/providers/provider.ts";
import type { JsonValue, ModelInfo } from "../../../sidecar/types.ts";
import { fakeAtHand } from "../../support/fake-at-hand.ts";
import { FakeProvider } from "../../support/fake-provider.ts";
import { createProvider } from "../../support/provider-calls.ts";

const { fake, http } = await fakeAtHand();

const context = (signal = new AbortController().signal): { signal: AbortSignal; timeLimits: object } => ({ signal, timeLimits: {} });

async function list(provider: string, body?: JsonValue): Promise<readonly ModelInfo[]> {
  if (body !== undefined) fake.enqueue({ route: "models", body });
  return createProvider(provider, { baseUrl: fake.origin, key: "k" }, http).listModels(context());
}

async function listError(provider: string): Promise<ProviderError> {
  try {
    await list(provider);
  } catch (error) {
    assert.ok(error instanceof ProviderError, String(error));
    return error;
  }
  return assert.fail("the list was given");
}

describe("A list of models", () => {
  for (const [provider, path] of [
    ["openai", "/v1/models"],
    ["anthropic", "/v1/models?limit=1000"],
    ["ollama", "/api/tags"],
    ["vllm", "/v1/models"],
    ["groq", "/models"],
  ] as const) {
    test(`of ${provider} is asked for at ${path}`, async () => {
      const models = await list(provider);
      assert.deepEqual(
        models.map(({ ref, model }) => [ref, model]),
        [[`${provider}/fake-model`, "fake-model"]],
      );
      assert.equal(fake.requests[0]?.path, path);
      assert.equal(fake.requests[0].method, "GET");
    });
  }

  test("is empty where it is null, as servers write one that have no model, and names each model once", async () => {
    assert.deepEqual(await list("vllm", { object: "list", data: null }), []);
    const models = await list("vllm", { object: "list", data: [{ id: "a" }, { id: "b" }, { id: "a" }] });
    assert.deepEqual(
      models.map(({ model }) => model),
      ["a", "b"],
    );
  });

  test("has the window, the limit and the abilities that OpenRouter tells", async () => {
    const entry = {
      id: "acme/one",
      name: "Acme: One",
      context_length: 128_000,
      architecture: { input_modalities: ["text", "image"], output_modalities: ["text"] },
      top_provider: { context_length: 128_000, max_completion_tokens: 8192 },
      supported_parameters: ["tools", "temperature"],
    };
    const picture = { id: "acme/pictures", architecture: { output_modalities: ["image"] } };
    assert.deepEqual(await list("openrouter", { data: [entry, picture] }), [
      {
        ref: "openrouter/acme/one",
        provider: "openrouter",
        model: "acme/one",
        name: "Acme: One",
        contextWindow: 128_000,
        maxOutputTokens: 8192,
        abilities: { images: true, tools: true, reasoning: false },
      },
    ]);
  });

  test("has the window as Groq, Mistral, vLLM and Hugging Face tell it", async () => {
    const windowOf = async (provider: string, entry: JsonValue): Promise<number | undefined> =>
      (await list(provider, { data: [entry] }))[0]?.contextWindow;
    assert.equal(await windowOf("groq", { id: "a", context_window: 1000 }), 1000);
    assert.equal(await windowOf("mistral", { id: "a", max_context_length: 2000, capabilities: { vision: true } }), 2000);
    assert.equal(await windowOf("vllm", { id: "a", max_model_len: 3000 }), 3000);
    assert.equal(await windowOf("lmstudio", { id: "a" }), undefined);
  });

  test("of Hugging Face has the window and the price that hold wherever it routes to, and it routes to no one who is down", async () => {
    const down = { status: "error", context_length: 1000, pricing: { input: 9, output: 9 } };
    const live = [4096, 4000, 0].map((context_length) => ({ status: "live", context_length, pricing: { input: 1, output: 2 } }));
    const models = await list("huggingface", {
      data: [
        { id: "a", providers: [down, ...live] },
        { id: "b", providers: [{ context_length: 4000 }, { context_length: 4096 }, {}] },
        { id: "c", providers: [down] },
        { id: "d", providers: [] },
      ],
    });
    assert.deepEqual(
      models.map(({ model, contextWindow, price }) => [model, contextWindow, price]),
      [
        ["a", 4000, { input: 1, output: 2 }],
        ["b", 4000, undefined],
        ["c", undefined, undefined],
        ["d", undefined, undefined],
      ],
    );
  });

  test("leaves out what cannot chat", async () => {
    const ids = [
      "gpt-5-mini",
      "text-embedding-3-small",
      "whisper-1",
      "dall-e-3",
      "gpt-4o-mini-tts",
      "omni-moderation-latest",
      "gpt-image-1",
      "o3",
    ];
    assert.deepEqual(
      (await list("openai", { data: ids.map((id) => ({ id })) })).map(({ model }) => model),
      ["gpt-5-mini", "o3"],
    );
    const kinds = ["chat", "language", "code", "image", "audio", "video", "moderation", "transcribe", "embedding", "rerank"];
    assert.deepEqual(
      (
        await list(
          "openai-compatible",
          kinds.map((type) => ({ id: type, type })),
        )
      ).map(({ model }) => model),
      ["chat", "language", "code"],
      "as Together calls them",
    );
    const bert = { name: "nomic", model: "nomic", details: { family: "nomic-bert" } };
    assert.deepEqual(
      (await list("ollama", { models: [bert, { name: "qwen3:4b", model: "qwen3:4b" }] })).map(({ model }) => model),
      ["qwen3:4b"],
    );
  });

  test("of Gemini is without the prefix that its requests have", async () => {
    assert.deepEqual(
      (await list("gemini", { data: [{ id: "models/gemini-2.5-flash" }] })).map(({ ref }) => ref),
      ["gemini/gemini-2.5-flash"],
    );
  });

  test("is read page by page", async () => {
    fake.enqueue({
      route: "models",
      body: {
        data: [{ id: "claude-opus-4-6", display_name: "Claude Opus 4.6", max_input_tokens: 200_000 }],
        has_more: true,
        last_id: "claude-opus-4-6",
      },
    });
    const models = await list("anthropic", { data: [{ id: "claude-3-haiku-20240307" }], has_more: false });
    assert.deepEqual(
      models.map(({ name, contextWindow, abilities }) => [name, contextWindow, abilities?.reasoning]),
      [
        ["Claude Opus 4.6", 200_000, true],
        ["claude-3-haiku-20240307", undefined, false],
      ],
    );
    assert.equal(fake.requests[1]?.path, "/v1/models?limit=1000&after_id=claude-opus-4-6");
  });

  test("ends where something between passes over which page is meant, and gives the same one again", async () => {
    const page = { data: [{ id: "claude-opus-4-6" }, { id: "claude-haiku-4-5" }], has_more: true, last_id: "claude-haiku-4-5" };
    for (let times = 0; times < 3; times++) fake.enqueue({ route: "models", body: page });
    const models = await list("anthropic", page);
    assert.deepEqual(
      models.map(({ model }) => model),
      ["claude-opus-4-6", "claude-haiku-4-5"],
    );
    assert.equal(fake.requests.length, 2);
  });

  test("passes over entries that are none", async () => {
    assert.deepEqual(
      (await list("vllm", { data: [null, 5, {}, { id: "" }, { id: "ok" }] })).map(({ model }) => model),
      ["ok"],
    );
  });

  test("that comes compressed unasked is read, as is what a server tells beside it, and one that cannot be unpacked says so", async () => {
    const packers: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
      gzip: gzipSync,
      deflate: deflateSync,
      br: brotliCompressSync,
      zip: (bytes) => bytes,
    };
    const server = createServer((request, response) => {
      const [, encoding = "", ...path] = (request.url ?? "").split("/");
      const json = path.join("/") === "props" ? { total_slots: 7 } : { data: [{ id: "one" }] };
      const pack = packers[encoding] ?? assert.fail(encoding);
      response.writeHead(200, { "content-encoding": encoding }).end(pack(Buffer.from(JSON.stringify(json))));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const at = (encoding: string): Provider =>
      createProvider("llama-server", { baseUrl: `http://127.0.0.1:${port}/${encoding}/v1`, key: undefined }, http);
    try {
      for (const encoding of ["gzip", "deflate", "br"]) {
        assert.deepEqual(
          (await at(encoding).listModels(context())).map(({ model }) => model),
          ["one"],
          encoding,
        );
        assert.equal(await at(encoding).places?.(), 7, encoding);
      }
      await assert.rejects(at("zip").listModels(context()), { providerCode: "compressed", message: /came compressed \(zip\)/u });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe("A list that fails", () => {
  test("with a status is an error of its kind", async () => {
    fake.enqueue({ route: "models", status: 401, body: { error: { message: "who are you?" } } });
    assert.equal((await listError("openai")).kind, "auth");
  });

  test("with an error under status 200 is that error", async () => {
    for (const provider of ["vllm", "openai", "anthropic", "ollama"]) {
      fake.reset();
      fake.enqueue({ route: "models", body: { error: { message: "bad key", code: "invalid_api_key" } } });
      const { kind, message } = await listError(provider);
      assert.equal(kind, "auth");
      assert.match(message, /gave no list of models: bad key$/u);
    }
  });

  test("because something else answers says so", async () => {
    for (const body of ["<html>Hi</html>", { hello: "world" }, [], "null"] as const) {
      fake.reset();
      fake.enqueue({ route: "models", body });
      if (Array.isArray(body)) assert.deepEqual(await list("vllm"), []);
      else assert.equal((await listError("vllm")).providerCode, "not-an-api");
    }
  });

  test("because its body has no end is refused", async () => {
    fake.enqueue({ route: "models", body: "x".repeat(40 * 1024 * 1024) });
    assert.equal((await listError("vllm")).providerCode, "not-an-api");
    await fake.waitFor((state) => state.openAnswers === 0, "the answer to be over");
  });

  test("because nobody is there is a network error", async () => {
    const gone = await FakeProvider.start();
    await gone.close();
    const provider = createProvider("vllm", { baseUrl: gone.origin, key: undefined }, http);
    await assert.rejects(provider.listModels(context()), { kind: "network", providerCode: "ECONNREFUSED" });
  });

  test("because it takes too long closes its socket", async () => {
    fake.enqueue({ route: "models", holdHeaders: "never" });
    const provider = createProvider("vllm", { baseUrl: fake.origin, key: undefined }, http);
    await assert.rejects(provider.listModels({ ...context(), timeLimits: { firstTokenMs: 30 } }), {
      kind: "timeout",
      providerCode: "list-timeout",
    });
    await fake.waitFor((state) => state.clientClosed === 1, "the socket to be closed");
  });

  test("because it was cancelled closes its socket", async () => {
    fake.enqueue({ route: "models", holdHeaders: "never" });
    const abort = new AbortController();
    const models = createProvider("vllm", { baseUrl: fake.origin, key: undefined }, http).listModels(context(abort.signal));
    await fake.waitFor((state) => state.waitingAt.includes("never"), "the request to arrive");
    abort.abort("enough");
    await assert.rejects(models, (reason) => reason === "enough");
    await fake.waitFor((state) => state.clientClosed === 1, "the socket to be closed");
  });
});
