// What a refusal seems to teach and does not, or not for ever: the next request is asked as if it had never been; over real sockets.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { asText } from "../../../sidecar/providers/json-fields.ts";
import type { GenerationParameters, JsonObject, Message } from "../../../sidecar/types.ts";
import { fakeAtHand, providerAt, providerOnWire } from "../../support/fake-at-hand.ts";
import { call, callError, modelRequest, userMessage } from "../../support/provider-calls.ts";
import { SCHEMA, toolRound, WEATHER } from "../../support/wire-requests.ts";

const here = await fakeAtHand();
const { fake } = here;

const refusal = (message: string): { status: number; body: JsonObject } => ({
  status: 400,
  body: { error: { message, type: "invalid_request_error" } },
});
const sent = (field: string): readonly unknown[] => fake.requests.map(({ body }) => body?.[field] ?? null);

describe("What is refused is not learned", () => {
  test("where leaving it out changes nothing, because it stands in the caller's extras", async () => {
    const words = "output_config.effort: 'xhigh' is not supported by this model.";
    fake.respond(({ body }) =>
      JSON.stringify(body?.["output_config"]).includes("xhigh") ? refusal(words) : { steps: [{ finish: "stop" }] },
    );
    const provider = providerAt(here, "anthropic");
    const ask = (parameters: GenerationParameters): ReturnType<typeof modelRequest> =>
      modelRequest("x", { reasoning: "high", ...parameters }, "claude-opus-4-6");
    const extras = { providerOptions: { anthropic: { output_config: { effort: "xhigh" } } } };
    assert.ok((await callError(provider, { request: ask(extras) })).message.includes(words));
    const { events } = await call(provider, { request: ask({}) });
    assert.equal(
      events.some((event) => event.type === "warning"),
      false,
    );
    assert.deepEqual(sent("output_config"), [{ effort: "xhigh" }, { effort: "xhigh" }, { effort: "high" }]);
  });

  test("nor is what would have been learned along with it", async () => {
    const provider = providerAt(here, "openai-compatible");
    const refused = (name: string): ReturnType<typeof refusal> => refusal(`Unsupported parameter: '${name}' is not supported.`);
    const asked = { temperature: 1, reasoning: "low" } as const;
    fake.enqueue(refused("temperature"));
    assert.equal((await call(provider, { request: modelRequest("x", asked) })).thrown, null);
    fake.enqueue(refused("reasoning_effort"), refused("reasoning_effort"));
    const providerOptions = { "openai-compatible": { reasoning_effort: "ultra" } };
    await callError(provider, { request: modelRequest("x", { ...asked, providerOptions }) });
    await call(provider, { request: modelRequest("x", { temperature: 1 }) });
    assert.deepEqual(sent("temperature"), [1, null, null, null, 1]);
  });
});

describe("What was learned of reasoning before still holds", () => {
  test("where a Gemini refuses that it is off, and then a level, or the other way round", async () => {
    const refused: Readonly<Record<string, string>> = {
      none: "Budget 0 is invalid. This model only works in thinking mode.",
      medium: "Thinking level MEDIUM is not supported for this model.",
    };
    for (const order of [
      ["off", "medium", "off", "medium"],
      ["medium", "off", "medium", "off"],
    ] as const) {
      fake.reset();
      const provider = providerAt(here, "gemini");
      fake.respond(({ body }) => {
        const words = refused[asText(body?.["reasoning_effort"]) ?? ""];
        return words === undefined ? { steps: [{ finish: "stop" }] } : refusal(words);
      });
      for (const reasoning of order) assert.equal((await call(provider, { request: modelRequest("x", { reasoning }) })).thrown, null);
      const [first, second] = order.map((one) => (one === "off" ? "none" : one));
      assert.deepEqual(sent("reasoning_effort"), [first, "low", second, "low", "low", "low"]);
    }
  });
});

describe("That a Claude cannot be told not to think is not learned", () => {
  const MODEL = "claude-opus-4-6";
  const thought = { type: "thinking", thinking: "Hm.", signature: "s" };
  const begun: Message = {
    role: "assistant",
    content: [
      { type: "opaque", provider: "anthropic", data: { wire: "anthropic", block: thought } },
      { type: "text", text: "I" },
    ],
  };

  test("where an answer that is to be gone on with holds a thought: it goes without that", async () => {
    const provider = providerAt(here, "anthropic");
    const words =
      "messages.1: When `thinking` is disabled, an `assistant` message in the final position cannot contain `thinking`. To use thinking blocks, enable `thinking` in your request.";
    fake.enqueue(refusal(words));
    const request = { ...modelRequest("x", { reasoning: "off" }, MODEL), messages: [userMessage("x"), begun] };
    assert.equal((await call(provider, { request })).thrown, null);
    await call(provider, { request: modelRequest("x", { reasoning: "off" }, MODEL) });
    assert.deepEqual(
      sent("thinking"),
      Array.from({ length: 3 }, () => ({ type: "disabled" })),
    );
    assert.deepEqual(
      fake.requests.map(({ bodyText }) => bodyText.includes('"thinking":"Hm."')),
      [true, false, false],
    );
  });

  test("where what the caller added demands that it thinks: that is told", async () => {
    const provider = providerAt(here, "anthropic");
    const words = "`clear_thinking_20251015` strategy requires `thinking` to be enabled or adaptive.";
    fake.enqueue(refusal(words));
    const request = modelRequest("x", { reasoning: "off", providerOptions: { anthropic: { context_management: { edits: [] } } } }, MODEL);
    assert.ok((await callError(provider, { request })).message.includes(words));
    await call(provider, { request: modelRequest("x", { reasoning: "off" }, MODEL) });
    assert.deepEqual(sent("thinking"), [{ type: "disabled" }, { type: "disabled" }]);
  });
});

