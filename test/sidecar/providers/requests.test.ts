// The bodies that Anthropic and Ollama are sent, and what holds on every wire.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { asList, asObject } from "../../../sidecar/providers/json-fields.ts";
import type { ProviderError } from "../../../sidecar/providers/provider.ts";
import type { AssistantPart, GenerationParameters, JsonObject, JsonValue } from "../../../sidecar/types.ts";
import { userMessage } from "../../support/provider-calls.ts";
import {
  assistant,
  body,
  build,
  EVERY_PARAMETER,
  image,
  refusal,
  result,
  SCHEMA,
  toolRound,
  warnings,
  WEATHER,
  withoutMarks,
} from "../../support/wire-requests.ts";

describe("Anthropic is asked", () => {
  test("with its own names, a limit always, and the messages last", () => {
    const asked = body({
      provider: "anthropic",
      model: "claude-opus-4-6",
      parameters: { system: "Be brief.", temperature: 0.3, stop: ["END"], tools: [WEATHER], responseSchema: SCHEMA },
    });
    assert.deepEqual(asked, {
      model: "claude-opus-4-6",
      stream: true,
      max_tokens: 64_000,
      output_config: { format: { type: "json_schema", schema: SCHEMA } },
      temperature: 0.3,
      stop_sequences: ["END"],
      tools: [{ name: "weather", description: "Tells it", input_schema: WEATHER.parameters, cache_control: { type: "ephemeral" } }],
      system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
      messages: [{ role: "user", content: [{ type: "text", text: "Hi", cache_control: { type: "ephemeral" } }] }],
    });
    assert.equal(Object.keys(asked).at(-1), "messages");
  });

  const LIMITS: readonly (readonly [model: string, limit: number])[] = [
    ["claude-3-haiku-20240307", 4096],
    ["claude-3-5-haiku-latest", 8192],
    ["claude-opus-4-20250514", 32_000],
    ["claude-opus-4-1", 32_000],
    ["claude-sonnet-4-20250514", 64_000],
    ["claude-haiku-4-5", 64_000],
    ["claude-next", 64_000],
  ];
  for (const [model, limit] of LIMITS) {
    test(`${model} may write ${limit} tokens`, () => assert.equal(body({ provider: "anthropic", model })["max_tokens"], limit));
  }

  test("newer models think as they see fit, with an effort; older ones within a budget", () => {
    const newer = body({ provider: "anthropic", model: "claude-sonnet-4-6", parameters: { reasoning: "medium" } });
    assert.deepEqual([newer["thinking"], newer["output_config"]], [{ type: "adaptive", display: "summarized" }, { effort: "medium" }]);
    const older = body({ provider: "anthropic", model: "claude-haiku-4-5", parameters: { reasoning: "medium" } });
    assert.deepEqual([older["thinking"], older["output_config"]], [{ type: "enabled", budget_tokens: 8192 }, undefined]);
    assert.equal(body({ provider: "anthropic", model: "claude-haiku-4-5", parameters: { reasoning: "off" } })["thinking"], undefined);
  });

  test("a budget leaves room for the answer", () => {
    const asked = body({ provider: "anthropic", model: "claude-haiku-4-5", parameters: { reasoning: "high", maxOutputTokens: 4000 } });
    assert.deepEqual([asked["max_tokens"], asked["thinking"]], [4000, { type: "enabled", budget_tokens: 2000 }]);
    const small = { provider: "anthropic", model: "claude-haiku-4-5", parameters: { reasoning: "high", maxOutputTokens: 100 } } as const;
    assert.equal(body(small)["thinking"], undefined);
    assert.deepEqual(warnings(small), [["parameter-left-out", "reasoning"]]);
  });

  test("quirk 34: temperature and topP, or thinking and either, are not sent together, and that is told", () => {
    const both = { provider: "anthropic", parameters: { temperature: 0.3, topP: 0.5 } } as const;
    assert.deepEqual([body(both)["temperature"], body(both)["top_p"]], [0.3, undefined]);
    assert.deepEqual(warnings(both), [["parameter-left-out", "topP"]]);
    const thinking = { provider: "anthropic", parameters: { temperature: 0.3, reasoning: "low" } } as const;
    assert.equal(body(thinking)["temperature"], undefined);
    assert.deepEqual(warnings(thinking), [["parameter-left-out", "temperature"]]);
    assert.deepEqual(warnings({ provider: "anthropic", parameters: { temperature: 1.5 } }), [["parameter-mapped", "temperature"]]);
  });

  test("a seed is refused by name", () => {
    assert.equal(refusal({ provider: "anthropic", parameters: { seed: 1 } }).providerCode, "unsupported-parameter:seed");
  });

  test("with results of tools on the user's side, together with what the user says next", () => {
    const asked = body({ provider: "anthropic", messages: [...toolRound, userMessage("And tomorrow?")] });
    assert.deepEqual(withoutMarks(asked["messages"]), [
      { role: "user", content: [{ type: "text", text: "Weather?" }] },
      {
        role: "assistant",
        content: [
          { type: "text", text: "Looking." },
          { type: "tool_use", id: "call_1", name: "weather", input: { city: "Zürich" } },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "call_1", content: "Sunny" },
          { type: "text", text: "And tomorrow?" },
        ],
      },
    ]);
  });

  test("with ids and arguments that it accepts, whoever made them", () => {
    const call: AssistantPart = { type: "tool-call", id: "a.b:c", name: "f", arguments: "{not json" };
    const messages = [userMessage("x"), assistant(call), result("a.b:c", "")];
    const asked = JSON.stringify(withoutMarks(body({ provider: "anthropic", messages })["messages"]));
    assert.match(asked, /"id":"a_b_c".*"invalid_json":"\{not json".*"tool_use_id":"a_b_c"\}/u);
  });
});

