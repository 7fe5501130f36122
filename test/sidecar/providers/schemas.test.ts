// How each provider is asked for an answer that satisfies a schema, and what it does when that is refused.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { withSchemaInWords } from "../../../sidecar/structured/schema-prompt.ts";
import { fitsStrictMode } from "../../../sidecar/structured/strict-schema.ts";
import { createEditorProvider } from "../../../sidecar/providers/editor.ts";
import { ProviderError, type ModelRequest, type Provider } from "../../../sidecar/providers/provider.ts";
import type { JsonObject, JsonValue } from "../../../sidecar/types.ts";
import { fakeAtHand, providerAt, providerOnWire } from "../../support/fake-at-hand.ts";
import { call, modelRequest } from "../../support/provider-calls.ts";
import { body, SCHEMA, warnings, WEATHER, type Asked } from "../../support/wire-requests.ts";

const here = await fakeAtHand();
const { fake } = here;

const STRICT: JsonObject = { type: "object", properties: { a: { type: "number" } }, required: ["a"], additionalProperties: false };
const asked = (provider: string, schema = SCHEMA, more: Partial<Asked> = {}): Asked => ({
  provider,
  parameters: { responseSchema: schema, system: "Be brief." },
  ...more,
});
const IN_WORDS = withSchemaInWords({ responseSchema: SCHEMA, system: "Be brief." }).system ?? "";

describe("An answer with a schema is asked for", () => {
  for (const provider of ["lmstudio", "openrouter", "vllm", "llama-server", "huggingface", "gemini", "groq", "mistral", "azure"]) {
    test(`quirk 37: ${provider} by \`json_schema\`, never by \`json_object\``, () => {
      assert.deepEqual(body(asked(provider))["response_format"], { type: "json_schema", json_schema: { name: "answer", schema: SCHEMA } });
      assert.deepEqual(warnings(asked(provider)), []);
    });
  }

  test("of OpenAI's models in strict mode where the schema leaves nothing open", () => {
    assert.deepEqual(body(asked("openai", STRICT, { wire: "openai-chat" }))["response_format"], {
      type: "json_schema",
      json_schema: { name: "answer", strict: true, schema: STRICT },
    });
    assert.deepEqual(body(asked("openai", STRICT))["text"], {
      format: { type: "json_schema", name: "answer", schema: STRICT, strict: true },
    });
    assert.deepEqual(body(asked("openai"))["text"], { format: { type: "json_schema", name: "answer", schema: SCHEMA, strict: false } });
  });

  test("of Claude from 4.5 on by its own means, and of older ones in words", () => {
    assert.deepEqual(body(asked("anthropic", SCHEMA, { model: "claude-haiku-4-5" }))["output_config"], {
      format: { type: "json_schema", schema: SCHEMA },
    });
    const older = asked("anthropic", SCHEMA, { model: "claude-sonnet-4-20250514" });
    assert.equal(body(older)["output_config"], undefined);
    assert.ok(JSON.stringify(body(older)["system"]).includes(JSON.stringify(IN_WORDS).slice(1, -1)));
    assert.deepEqual(warnings(older), [["parameter-mapped", "responseSchema"]]);
  });

  test("of Ollama by its format", () => assert.deepEqual(body(asked("ollama"))["format"], SCHEMA));

  test("of DeepSeek as some JSON, with the schema in words", () => {
    const { response_format: format, messages } = body(asked("deepseek"));
    assert.deepEqual(format, { type: "json_object" });
    assert.deepEqual(messages, [
      { role: "system", content: IN_WORDS },
      { role: "user", content: "Hi" },
    ]);
    assert.deepEqual(warnings(asked("deepseek")), [["parameter-mapped", "responseSchema"]]);
  });

  test("of MLX in words alone", () => {
    assert.equal(body(asked("mlx"))["response_format"], undefined);
    assert.match(JSON.stringify(body(asked("mlx"))["messages"]), /JSON Schema below/u);
  });

  test("of the editor's models in words", async () => {
    const requests: ModelRequest[] = [];
    const provider: Provider = createEditorProvider({
      list: () => Promise.resolve([]),
      ask: (request) => {
        requests.push(request);
        return Promise.resolve({ finishReason: "stop" });
      },
      count: () => Promise.reject(new Error("Nobody asks for it.")),
    });
    await call(provider, { request: modelRequest("x", { responseSchema: SCHEMA, system: "Be brief." }) });
    assert.deepEqual(requests[0]?.parameters, { system: IN_WORDS });
  });
});

