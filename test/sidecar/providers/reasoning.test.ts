// Reasoning as each wire and each family of models is asked for it, and what their refusals teach.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject, JsonValue, ReasoningEffort } from "../../../sidecar/types.ts";
import { fakeAtHand, providerAt, providerOnWire } from "../../support/fake-at-hand.ts";
import { call, modelRequest, userMessage } from "../../support/provider-calls.ts";
import { assistant, body, result, warnings, WEATHER, type Asked } from "../../support/wire-requests.ts";

const here = await fakeAtHand();
const { fake } = here;

const EFFORTS: readonly ReasoningEffort[] = ["off", "low", "medium", "high"];

/** What each of the four is asked as, and for which of them that is told. */
function checkLevels(asked: Asked, field: string, expected: readonly JsonValue[], told: readonly ReasoningEffort[]): void {
  const at = (reasoning: ReasoningEffort): Asked => ({ ...asked, parameters: { reasoning } });
  assert.deepEqual(
    EFFORTS.map((effort) => body(at(effort))[field]),
    expected,
  );
  assert.deepEqual(
    EFFORTS.filter((effort) => warnings(at(effort)).some(([, parameter]) => parameter === "reasoning")),
    told,
  );
}

describe("Reasoning is asked for", () => {
  const CHAT: readonly (readonly [model: string, efforts: readonly string[], told: readonly ReasoningEffort[]])[] = [
    ["some-model", ["none", "low", "medium", "high"], []],
    ["o3-mini", ["low", "low", "medium", "high"], ["off"]],
    ["gpt-5-mini", ["minimal", "low", "medium", "high"], ["off"]],
    ["gpt-5.1", ["none", "low", "medium", "high"], []],
    ["gpt-5-pro-2025-10-06", ["high", "high", "high", "high"], ["off", "low", "medium"]],
    ["openai/gpt-oss-120b", ["low", "low", "medium", "high"], ["off"]],
  ];
  for (const [model, efforts, told] of CHAT) {
    test(`of ${model} by an effort that it takes`, () => {
      checkLevels({ provider: "openai-compatible", model }, "reasoning_effort", efforts, told);
      const responses = EFFORTS.map((reasoning) => {
        const { effort }: JsonObject = JSON.parse(
          JSON.stringify(body({ provider: "openai", model, parameters: { reasoning } })["reasoning"]),
        );
        return effort;
      });
      assert.deepEqual(responses, efforts);
    });
  }

  test("of Claude from 4.6 on by an effort, and shown; off is said, because later ones think by themselves", () => {
    const adaptive = { type: "adaptive", display: "summarized" };
    checkLevels({ provider: "anthropic", model: "claude-sonnet-5" }, "thinking", [{ type: "disabled" }, adaptive, adaptive, adaptive], []);
  });

  test("of a Claude that always thinks as the least of it, where it was to be off", () => {
    const asked: Asked = {
      provider: "anthropic",
      model: "claude-opus-5-5",
      parameters: { reasoning: "off" },
      learned: ["thinking=always"],
    };
    assert.deepEqual([body(asked)["thinking"], body(asked)["output_config"]], [undefined, { effort: "low" }]);
    assert.deepEqual(warnings(asked), [["parameter-mapped", "reasoning"]]);
  });

  test("of gpt-oss at Ollama by its levels, and of others there by a switch", () => {
    checkLevels({ provider: "ollama", model: "gpt-oss:20b" }, "think", ["low", "low", "medium", "high"], ["off"]);
    checkLevels({ provider: "ollama", model: "qwen3:4b" }, "think", [false, true, true, true], ["low", "medium", "high"]);
  });

  test("of OpenRouter, DeepSeek and servers of chat templates in their own ways", () => {
    checkLevels(
      { provider: "openrouter" },
      "reasoning",
      [{ enabled: false }, ...["low", "medium", "high"].map((effort) => ({ effort }))],
      [],
    );
    const [off, on] = [{ type: "disabled" }, { type: "enabled" }];
    checkLevels({ provider: "deepseek" }, "thinking", [off, on, on, on], ["low", "medium", "high"]);
    const template = (["low", "medium", "high"] as const).map((effort) => ({ enable_thinking: true, reasoning_effort: effort }));
    for (const provider of ["vllm", "llama-server", "mlx"]) {
      checkLevels({ provider }, "chat_template_kwargs", [{ enable_thinking: false }, ...template], []);
    }
  });
});