describe("Ollama is asked", () => {
  test("with its own names and options, and with the messages last", () => {
    const asked = body({
      provider: "ollama",
      model: "qwen3",
      parameters: { ...EVERY_PARAMETER, reasoning: "off" },
    });
    assert.deepEqual(asked, {
      model: "qwen3",
      stream: true,
      truncate: false,
      think: false,
      format: SCHEMA,
      options: { temperature: 0.2, top_p: 0.9, seed: 7, num_predict: 50, stop: ["END"] },
      tools: [{ type: "function", function: { name: "weather", description: "Tells it", parameters: WEATHER.parameters } }],
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hi" },
      ],
    });
    assert.equal(Object.keys(asked).at(-1), "messages");
  });

  test("with levels of thinking where the model has them, and on or off elsewhere", () => {
    assert.equal(body({ provider: "ollama", model: "gpt-oss:20b", parameters: { reasoning: "high" } })["think"], "high");
    const switched = { provider: "ollama", model: "qwen3", parameters: { reasoning: "high" } } as const;
    assert.equal(body(switched)["think"], true);
    assert.deepEqual(warnings(switched), [["parameter-mapped", "reasoning"]]);
  });

  test("with pictures beside the text, and arguments as objects", () => {
    assert.deepEqual(body({ provider: "ollama", messages: [image] })["messages"], [
      { role: "user", content: "What is this?", images: ["aGk="] },
    ]);
    assert.deepEqual(body({ provider: "ollama", messages: toolRound })["messages"], [
      { role: "user", content: "Weather?" },
      {
        role: "assistant",
        content: "Looking.",
        tool_calls: [{ id: "call_1", function: { name: "weather", arguments: { city: "Zürich" } } }],
      },
      { role: "tool", tool_name: "weather", tool_call_id: "call_1", content: "Sunny" },
    ]);
  });
});