describe("Strict mode takes", () => {
  const nested = (inner: JsonObject): JsonObject => ({ ...STRICT, properties: { a: inner } });
  const SCHEMAS: readonly (readonly [what: string, schema: JsonObject, strict: boolean])[] = [
    ["a closed object", STRICT, true],
    ["lists and choices of closed objects", nested({ type: "array", items: { anyOf: [STRICT, { type: "null" }] } }), true],
    ["definitions", { ...nested({ $ref: "#/$defs/b" }), $defs: { b: STRICT } }, true],
    ["no open object", { ...STRICT, additionalProperties: undefined }, false],
    ["no optional property", { ...STRICT, required: [] }, false],
    ["no open object within", nested({ type: "object" }), false],
    ["no open object in a list", nested({ type: "array", items: { type: "object", properties: {} } }), false],
    ["no choice of exactly one", nested({ oneOf: [{ type: "null" }] }), false],
    ["no open definition", { ...STRICT, $defs: { b: { type: "object" } } }, false],
    ["no list at the root", { type: "array", items: STRICT }, false],
  ];
  for (const [what, schema, strict] of SCHEMAS) test(what, () => assert.equal(fitsStrictMode(schema), strict));
});

describe("A schema that is refused", () => {
  const refusal = (message: string, parameter?: string): { status: number; body: JsonValue } => ({
    status: 400,
    body: { error: { message, type: "invalid_request_error", ...(parameter === undefined ? {} : { param: parameter }) } },
  });
  const request = modelRequest("x", { responseSchema: SCHEMA });
  const formats = (): readonly boolean[] => fake.requests.map(({ body: sent }) => sent?.["response_format"] !== undefined);

  test("quirk 37: by a model that takes none is asked for in words from then on", async () => {
    const provider = providerAt(here, "openai-compatible");
    fake.enqueue(refusal("This response_format type is unavailable now"));
    const { events } = await call(provider, { request });
    await call(provider, { request: modelRequest("x", { responseSchema: STRICT }) });
    assert.deepEqual(formats(), [true, false, false]);
    assert.match(fake.requests[1]?.bodyText ?? "", /JSON Schema below/u);
    assert.ok(events.some((event) => event.type === "warning" && event.parameter === "responseSchema"));
  });

  test("for what stands in it is asked for in words, and another one by the provider's means", async () => {
    const provider = providerAt(here, "openai-compatible");
    fake.enqueue(
      refusal("Invalid schema for response_format 'answer': 'additionalProperties' is required to be supplied.", "response_format"),
    );
    await call(provider, { request });
    await call(provider, { request });
    await call(provider, { request: modelRequest("x", { responseSchema: STRICT }) });
    assert.deepEqual(formats(), [true, false, false, true]);
  });

  test("for its size is asked for in words, and another one by the provider's means", async () => {
    const provider = providerAt(here, "gemini");
    fake.enqueue(refusal("A schema in GenerationConfig in the request exceeds the maximum allowed nesting depth."));
    await call(provider, { request });
    await call(provider, { request: modelRequest("x", { responseSchema: STRICT }) });
    assert.deepEqual(formats(), [true, false, true]);
  });

  const OF_THIS_ONE: readonly (readonly [provider: string, words: string])[] = [
    [
      "gemini",
      `Invalid JSON payload received. Unknown name "additionalProperties" at 'generation_config.response_schema': Cannot find field.`,
    ],
    ["openai-compatible", `Unknown name "$schema" at 'generation_config.response_schema': Cannot find field.`],
    ["gemini", "* GenerateContentRequest.generation_config.response_schema.properties[a].enum[0]: cannot be empty"],
    ["gemini", "Unable to submit request because the response schema specified other fields alongside any_of"],
    ["gemini", "Unable to submit request because one or more response schemas specified incorrect schema type field."],
    ["vllm", "The provided JSON schema contains features not supported by xgrammar."],
    ["vllm", 'Grammar error: Unimplemented keys: ["contains"]'],
    ["openai-compatible", "Invalid JSON Schema: circular reference"],
    ["openai-compatible", "Invalid schema for response_format 'answer': 'minimum' is not supported with this model"],
    ["llama-server", "Failed to initialize samplers: failed to parse grammar"],
    ["groq", "invalid JSON schema for response_format: 'answer': /properties/a: `minimum` is not supported"],
  ];
  for (const [id, words] of OF_THIS_ONE) {
    test(`in words that say nothing of others is itself asked for in words, and another one as before: ${id}: ${words}`, async () => {
      const provider = providerAt(here, id);
      fake.enqueue(refusal(words));
      assert.equal((await call(provider, { request })).thrown, null);
      await call(provider, { request });
      await call(provider, { request: modelRequest("x", { responseSchema: STRICT }) });
      assert.deepEqual(formats(), [true, false, false, true]);
    });
  }

  const OF_ALL: readonly string[] = [
    "This model does not support response format `json_schema`. See supported models at https://console.groq.com/docs/structured-outputs",
    "response_format.type: Input should be 'text' or 'json_object'",
    "response_format: Extra inputs are not permitted",
    "Structured outputs are not supported for this model",
    "A JSON schema is not supported by this model",
    "<400> InternalError.Algo.InvalidParameter: Json mode response is not supported when enable_thinking is true",
    "JSON mode is not enabled for models/gemma-3-27b-it",
    "This model does not support JSON mode",
    "response_format value as json_schema is enabled only for api versions 2024-08-01-preview and later",
  ];
  for (const words of OF_ALL) {
    test(`in words that are of all of them is asked for in words, and so are the others: ${words}`, async () => {
      const provider = providerAt(here, "openai-compatible");
      fake.enqueue(refusal(words));
      assert.equal((await call(provider, { request })).thrown, null);
      await call(provider, { request: modelRequest("x", { responseSchema: STRICT }) });
      assert.deepEqual(formats(), [true, false, false]);
    });
  }

  for (const [words, forAll] of [
    [`response_format type must be one of "text" or "json_object", but got: json_schema`, true],
    ['JSON schema conversion failed:\nUnrecognized schema: {"type":"x"}', false],
    ["failed to parse grammar", false],
  ] as const) {
    test(`under a status of 500, which llama.cpp's server has for it, is asked for in words: ${words}`, async () => {
      const provider = providerAt(here, "llama-server");
      fake.enqueue({ status: 500, body: { error: { code: 500, message: words, type: "server_error" } } });
      assert.equal((await call(provider, { request })).thrown, null);
      await call(provider, { request });
      await call(provider, { request: modelRequest("x", { responseSchema: STRICT }) });
      assert.deepEqual(formats(), [true, false, false, !forAll]);
    });
  }

  test("in no words at all, because the server has failed, is asked for as before, whatever the words speak of", async () => {
    for (const words of ["Structured output worker is not available", "Grammar compiler crashed", "response_format: internal error"]) {
      fake.reset();
      fake.enqueue({ status: 500, body: { error: { code: 500, message: words, type: "server_error" } } });
      const provider = providerAt(here, "llama-server");
      const { thrown } = await call(provider, { request });
      assert.ok(thrown instanceof ProviderError && thrown.info.kind === "server" && thrown.info.retryable, words);
      assert.equal((await call(provider, { request })).thrown, null);
      assert.deepEqual(formats(), [true, true], words);
    }
  });

  for (const [id, words] of [
    ["gemini", "Function calling with a response mime type: 'application/json' is unsupported"],
    ["gemini", "Tool use with a response mime type: 'application/json' is unsupported"],
    ["llama-server", "Cannot use custom grammar constraints with tools."],
    ["groq", "response_format `json_schema` cannot be combined with tool calling"],
  ] as const) {
    test(`beside tools is asked for in words beside tools, and by the provider's means without them: ${words}`, async () => {
      const provider = providerAt(here, id);
      const both = modelRequest("x", { responseSchema: SCHEMA, tools: [WEATHER] });
      fake.enqueue(refusal(words));
      assert.equal((await call(provider, { request: both })).thrown, null);
      await call(provider, { request: both });
      await call(provider, { request });
      assert.deepEqual(formats(), [true, false, false, true]);
    });
  }

  test("for the size of its grammar is asked for in words also where the advice is about tools, and another one as before", async () => {
    const provider = providerOnWire(here, "anthropic");
    const model = "claude-haiku-4-5";
    fake.enqueue(
      refusal(
        "The compiled grammar is too large, which would cause performance issues. Simplify your tool schemas or reduce the number of strict tools.",
      ),
    );
    assert.equal((await call(provider, { request: { ...request, model } })).thrown, null);
    await call(provider, { request: modelRequest("x", { responseSchema: STRICT }, model) });
    assert.deepEqual(
      fake.requests.map(({ body: sent }) => sent?.["output_config"] !== undefined),
      [true, false, true],
    );
  });

  test("for the schema of a tool is an error", async () => {
    for (const words of [
      `Invalid JSON payload received. Unknown name "$schema" at 'tools[0].function_declarations[0].parameters': Cannot find field.`,
      "Unable to submit request because `f` functionDeclaration `parameters.a` schema didn't specify the schema type field.",
      "tools.0.custom.input_schema: JSON schema is invalid",
    ]) {
      fake.reset();
      fake.respond(refusal(words));
      const both = modelRequest("x", { responseSchema: SCHEMA, tools: [WEATHER] });
      assert.ok((await call(providerAt(here, "gemini"), { request: both })).thrown instanceof Error, words);
      assert.equal(fake.requests.length, 1, words);
    }
  });

  test("on the other wires likewise", async () => {
    fake.enqueue(refusal("Invalid schema for response_format 'answer': schema must have a 'type' key.", "text.format.schema"));
    await call(providerOnWire(here, "openai-responses"), { request });
    assert.deepEqual(
      fake.requests.map(({ body: sent }) => sent?.["text"] !== undefined),
      [true, false],
    );
    fake.reset();
    fake.enqueue(refusal("output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false"));
    await call(providerOnWire(here, "anthropic"), { request: { ...request, model: "claude-haiku-4-5" } });
    assert.deepEqual(
      fake.requests.map(({ body: sent }) => sent?.["output_config"] !== undefined),
      [true, false],
    );
    fake.reset();
    fake.enqueue({ route: "ollama", status: 500, body: { error: "invalid JSON schema in format" } });
    await call(providerOnWire(here, "ollama"), { request });
    const answers = fake.requests.filter(({ route }) => route === "ollama");
    assert.deepEqual(
      answers.map(({ body: sent }) => sent?.["format"] !== undefined),
      [true, false],
    );
  });

  test("a refusal that has nothing to do with it stands", async () => {
    fake.respond(refusal("messages: at least one message is required"));
    assert.ok((await call(providerAt(here, "openai-compatible"), { request })).thrown instanceof Error);
    assert.equal(fake.requests.length, 1);
  });
});