describe("A refusal teaches", () => {
  const refusal = (message: string, parameter?: string): { status: number; body: JsonValue } => ({
    status: 400,
    body: { error: { message, type: "invalid_request_error", ...(parameter === undefined ? {} : { param: parameter }) } },
  });

  test("quirk 33: which efforts a model takes, and the nearest of them is asked for from then on", async () => {
    const provider = providerAt(here, "openai-compatible");
    fake.enqueue(
      refusal(
        "Unsupported value: 'none' is not supported with the 'x' model. Supported values are: 'low', 'medium', and 'high'.",
        "reasoning_effort",
      ),
    );
    const { events } = await call(provider, { request: modelRequest("x", { reasoning: "off" }) });
    await call(provider, { request: modelRequest("x", { reasoning: "high" }) });
    assert.deepEqual(
      fake.requests.map((request) => request.body?.["reasoning_effort"]),
      ["none", "low", "high"],
    );
    assert.ok(events.some((event) => event.type === "warning" && event.code === "parameter-mapped"));
  });

  test("quirk 33: that a model is only switched, in Groq's words", async () => {
    fake.enqueue(refusal("`reasoning_effort` must be one of `none` or `default`"));
    await call(providerAt(here, "groq"), { request: modelRequest("x", { reasoning: "low" }) });
    assert.equal(fake.requests[1]?.body?.["reasoning_effort"], "default");
  });

  const MANDATORY = "Reasoning is mandatory for this endpoint and cannot be disabled.";
  const OFF: readonly (readonly [provider: string, words: string, field: string, off: JsonValue, least: JsonValue | undefined])[] = [
    ["openrouter", MANDATORY, "reasoning", { enabled: false }, { effort: "low" }],
    ["openai-compatible", MANDATORY, "reasoning_effort", "none", "low"],
    ["gemini", "Budget 0 is invalid. This model only works in thinking mode.", "reasoning_effort", "none", "low"],
    [
      "openai-compatible",
      "Unable to submit request because The model does not support setting thinking_budget to 0",
      "reasoning_effort",
      "none",
      "low",
    ],
    ["deepseek", "Thinking cannot be disabled for this model", "thinking", { type: "disabled" }, undefined],
  ];
  for (const [id, words, field, off, least] of OFF) {
    test(`that a model must reason, and it is asked for the least of it from then on, with a warning: ${id}: ${words}`, async () => {
      const provider = providerAt(here, id);
      const request = modelRequest("x", { reasoning: "off" });
      fake.enqueue(refusal(words));
      assert.equal((await call(provider, { request })).thrown, null);
      const { events } = await call(provider, { request });
      assert.deepEqual(
        fake.requests.map((one) => one.body?.[field]),
        [off, least, least],
      );
      assert.ok(events.some((event) => event.type === "warning" && event.code === "parameter-mapped"));
    });
  }

  test("that a model must reason, on the other wires likewise", async () => {
    fake.enqueue(refusal(MANDATORY));
    await call(providerOnWire(here, "openai-responses"), { request: modelRequest("x", { reasoning: "off" }) });
    assert.deepEqual(fake.requests.at(-1)?.body?.["reasoning"], { effort: "low" });
    fake.enqueue(refusal(MANDATORY));
    await call(providerOnWire(here, "anthropic"), { request: modelRequest("x", { reasoning: "off" }, "claude-opus-4-6") });
    assert.deepEqual(fake.requests.at(-1)?.body?.["output_config"], { effort: "low" });
  });

  test("nothing lasting where Gemini says of reasoning that was switched off only that something is invalid", async () => {
    const provider = providerAt(here, "gemini");
    const request = modelRequest("x", { reasoning: "off" });
    fake.enqueue(refusal("Request contains an invalid argument."));
    assert.equal((await call(provider, { request })).thrown, null);
    await call(provider, { request });
    assert.deepEqual(
      fake.requests.map((one) => one.body?.["reasoning_effort"]),
      ["none", "low", "none"],
    );
  });

  for (const words of [
    "Thinking is not supported for this model.",
    "Thinking level is not supported for this model.",
    "Thinking budget is not supported for this model.",
    "Unable to submit request because thinking is not supported by this model. Learn more: https://cloud.google.com/vertex-ai",
    "Thinking is not enabled for models/gemini-2.0-flash-preview-image-generation",
    "thinking_config is not supported.",
  ]) {
    test(`that a model does not think, in the words of Gemini, which has its own names: ${words}`, async () => {
      for (const id of ["gemini", "openrouter"]) {
        const provider = providerAt(here, id);
        fake.reset();
        fake.enqueue(refusal(words));
        const { events, thrown } = await call(provider, { request: modelRequest("x", { reasoning: "low" }) });
        assert.equal(thrown, null);
        await call(provider, { request: modelRequest("x", { reasoning: "high" }) });
        assert.deepEqual(
          fake.requests.map(({ body: sent }) => (sent?.["reasoning_effort"] ?? sent?.["reasoning"]) !== undefined),
          [true, false, false],
        );
        assert.ok(events.some((event) => event.type === "warning" && event.code === "parameter-left-out"));
      }
    });
  }

  test("that a Gemini does not take one level, and the nearest other is asked for", async () => {
    const provider = providerAt(here, "gemini");
    fake.enqueue(refusal("Thinking level MEDIUM is not supported for this model. Please retry with other thinking level."));
    assert.equal((await call(provider, { request: modelRequest("x", { reasoning: "medium" }) })).thrown, null);
    await call(provider, { request: modelRequest("x", { reasoning: "high" }) });
    assert.deepEqual(
      fake.requests.map((one) => one.body?.["reasoning_effort"]),
      ["medium", "low", "high"],
    );
  });

  test("that a model has no template of its own to switch it by, in vLLM's words", async () => {
    const provider = providerAt(here, "vllm");
    fake.enqueue(refusal("chat_template is not supported for Mistral tokenizers."));
    for (const _ of ["first", "next"])
      assert.equal((await call(provider, { request: modelRequest("x", { reasoning: "high" }) })).thrown, null);
    assert.deepEqual(
      fake.requests.map(({ body }) => body?.["chat_template_kwargs"] !== undefined),
      [true, false, false],
    );
  });

  test("nothing of reasoning where a sentence only speaks of it", async () => {
    for (const words of ["`stop` is not supported by reasoning models", "Pictures with thinking blocks are not supported"]) {
      const provider = providerAt(here, "openrouter");
      fake.reset();
      fake.enqueue(refusal(words));
      await call(provider, { request: modelRequest("x", { reasoning: "low", stop: ["a"] }) });
      await call(provider, { request: modelRequest("x", { reasoning: "low" }) });
      assert.deepEqual(fake.requests.at(-1)?.body?.["reasoning"], { effort: "low" }, words);
    }
  });

  test("that a model reasons beside tools only switched off, and reasons without tools as before", async () => {
    const provider = providerAt(here, "azure");
    const words =
      "Function tools with reasoning_effort are not supported for gpt-5.6 in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.";
    for (const asked of [undefined, "high"] as const) {
      fake.reset();
      const model = `gpt-5.6-${asked}`;
      const tools = { tools: [WEATHER], ...(asked === undefined ? {} : { reasoning: asked }) };
      fake.enqueue(refusal(words, "reasoning_effort"));
      const { events, thrown } = await call(provider, { request: modelRequest("x", tools, model) });
      assert.equal(thrown, null);
      assert.ok(events.some((event) => event.type === "warning" && event.code === "parameter-mapped"));
      await call(provider, { request: modelRequest("x", { reasoning: "high" }, model) });
      assert.deepEqual(
        fake.requests.map((one) => one.body?.["reasoning_effort"]),
        [asked, "none", "high"],
      );
    }
  });

  test("quirk 33: nothing where the value was out of range: what was asked for is not left out in silence", async () => {
    for (const message of [
      "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 9 instead.",
      "temperature must be between 0 and 1",
      "temperature: Input should be less than or equal to 1",
    ]) {
      fake.reset();
      fake.respond(refusal(message, "temperature"));
      const { thrown } = await call(providerAt(here, "openai-compatible"), { request: modelRequest("x", { temperature: 1.9 }) });
      assert.ok(thrown instanceof Error, message);
      assert.equal(fake.requests.length, 1, message);
    }
  });

  const signed = assistant(
    { type: "opaque", provider: "anthropic", data: { wire: "anthropic", block: { type: "thinking", thinking: "Hm.", signature: "s" } } },
    { type: "text", text: "Said." },
  );

  test("quirk 30: that a signature is no longer accepted, for this conversation alone", async () => {
    const provider = providerOnWire(here, "anthropic");
    const request = { model: "claude-sonnet-5", messages: [userMessage("x"), signed, userMessage("y")], parameters: {} };
    fake.enqueue(refusal("messages.1.content.0: Invalid `signature` in `thinking` block"));
    assert.equal((await call(provider, { request })).thrown, null);
    await call(provider, { request });
    assert.deepEqual(
      fake.requests.map(({ bodyText }) => bodyText.includes("signature")),
      [true, false, true],
    );
  });

  const reasoned = assistant(
    {
      type: "opaque",
      provider: "openai",
      data: { wire: "openai-responses", item: { type: "reasoning", id: "rs_1", encrypted_content: "gA" } },
    },
    { type: "tool-call", id: "c1", name: "f", arguments: "{}" },
    {
      type: "opaque",
      provider: "openai",
      data: { wire: "openai-responses", item: { type: "function_call", id: "fc_1", call_id: "c1" } },
    },
  );

  for (const [what, words] of [
    ["cannot be read", "The encrypted content for item rs_1 could not be verified."],
    [
      "is none of this model's, which does not reason",
      "Reasoning input items can only be provided to a reasoning or computer use model. Remove reasoning items from your input and try again.",
    ],
  ] as const) {
    test(`quirk 32: that encrypted reasoning ${what}, and then nothing that belongs to it is sent`, async () => {
      const request = { model: "gpt-5", messages: [userMessage("x"), reasoned, result("c1", "r")], parameters: {} };
      fake.enqueue(refusal(words));
      assert.equal((await call(providerOnWire(here, "openai-responses"), { request })).thrown, null);
      assert.match(fake.requests[0]?.bodyText ?? "", /rs_1.*fc_1/u);
      assert.doesNotMatch(fake.requests[1]?.bodyText ?? "", /rs_1|fc_1/u);
      assert.match(fake.requests[1]?.bodyText ?? "", /"call_id":"c1"/u);
    });
  }

  test("quirk 32: encrypted reasoning is not sent to a model that is known by name not to reason", () => {
    const sent = JSON.stringify(body({ provider: "openai", model: "gpt-4.1", messages: [userMessage("x"), reasoned, result("c1", "r")] }));
    assert.doesNotMatch(sent, /rs_1|fc_1/u);
    assert.match(sent, /"call_id":"c1"/u);
  });

  test("quirk 40: that calls made elsewhere must be marked for Gemini", async () => {
    const messages = [userMessage("x"), assistant({ type: "tool-call", id: "a", name: "f", arguments: "{}" }), result("a", "r")];
    fake.enqueue(refusal("Function call is missing a thought_signature in functionCall parts."));
    await call(providerAt(here, "gemini"), { request: { model: "gemini-3-pro", messages, parameters: {} } });
    assert.doesNotMatch(fake.requests[0]?.bodyText ?? "", /thought_signature/u);
    assert.match(fake.requests[1]?.bodyText ?? "", /"thought_signature":"skip_thought_signature_validator"/u);
  });

  test("which way a Claude thinks, whether thoughts can be shown, and whether it can be told not to", async () => {
    const asked = (): readonly (JsonValue | undefined)[] => fake.requests.map((request) => request.body?.["thinking"]);
    const old = modelRequest("x", { reasoning: "low" }, "claude-haiku-4-5");
    fake.enqueue(
      refusal('"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort".'),
    );
    await call(providerOnWire(here, "anthropic"), { request: old });
    assert.deepEqual(asked()[1], { type: "adaptive", display: "summarized" });
    fake.reset();
    fake.enqueue(refusal("thinking.adaptive.display: Extra inputs are not permitted"));
    await call(providerOnWire(here, "anthropic"), { request: modelRequest("x", { reasoning: "low" }, "claude-opus-4-6") });
    assert.deepEqual(asked()[1], { type: "adaptive" });
    fake.reset();
    fake.enqueue(refusal('"thinking.type.disabled" is not supported for this model.'));
    await call(providerOnWire(here, "anthropic"), { request: modelRequest("x", { reasoning: "off" }, "claude-opus-5-5") });
    assert.deepEqual(asked(), [{ type: "disabled" }, undefined]);
  });

  test("quirk 30: Claude is not asked to think in a budget about the results of calls that it did not think of", async () => {
    const foreign = assistant({ type: "tool-call", id: "a", name: "f", arguments: "{}" });
    const messages = [userMessage("x"), foreign, result("a", "r")];
    const asked: Asked = { provider: "anthropic", model: "claude-haiku-4-5", messages, parameters: { reasoning: "low" } };
    assert.equal(body(asked)["thinking"], undefined);
    assert.deepEqual(warnings(asked), [["parameter-left-out", "reasoning"]]);
    const answered = { ...asked, messages: [...messages, assistant({ type: "text", text: "r." }), userMessage("And?")] };
    assert.notEqual(body(answered)["thinking"], undefined);
    fake.enqueue(
      refusal("messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `text`. When `thinking` is enabled, …"),
    );
    const request = { model: "claude-haiku-4-5", messages: [userMessage("x")], parameters: { reasoning: "low" } } as const;
    await call(providerOnWire(here, "anthropic"), { request });
    assert.deepEqual(
      fake.requests.map((one) => one.body?.["thinking"] !== undefined),
      [true, false],
    );
  });
});