describe("On every wire", () => {
  const ALL: readonly (readonly [provider: string, messages: string])[] = [
    ["openai-compatible", "messages"],
    ["openai", "input"],
    ["anthropic", "messages"],
    ["ollama", "messages"],
  ];
  for (const [provider, field] of ALL) {
    test(`${provider}: options under its own name are added, objects field by field, others' are not`, () => {
      const parameters: GenerationParameters = {
        temperature: 0.5,
        providerOptions: { [provider]: { extra: { deep: [1] }, options: { num_ctx: 8192 }, stream: true, n: 1 }, another: { wrong: true } },
      };
      const asked = body({ provider, parameters });
      assert.deepEqual(asked["extra"], { deep: [1] });
      assert.deepEqual(asked["options"], provider === "ollama" ? { temperature: 0.5, num_ctx: 8192 } : { num_ctx: 8192 });
      assert.equal(asked["wrong"], undefined);
      assert.deepEqual([asked["stream"], asked["n"]], [true, 1]);
    });

    test(`${provider}: the provider's own tools stand beside the functions, and a function that is written anew in the place of its old form`, () => {
      const toolsWith = (tools: readonly JsonObject[]): readonly JsonValue[] =>
        asList(withoutMarks(body({ provider, parameters: { tools: [WEATHER], providerOptions: { [provider]: { tools } } } })["tools"])) ??
        [];
      const [weather, ...none] = toolsWith([]);
      assert.ok(weather !== undefined && none.length === 0);
      assert.deepEqual(toolsWith([{ type: "web_search" }]), [weather, { type: "web_search" }]);
      const named = { type: "weather_20270101", name: "weather" };
      assert.deepEqual(toolsWith([named]), [weather, named]);
      const anew = { ...asObject(weather), strict: true };
      assert.deepEqual(toolsWith([anew, { type: "web_search" }]), [anew, { type: "web_search" }]);
      const custom = { type: "custom", name: "weather" };
      assert.deepEqual(toolsWith([custom]), [custom], "a second function of one name would be refused");
    });

    test(`${provider}: what is not the caller's is refused by name under its own name too`, () => {
      const given = (own: JsonObject): ProviderError => refusal({ provider, parameters: { providerOptions: { [provider]: own } } });
      for (const [name, value] of [
        ["stream", false],
        ["n", 2],
        [field, []],
      ] as const) {
        const { kind, providerCode, message } = given({ [name]: value });
        assert.deepEqual([kind, providerCode], ["unsupported", `unsupported-parameter:providerOptions.${provider}.${name}`]);
        assert.match(message, /leave it out/u);
      }
    });

    test(`${provider}: arguments that stop anywhere, or are no object, go back as an object that holds them`, () => {
      for (const [text, sent] of [
        ['{"text":"lon', '{"invalid_json":"{\\"text\\":\\"lon"}'],
        ["[1]", '{"invalid_json":"[1]"}'],
        ["", "{}"],
        ['{"b":1,"a":2}', '{"b":1,"a":2}'],
      ] as const) {
        const call: AssistantPart = { type: "tool-call", id: "a", name: "f", arguments: text };
        const asked = JSON.stringify(body({ provider, messages: [userMessage("x"), assistant(call), result("a", "r")] })[field]);
        assert.ok(asked.includes(sent) || asked.includes(JSON.stringify(sent)), asked);
      }
    });

    test(`${provider}: the bytes of one turn are the beginning of the next one's`, () => {
      const parameters: GenerationParameters = { system: "S", tools: [WEATHER], temperature: 0.5 };
      const first = JSON.stringify(withoutMarks(build({ provider, parameters, messages: toolRound }).body));
      const more = [...toolRound, assistant({ type: "text", text: "Sunny it is." }), userMessage("Thanks")];
      const second = JSON.stringify(withoutMarks(build({ provider, parameters, messages: more }).body));
      assert.ok(second.startsWith(first.slice(0, first.lastIndexOf("]"))), `${first}\n${second}`);
      assert.ok(first.includes(`"${field}":[`));
    });
  }
});