describe("A temperature that was refused beside reasoning", () => {
  const words = "Unsupported parameter: 'temperature' is not supported with this model.";
  const refused = { status: 400, body: { error: { message: words, param: "temperature", code: "unsupported_parameter" } } } as const;
  const beside = { reasoning: "high", temperature: 1 } as const;
  for (const [wire, model] of [
    ["openai-chat", "gpt-5.2"],
    ["openai-responses", "gpt-5.2"],
    ["anthropic", "claude-opus-4-6"],
  ] as const) {
    test(`goes out again where the model is not to reason, and not beside it: ${wire}`, async () => {
      const provider = providerOnWire(here, wire);
      fake.enqueue(refused);
      for (const parameters of [beside, { ...beside, reasoning: "off" }, { temperature: 1 }, beside] as const)
        assert.equal((await call(provider, { request: modelRequest("x", parameters, model) })).thrown, null);
      assert.deepEqual(sent("temperature"), [1, null, 1, 1, null]);
    });
  }

  test("is left out of the request also where the caller's extras ask for the reasoning", async () => {
    const provider = providerAt(here, "openai-compatible");
    fake.enqueue(refused);
    const extras = { providerOptions: { "openai-compatible": { reasoning_effort: "high" } } };
    assert.equal((await call(provider, { request: modelRequest("x", { temperature: 1, ...extras }) })).thrown, null);
    assert.deepEqual(sent("temperature"), [1, null]);
  });
});

test("Reasoning that a Responses server refuses beside tools is left out of that request alone", async () => {
  const provider = providerOnWire(here, "openai-responses");
  fake.enqueue(refusal("Reasoning is not supported when tools are provided."));
  for (const parameters of [{ tools: [WEATHER] }, {}])
    assert.equal((await call(provider, { request: modelRequest("x", { reasoning: "high", ...parameters }) })).thrown, null);
  assert.deepEqual(
    sent("reasoning").map((one) => one !== null),
    [true, false, true],
  );
});

test("A schema's property that is called as a parameter is no parameter", async () => {
  const provider = providerAt(here, "openai-compatible");
  fake.respond(({ body }) => {
    const words = "Invalid schema for response_format 'answer': In context=('properties', 'temperature'), 'minimum' is not permitted.";
    return body?.["response_format"] === undefined ? { steps: [{ text: '{"temperature":1}' }, { finish: "stop" }] } : refusal(words);
  });
  const responseSchema = { type: "object", properties: { temperature: { type: "number", minimum: 0 } } };
  assert.equal((await call(provider, { request: modelRequest("x", { temperature: 0, responseSchema }) })).thrown, null);
  assert.deepEqual(sent("temperature"), [0, 0]);
});

test("A schema that is refused beside tools which the caller's extras add is asked for in words there, and as before without them", async () => {
  const provider = providerAt(here, "gemini");
  fake.enqueue(refusal("Tool use with a response mime type: 'application/json' is unsupported"));
  const extras = { providerOptions: { gemini: { tools: [{ google_search: {} }] } } };
  for (const parameters of [extras, extras, {}])
    assert.equal((await call(provider, { request: modelRequest("x", { responseSchema: SCHEMA, ...parameters }) })).thrown, null);
  assert.deepEqual(
    sent("response_format").map((one) => one !== null),
    [true, false, false, true],
  );
});

test("Whether reasoning is wanted back is learned anew where another server stands behind the name", async () => {
  const provider = providerAt(here, "openai-compatible");
  const wanted = refusal("The `reasoning_content` in the thinking mode must be passed back to the API.");
  const refused = refusal("property 'reasoning_content' is unsupported");
  const [question, answer, result] = toolRound;
  assert.ok(question?.role === "user" && answer?.role === "assistant" && result !== undefined);
  const thought: Message = { role: "assistant", content: [{ type: "reasoning", text: "Hm." }, ...answer.content] };
  const request = { ...modelRequest(), messages: [question, thought, result] };
  for (const one of [wanted, refused, wanted]) {
    fake.enqueue(one);
    assert.equal((await call(provider, { request })).thrown, null);
  }
  assert.deepEqual(
    fake.requests.map(({ bodyText }) => bodyText.includes('"reasoning_content":"Hm."')),
    [false, true, true, false, false, true],
  );
});

test("A limit of output tokens that the caller asked for and a Claude does not reach is told at once", async () => {
  const provider = providerAt(here, "anthropic");
  const words = "max_tokens: 50000 > 32768, which is the maximum allowed number of output tokens";
  fake.enqueue(refusal(words));
  assert.ok((await callError(provider, { request: modelRequest("x", { maxOutputTokens: 50_000 }) })).message.includes(words));
  assert.deepEqual(sent("max_tokens"), [50_000]);
});
