// The size of the context that Ollama's models are asked for, over real sockets against a server that tells what Ollama tells.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { HttpClient } from "../../../../sidecar/http/http-client.ts";
import { asObject } from "../../../../sidecar/providers/json-fields.ts";
import { createHttpProvider } from "../../../../sidecar/providers/http-provider.ts";
import { ProviderError, type Provider, type ProviderEvent } from "../../../../sidecar/providers/provider.ts";
import { providerRow } from "../../../../sidecar/providers/registry.ts";
import type { GenerationParameters, JsonObject } from "../../../../sidecar/types.ts";
import { FakeProvider } from "../../../support/fake-provider.ts";

let fake: FakeProvider;
let http: HttpClient;
before(async () => {
  fake = await FakeProvider.start();
});
afterEach(async () => {
  await http.close();
  fake.reset();
});
after(() => fake.close());

function ollama(): Provider {
  const row = providerRow("ollama");
  assert.ok(row);
  http = new HttpClient();
  return createHttpProvider(row, { provider: "ollama", baseUrl: fake.origin, key: undefined }, http);
}

interface Server {
  /** Tokens that the model was made for. */
  readonly limit?: number;
  /** As the Modelfile's parameters stand in the answer. */
  readonly parameters?: string;
  /** Tokens with which it is loaded. */
  readonly loaded?: number;
}

function tell({ limit, parameters, loaded }: Server): void {
  const model_info: JsonObject = { "general.architecture": "qwen3", ...(limit === undefined ? {} : { "qwen3.context_length": limit }) };
  fake.tell("/api/show", { model_info, capabilities: ["completion"], ...(parameters === undefined ? {} : { parameters }) });
  const running = loaded === undefined ? [] : [{ name: "m:latest", model: "m:latest", context_length: loaded }];
  fake.tell("/api/ps", { models: running });
}

async function ask(provider: Provider, prompt: string, parameters: GenerationParameters = {}): Promise<readonly ProviderEvent[]> {
  const events: ProviderEvent[] = [];
  const request = { model: "m", messages: [{ role: "user", content: [{ type: "text", text: prompt }] }], parameters } as const;
  const context = { signal: new AbortController().signal, timeLimits: {} };
  for await (const batch of provider.stream(request, context)) events.push(...batch);
  return events;
}

function sizes(): readonly unknown[] {
  return fake.requests.map(({ body }) => asObject(body?.["options"])?.["num_ctx"]);
}

const bytes = (count: number): string => "word ".repeat(Math.ceil(count / 5)).slice(0, count);
const warnings = (events: readonly ProviderEvent[]): readonly string[] =>
  events.flatMap((event) => (event.type === "warning" ? [event.code] : []));

describe("the context that Ollama is asked for", () => {
  it("quirk 35: is one power of two for short and longer prompts, and grows only where a prompt needs more", async () => {
    tell({ limit: 131_072 });
    const provider = ollama();
    // A token is reckoned as three bytes, and 2,048 are kept for the answer: 10,000 bytes fit into 8,192, 30,000 do not.
    for (const prompt of ["hi", bytes(10_000), bytes(30_000), "hi", bytes(10_000)]) await ask(provider, prompt);
    assert.deepEqual(sizes(), [8192, 8192, 16_384, 16_384, 16_384]);
  });

  it("quirk 35: grows to what the model was made for and no further, also where that is no power of two", async () => {
    tell({ limit: 40_960 });
    const provider = ollama();
    await ask(provider, bytes(150_000));
    assert.deepEqual(sizes(), [40_960]);
  });

  it("leaves room for the longest answer that is allowed", async () => {
    tell({ limit: 131_072 });
    await ask(ollama(), "hi", { maxOutputTokens: 20_000 });
    assert.deepEqual(sizes(), [32_768]);
  });

  it("is that of the loaded model where it is large enough, so that it need not be loaded anew", async () => {
    tell({ limit: 131_072, loaded: 4096, parameters: "num_ctx 16384" });
    await ask(ollama(), "hi");
    tell({ limit: 131_072, loaded: 50_000 });
    await ask(ollama(), bytes(30_000));
    assert.deepEqual(sizes(), [4096, 50_000]);
  });

  it("is that of the Modelfile where the model is not loaded and it is large enough", async () => {
    tell({
      limit: 131_072,
      parameters: 'stop                           "<|im_end|>"\nnum_ctx                        12000\ntemperature 0.7',
    });
    const provider = ollama();
    await ask(provider, "hi");
    await ask(provider, bytes(60_000));
    assert.deepEqual(sizes(), [12_000, 32_768]);
  });

  it("is that of the Modelfile also where the model is loaded with less than a prompt needs", async () => {
    tell({ limit: 131_072, loaded: 4096, parameters: "num_ctx 32768" });
    const provider = ollama();
    for (const prompt of ["hi", bytes(10_000), "hi"]) await ask(provider, prompt);
    assert.deepEqual(sizes(), [4096, 32_768, 32_768]);
  });

  it("does not shrink because another size was loaded a moment before", async () => {
    tell({ limit: 131_072, loaded: 4096 });
    const provider = ollama();
    await ask(provider, bytes(30_000));
    await ask(provider, "hi");
    assert.deepEqual(sizes(), [16_384, 16_384]);
  });

  it("is the caller's own where the caller says one", async () => {
    tell({ limit: 131_072, loaded: 4096 });
    await ask(ollama(), bytes(30_000), { providerOptions: { ollama: { options: { num_ctx: 3000 } } } });
    assert.deepEqual(sizes(), [3000]);
  });

  for (const [what, prompt, size] of [
    // Each digit is a token in many vocabularies.
    ["columns of numbers", "412.075,318.5\n".repeat(2000), 32_768],
    ["hexadecimal digits", `${"3fa85f6457174562b3fc2c963f66afa6".repeat(2)}\n`.repeat(200), 16_384],
    ["a table of a database's terminal, which has few", `${" ".repeat(60)}| ${"active".padEnd(30)} |\n`.repeat(500), 8192],
  ] as const) {
    it(`quirk 35: holds all tokens of ${what}`, async () => {
      tell({ limit: 131_072 });
      await ask(ollama(), prompt);
      assert.deepEqual(sizes(), [size]);
    });
  }

  it("is reckoned without the model's limit where the server does not tell it, and asked about once for many requests", async () => {
    const provider = ollama();
    await Promise.all(Array.from({ length: 8 }, () => ask(provider, bytes(30_000))));
    assert.deepEqual(new Set(sizes()), new Set([16_384]));
    assert.deepEqual(fake.questions.map(({ path }) => path).toSorted(), ["/api/ps", "/api/show"]);
  });
});

