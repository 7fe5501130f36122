// The bodies that OpenAI's two interfaces are sent.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HttpClient } from "../../../sidecar/http/http-client.ts";
import { createHttpProvider } from "../../../sidecar/providers/http-provider.ts";
import { asList, asObject } from "../../../sidecar/providers/json-fields.ts";
import { providerRow, PROVIDER_ROWS } from "../../../sidecar/providers/registry.ts";
import type { AssistantPart, GenerationParameters, JsonObject, JsonValue, Message } from "../../../sidecar/types.ts";
import { userMessage } from "../../support/provider-calls.ts";
import { ADAPTERS, wireTarget } from "../../support/wire-reading.ts";
import {
  assistant,
  body,
  EVERY_PARAMETER,
  image,
  refusal,
  result,
  SCHEMA,
  toolRound,
  warnings,
  WEATHER,
} from "../../support/wire-requests.ts";

describe("Chat completions are asked", () => {
  test("with system, parameters and tools, and with the messages last", () => {
    const asked = body({
      provider: "openai-compatible",
      parameters: EVERY_PARAMETER,
    });
    assert.deepEqual(asked, {
      model: "m",
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0.2,
      top_p: 0.9,
      seed: 7,
      stop: ["END"],
      max_tokens: 50,
      reasoning_effort: "low",
      response_format: { type: "json_schema", json_schema: { name: "answer", schema: SCHEMA } },
      tools: [{ type: "function", function: { name: "weather", description: "Tells it", parameters: WEATHER.parameters } }],
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hi" },
      ],
    });
    assert.equal(Object.keys(asked).at(-1), "messages");
  });

  test("with a picture as a data URL", () => {
    assert.deepEqual(body({ provider: "openai-compatible", messages: [image] })["messages"], [
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "image_url", image_url: { url: "data:image/png;base64,aGk=" } },
        ],
      },
    ]);
  });

  test("with tool calls and their results", () => {
    assert.deepEqual(body({ provider: "openai-compatible", messages: toolRound })["messages"], [
      { role: "user", content: "Weather?" },
      {
        role: "assistant",
        content: "Looking.",
        tool_calls: [{ id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Zürich"}' } }],
      },
      { role: "tool", tool_call_id: "call_1", content: "Sunny" },
    ]);
  });

  test("with an answer between the results of tools and the next question, at Mistral, which refuses one behind the other", () => {
    const asked = { provider: "mistral", messages: [...toolRound, userMessage("And tomorrow?")] };
    assert.deepEqual(JSON.parse(JSON.stringify(body(asked)["messages"])).slice(2), [
      { role: "tool", tool_call_id: "call00000", content: "Sunny" },
      { role: "assistant", content: "OK." },
      { role: "user", content: "And tomorrow?" },
    ]);
  });

  const BY_PROVIDER: readonly (readonly [provider: string, parameters: GenerationParameters, expected: JsonObject])[] = [
    ["groq", { maxOutputTokens: 5 }, { max_completion_tokens: 5, max_tokens: undefined }],
    ["mistral", { seed: 3, reasoning: "high" }, { random_seed: 3, seed: undefined, reasoning_effort: "high", stream_options: undefined }],
    ["openrouter", { reasoning: "medium" }, { reasoning: { effort: "medium" } }],
    ["openrouter", { reasoning: "off" }, { reasoning: { enabled: false } }],
    ["deepseek", { reasoning: "off" }, { thinking: { type: "disabled" } }],
    ["vllm", { reasoning: "off" }, { chat_template_kwargs: { enable_thinking: false } }],
    ["llama-server", {}, { return_progress: true }],
    ["openai-compatible", { reasoning: "off" }, { reasoning_effort: "none" }],
  ];
  for (const [provider, parameters, expected] of BY_PROVIDER) {
    test(`${provider}'s own way: ${JSON.stringify(parameters)}`, () => {
      const asked = body({ provider, parameters });
      for (const [field, value] of Object.entries(expected)) assert.deepEqual(asked[field], value, field);
    });
  }

  test("OpenAI's own padding is asked to be left out, at its own address alone", () => {
    assert.deepEqual(body({ provider: "openai", wire: "openai-chat" })["stream_options"], {
      include_usage: true,
      include_obfuscation: false,
    });
    const elsewhere = { ...wireTarget("openai"), baseUrl: new URL("http://127.0.0.1:9/v1") };
    const request = ADAPTERS["openai-chat"].buildRequest({ model: "m", messages: [userMessage("Hi")], parameters: {} }, elsewhere);
    assert.deepEqual(request.body["stream_options"], { include_usage: true });
  });

  test("another server under OpenAI's name is given its limit of tokens by the name that all servers know, until it refuses that", () => {
    const limitAt = (provider: string, baseUrl: string, learned: readonly string[] = []): readonly unknown[] => {
      const target = { ...wireTarget(provider, learned), baseUrl: new URL(baseUrl) };
      const request = { model: "m", messages: [userMessage("Hi")], parameters: { maxOutputTokens: 7 } };
      const asked = ADAPTERS["openai-chat"].buildRequest(request, target).body;
      return [asked["max_tokens"], asked["max_completion_tokens"]];
    };
    for (const provider of ["openai", "groq"]) assert.deepEqual(limitAt(provider, "http://127.0.0.1:9/v1"), [7, undefined], provider);
    assert.deepEqual(limitAt("openai", "http://127.0.0.1:9/v1", ["max_completion_tokens"]), [undefined, 7]);
    assert.deepEqual(limitAt("openai", "https://api.openai.com/v1"), [undefined, 7]);
    assert.deepEqual(limitAt("azure", "https://me.openai.azure.com/openai/v1"), [undefined, 7]);
  });

  test("levels of reasoning that are lost are told", () => {
    assert.deepEqual(warnings({ provider: "deepseek", parameters: { reasoning: "low" } }), [["parameter-mapped", "reasoning"]]);
    assert.deepEqual(warnings({ provider: "deepseek", parameters: { reasoning: "off" } }), []);
  });

  test("Mistral's models that were made to reason are asked by their mode", () => {
    const asked = { provider: "mistral", model: "magistral-medium-latest", parameters: { reasoning: "high" } } as const;
    assert.deepEqual([body(asked)["prompt_mode"], body(asked)["reasoning_effort"]], ["reasoning", undefined]);
    assert.deepEqual(warnings(asked), [["parameter-mapped", "reasoning"]]);
  });

  for (const provider of ["deepseek", "mlx"]) {
    test(`${provider} is refused pictures by name, which it cannot be sent`, () => {
      const { info } = refusal({ provider, messages: [image] });
      assert.deepEqual([info.kind, info.providerCode, info.provider], ["unsupported", "unsupported-parameter:images", provider]);
    });
  }

  test("Mistral gets ids of nine characters, the same in call and result and in every turn", () => {
    const asked = body({ provider: "mistral", messages: toolRound })["messages"];
    assert.deepEqual(asked, body({ provider: "mistral", messages: toolRound })["messages"]);
    assert.match(JSON.stringify(asked), /"id":"call00000".*"tool_call_id":"call00000"/u);
  });

  const thought: AssistantPart = { type: "reasoning", text: "Hm." };
  const said = assistant(thought, { type: "text", text: "t" });
  const weather = { name: "weather", parameters: { type: "object" } };

  test("quirk 31: DeepSeek gets its reasoning back with every answer where tools are used, and not otherwise", () => {
    const round = [
      userMessage("x"),
      assistant(thought, { type: "tool-call", id: "a", name: "weather", arguments: "{}" }),
      result("a", "r"),
    ];
    const echoed = (provider: string, messages: readonly Message[], parameters: GenerationParameters): number =>
      JSON.stringify(body({ provider, messages, parameters })).split('"reasoning_content":"Hm."').length - 1;
    const later = [...round, said, userMessage("y")];
    assert.equal(echoed("deepseek", round, {}), 1);
    assert.equal(echoed("deepseek", later, {}), 2);
    assert.equal(echoed("deepseek", [userMessage("x"), said, userMessage("y")], { tools: [weather] }), 1);
    assert.equal(echoed("deepseek", [userMessage("x"), said, userMessage("y")], {}), 0);
    assert.equal(echoed("groq", later, { tools: [weather] }), 0);
  });

  for (const model of ["o1", "o3", "o4-mini", "gpt-5-mini", "a-model-of-next-year"]) {
    test(`fault 22: ${model} of OpenAI's is given its limit of tokens by the name that models that reason take`, () => {
      const parameters: GenerationParameters = { maxOutputTokens: 7 };
      for (const provider of ["openai", "azure"]) {
        const asked = body({ provider, wire: "openai-chat", model, parameters });
        assert.deepEqual([asked["max_completion_tokens"], asked["max_tokens"]], [7, undefined], provider);
      }
      assert.equal(body({ provider: "openai", model, parameters })["max_output_tokens"], 7);
    });
  }

  for (const { id } of PROVIDER_ROWS.filter((row) => row.wire === "openai-chat" || row.id === "openai")) {
    test(`quirk 38: ${id} is given the system's words under the role \`system\`, which everybody takes`, () => {
      const asked = body({ provider: id, wire: "openai-chat", parameters: { system: "Be brief." } });
      assert.deepEqual(asked["messages"], [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hi" },
      ]);
    });
  }

  test("what was learned is left out or renamed", () => {
    const parameters: GenerationParameters = { temperature: 0.1, maxOutputTokens: 4, reasoning: "off" };
    const learned = ["temperature", "max_completion_tokens", "stream_options", "efforts=minimal,low,medium,high"];
    const asked = body({ provider: "openai-compatible", parameters, learned });
    assert.deepEqual(
      [asked["temperature"], asked["max_tokens"], asked["max_completion_tokens"], asked["stream_options"]],
      [undefined, undefined, 4, undefined],
    );
    assert.equal(asked["reasoning_effort"], "minimal");
    assert.deepEqual(warnings({ provider: "openai-compatible", parameters, learned }), [
      ["parameter-mapped", "reasoning"],
      ["parameter-left-out", "temperature"],
    ]);
  });
});

describe("The Responses API is asked", () => {
  test("without anything being stored, with encrypted reasoning, and with the conversation last", () => {
    const asked = body({
      provider: "openai",
      model: "gpt-5-mini",
      parameters: {
        system: "Be brief.",
        temperature: 1,
        topP: 0.5,
        maxOutputTokens: 90,
        reasoning: "high",
        tools: [WEATHER],
        responseSchema: SCHEMA,
      },
    });
    assert.deepEqual(asked, {
      model: "gpt-5-mini",
      stream: true,
      store: false,
      include: ["reasoning.encrypted_content"],
      stream_options: { include_obfuscation: false },
      temperature: 1,
      top_p: 0.5,
      max_output_tokens: 90,
      reasoning: { effort: "high", summary: "auto" },
      text: { format: { type: "json_schema", name: "answer", schema: SCHEMA, strict: false } },
      tools: [{ type: "function", name: "weather", description: "Tells it", parameters: WEATHER.parameters, strict: false }],
      instructions: "Be brief.",
      input: [{ role: "user", content: [{ type: "input_text", text: "Hi" }] }],
    });
    assert.equal(Object.keys(asked).at(-1), "input");
  });

  test("models that do not reason are not asked for encrypted reasoning", () => {
    for (const model of ["gpt-4o", "gpt-4.1-mini", "chatgpt-4o-latest", "gpt-5-chat-latest"]) {
      assert.equal(body({ provider: "openai", model })["include"], undefined, model);
    }
    for (const model of ["o3", "gpt-5", "gpt-5.1-codex"]) assert.ok(body({ provider: "openai", model })["include"] !== undefined, model);
  });

  test("with encrypted reasoning also where the caller has something else included, each of them once", () => {
    const included = (...include: readonly string[]): JsonValue | undefined =>
      body({ provider: "openai", parameters: { providerOptions: { openai: { include } } } })["include"];
    assert.deepEqual(included("web_search_call.action.sources"), ["reasoning.encrypted_content", "web_search_call.action.sources"]);
    assert.deepEqual(included("reasoning.encrypted_content"), ["reasoning.encrypted_content"]);
  });

  test("with pictures, calls and results as items", () => {
    assert.deepEqual(body({ provider: "openai", messages: [image] })["input"], [
      {
        role: "user",
        content: [
          { type: "input_text", text: "What is this?" },
          { type: "input_image", image_url: "data:image/png;base64,aGk=" },
        ],
      },
    ]);
    assert.deepEqual(body({ provider: "openai", messages: toolRound })["input"], [
      { role: "user", content: [{ type: "input_text", text: "Weather?" }] },
      { type: "message", role: "assistant", content: "Looking." },
      { type: "function_call", call_id: "call_1", name: "weather", arguments: '{"city":"Zürich"}' },
      { type: "function_call_output", call_id: "call_1", output: "Sunny" },
    ]);
  });

  test("ids that are too long for it are shortened, the same in call and result", () => {
    const id = "x".repeat(80);
    const asked = JSON.stringify(
      body({
        provider: "openai",
        messages: [userMessage("x"), assistant({ type: "tool-call", id, name: "f", arguments: "{}" }), result(id, "r")],
      }),
    );
    const ids = [...asked.matchAll(/"call_id":"([^"]+)"/gu)].map((found) => found[1]);
    assert.equal(ids.length, 2);
    assert.equal(ids[0], ids[1]);
    assert.ok((ids[0]?.length ?? 99) <= 64);
  });

  for (const [parameter, parameters] of [
    ["seed", { seed: 1 }],
    ["stop", { stop: ["x"] }],
  ] as const) {
    test(`${parameter} is refused by name, with a way out`, () => {
      const { info } = refusal({ provider: "openai", parameters });
      assert.deepEqual([info.kind, info.providerCode], ["unsupported", `unsupported-parameter:${parameter}`]);
      assert.match(info.message, /"api" to "chat"/u);
    });
  }
});