describe("a prompt that does not fit", () => {
  it("quirk 35: is refused by name before it is sent, where no count could make it fit", async () => {
    tell({ limit: 2048 });
    await assert.rejects(ask(ollama(), "word ".repeat(2049)), (error: unknown) => {
      assert.ok(error instanceof ProviderError);
      assert.equal(error.kind, "context-length");
      assert.equal(error.providerCode, "context-length-exceeded");
      assert.equal(error.phase, "before-headers");
      assert.match(error.message, /2049 tokens, and m holds 2048/u);
      return true;
    });
    assert.equal(fake.requests.length, 0);
  });

  it("is sent where it may fit after all", async () => {
    tell({ limit: 2048 });
    await ask(ollama(), "word ".repeat(2048));
    assert.deepEqual(sizes(), [2048]);
  });

  for (const [since, error] of [
    ["0.12.6", "the input length exceeds the context length"],
    [
      "0.34",
      JSON.stringify({
        error: {
          code: 400,
          message: "request (20041 tokens) exceeds the available context size (8192 tokens), try increasing it",
          type: "exceed_context_size_error",
          n_prompt_tokens: 20_041,
          n_ctx: 8192,
        },
      }),
    ],
  ] as const) {
    it(`quirk 35: is refused instead of cut, and sent again with twice the context as long as the model has more: since ${since}`, async () => {
      tell({ limit: 40_960 });
      const provider = ollama();
      fake.enqueue({ status: 400, body: { error } }, { status: 400, body: { error } });
      const events = await ask(provider, "hi");
      assert.equal(events.find(({ type }) => type === "finish")?.type, "finish");
      await ask(provider, "hi");
      assert.deepEqual(sizes(), [8192, 16_384, 32_768, 32_768]);
      assert.ok(fake.requests.every(({ body }) => body?.["truncate"] === false));
    });

    it(`quirk 35: fails by name where the model has no more: since ${since}`, async () => {
      tell({ limit: 12_000 });
      fake.enqueue({ status: 400, body: { error } }, { status: 400, body: { error } });
      await assert.rejects(ask(ollama(), "hi"), (thrown: unknown) => {
        assert.ok(thrown instanceof ProviderError);
        assert.equal(thrown.kind, "context-length");
        assert.match(thrown.message, /exceeds the (available )?context/u);
        assert.doesNotMatch(thrown.message, /[{}]/u);
        return true;
      });
      assert.deepEqual(sizes(), [8192, 12_000]);
    });
  }

  it("is not sent again where its bytes are too many for a proxy", async () => {
    tell({ limit: 40_960 });
    const provider = ollama();
    fake.enqueue({ status: 413, body: { error: "request entity too large" } });
    await assert.rejects(ask(provider, "hi"), { kind: "context-length" });
    await ask(provider, "hi");
    assert.deepEqual(sizes(), [8192, 8192]);
  });

  it("is not sent again where the size is the caller's own", async () => {
    tell({ limit: 40_960 });
    fake.enqueue({ status: 400, body: { error: "the input length exceeds the context length" } });
    await assert.rejects(ask(ollama(), "hi", { providerOptions: { ollama: { options: { num_ctx: 2000 } } } }), { kind: "context-length" });
    assert.deepEqual(sizes(), [2000]);
  });

  // Counted with gpt-oss's own tokenizer, o200k.
  for (const [what, prompt, tokens] of [
    ["a table of a database's terminal", `${" ".repeat(60)}| ${"active".padEnd(30)} |\n`.repeat(600), 3000],
    ["source code between lines of dashes", `//${"-".repeat(78)}\n// Section\nint x;\n`.repeat(200), 1401],
    ["nothing but spaces", " ".repeat(40_000), 313],
    ["phrases of a language without spaces", "สำนักเลขานุการองค์กร".repeat(300), 1200],
  ] as const) {
    it(`is sent, and not called cut, where it is ${what}: few tokens for so many bytes`, async () => {
      tell({ limit: 4096 });
      fake.enqueue({ steps: [{ text: "x" }, { usage: { inputTokens: tokens, outputTokens: 1 } }, { finish: "stop" }] });
      assert.deepEqual(warnings(await ask(ollama(), prompt)), []);
      assert.equal(fake.requests.length, 1);
    });
  }

  for (const [what, inputTokens] of [
    ["filled the whole context", 8192],
    ["was read with fewer tokens than it has words", 799],
  ] as const) {
    it(`quirk 35: and was cut all the same is told by a warning: it ${what}`, async () => {
      tell({ limit: 131_072 });
      fake.enqueue({ steps: [{ text: "x" }, { usage: { inputTokens, outputTokens: 1 } }, { finish: "stop" }] });
      const events = await ask(ollama(), bytes(4000));
      assert.deepEqual(warnings(events), ["prompt-truncated"]);
    });
  }

  it("quirk 35: and was cut all the same is told by a warning also where it is of numbers, and half of it was read", async () => {
    tell({ limit: 8192 });
    const log = "2026-11-22T13:07:12.125Z 3fa85f64-5717-4562-b3fc-2c963f66afa6 10.0.12.7 200\n".repeat(200);
    // o200k counts 9,800 for all of it.
    fake.enqueue({ steps: [{ text: "x" }, { usage: { inputTokens: 4900, outputTokens: 1 } }, { finish: "stop" }] });
    assert.deepEqual(warnings(await ask(ollama(), log)), ["prompt-truncated"]);
  });

  it("quirk 35: is told of no further than that: what was read whole brings no warning", async () => {
    tell({ limit: 131_072 });
    fake.enqueue({ steps: [{ text: "x" }, { usage: { inputTokens: 800, outputTokens: 1 } }, { finish: "stop" }] });
    assert.deepEqual(warnings(await ask(ollama(), bytes(4000))), []);
  });
});