describe("What the system says later in a conversation", () => {
  const later: Message = { role: "system", content: [{ type: "text", text: "From now on answer in French." }] };
  const answer = assistant({ type: "text", text: "ok" });

  for (const [wire, provider, field] of [
    ["openai-chat", "openai", "messages"],
    ["openai-responses", "openai", "input"],
  ] as const) {
    test(`stays at its place, so that what was sent before is the beginning of it all: ${wire}`, () => {
      const sent = (messages: readonly Message[]): readonly JsonValue[] =>
        asList(body({ provider, wire, messages, parameters: { system: "Base." } })[field]) ?? [];
      const before = sent([userMessage("one"), answer]);
      const asked = sent([userMessage("one"), answer, later, userMessage("two")]);
      assert.deepEqual(asked.slice(0, before.length), before);
      const roles = asked.map((message) => asObject(message)?.["role"]);
      assert.deepEqual(roles.slice(before.length), ["system", "user"]);
      assert.match(JSON.stringify(asked[before.length]), /From now on answer in French\./u);
    });
  }

  test("while a call waits for its result follows that", () => {
    const calls = assistant({ type: "tool-call", id: "c", name: "weather", arguments: "{}" });
    const asked = body({ provider: "openai", wire: "openai-chat", messages: [userMessage("one"), calls, later, result("c", "Sunny")] });
    assert.deepEqual(
      (asList(asked["messages"]) ?? []).map((message) => asObject(message)?.["role"]),
      ["user", "assistant", "tool", "system"],
    );
  });

  test("stays there at OpenAI's own address alone: other servers' chat templates refuse it", async () => {
    const http = new HttpClient();
    const inPlace = (id: string, baseUrl?: string): boolean | undefined => {
      const row = providerRow(id) ?? assert.fail(`no row of ${id}`);
      return createHttpProvider(row, { provider: id, baseUrl, key: "k" }, http).systemInPlace;
    };
    assert.deepEqual([inPlace("openai"), inPlace("openai", "https://api.openai.com/v1/")], [true, true]);
    assert.deepEqual(
      [inPlace("openai", "http://127.0.0.1:8080/v1"), inPlace("openai", "no address"), inPlace("anthropic")],
      [false, false, false],
    );
    await http.close();
  });
});