describe("a context for which the machine has no memory", () => {
  const noMemory = { status: 500, body: { error: "model requires more system memory (39.4 GiB) than is available (30.0 GiB)" } };

  it("is asked for half as large, and so by the requests after it", async () => {
    tell({ limit: 131_072 });
    const provider = ollama();
    fake.enqueue(noMemory, noMemory);
    const events = await ask(provider, bytes(60_000));
    assert.equal(events.find(({ type }) => type === "finish")?.type, "finish");
    for (const prompt of ["hi", bytes(60_000)]) await ask(provider, prompt);
    assert.deepEqual(sizes(), [32_768, 16_384, 8192, 8192, 8192]);
  });

  it("is not the Modelfile's either", async () => {
    tell({ limit: 131_072, parameters: "num_ctx 65536" });
    const provider = ollama();
    fake.enqueue(noMemory);
    await ask(provider, "hi");
    await ask(provider, bytes(150_000));
    assert.deepEqual(sizes(), [65_536, 32_768, 32_768]);
  });

  it("is not grown to by a prompt that does not fit: that one is too long, as a conversation is that has to be summarised", async () => {
    tell({ limit: 131_072 });
    const tooLong = { status: 400, body: { error: "the input length exceeds the context length" } };
    fake.enqueue(tooLong, noMemory, tooLong);
    await assert.rejects(ask(ollama(), "hi"), { kind: "context-length" });
    assert.deepEqual(sizes(), [8192, 16_384, 8192]);
  });

  it("is told where the machine has not even that for the smallest, or the size is the caller's own", async () => {
    tell({ limit: 131_072 });
    const provider = ollama();
    fake.enqueue(noMemory, noMemory, noMemory);
    await assert.rejects(ask(provider, "hi"), /more system memory/u);
    await assert.rejects(ask(provider, "hi", { providerOptions: { ollama: { options: { num_ctx: 9000 } } } }), { status: 500 });
    assert.deepEqual(sizes(), [8192, 4096, 9000]);
  });

  it("is no other failure of the server, which is told as it is", async () => {
    tell({ limit: 131_072 });
    fake.enqueue({ status: 500, body: { error: "llama runner process has terminated: exit status 2" } });
    await assert.rejects(ask(ollama(), "hi"), { status: 500 });
    assert.deepEqual(sizes(), [8192]);
  });
});
