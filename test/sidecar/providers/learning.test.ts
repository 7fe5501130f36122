// What a model refuses with a 400 is left out or renamed, once, and remembered for that model; over real sockets.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Provider } from "../../../sidecar/providers/provider.ts";
import { asList, asObject } from "../../../sidecar/providers/json-fields.ts";
import type { GenerationParameters, JsonObject, JsonValue } from "../../../sidecar/types.ts";
import { fakeAtHand, providerAt, providerOnWire } from "../../support/fake-at-hand.ts";
import { call, callError, modelRequest, userMessage } from "../../support/provider-calls.ts";
import { SCHEMA, toolRound } from "../../support/wire-requests.ts";

const here = await fakeAtHand();
const { fake } = here;

const provider = (id = "openai-compatible"): Provider => providerAt(here, id);

const rolesOf = (body: JsonObject | null | undefined): readonly unknown[] =>
  (asList(body?.["messages"]) ?? []).map((message) => asObject(message)?.["role"]);

describe("What a model refuses is learned", () => {
  const refusal = (parameter: string, message: string): { status: number; body: JsonValue } => ({
    status: 400,
    body: { error: { message, type: "invalid_request_error", param: parameter, code: "unsupported_parameter" } },
  });

  test("quirk 18: usage is not asked for where stream_options is unknown, from then on", async () => {
    const shared = provider();
    fake.enqueue({ status: 422, body: { detail: [{ loc: ["body", "stream_options"], msg: "Extra inputs are not permitted" }] } });
    assert.equal((await call(shared)).thrown, null);
    await call(shared);
    assert.deepEqual(
      fake.requests.map(({ body }) => body?.["stream_options"]),
      [{ include_usage: true }, undefined, undefined],
    );
  });

  test("quirk 33: max_tokens becomes max_completion_tokens", async () => {
    fake.enqueue(
      refusal("max_tokens", "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."),
    );
    const { events } = await call(provider(), { request: modelRequest("x", { maxOutputTokens: 9 }) });
    assert.equal(fake.requests[1]?.body?.["max_completion_tokens"], 9);
    assert.equal(fake.requests[1].body["max_tokens"], undefined);
    assert.equal(
      events.some((event) => event.type === "warning"),
      false,
    );
  });

  test("quirk 33: a temperature that the model does not take is left out, and that is told", async () => {
    fake.enqueue(
      refusal(
        "temperature",
        "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
      ),
    );
    const { events } = await call(provider(), { request: modelRequest("x", { temperature: 0.2 }) });
    assert.equal(fake.requests[1]?.body?.["temperature"], undefined);
    assert.deepEqual(
      events.filter((event) => event.type === "warning").map(({ code, parameter }) => [code, parameter]),
      [["parameter-left-out", "temperature"]],
    );
  });

  test("also where nothing is taken that was asked for, one after the other, the way to reason last but one", async () => {
    const shared = provider();
    const names = ["temperature", "top_p", "stop", "seed", "stream_options", "reasoning_effort", "max_tokens"];
    for (const name of names) {
      const instead = name === "max_tokens" ? " Use 'max_completion_tokens' instead." : "";
      fake.enqueue(refusal(name, `Unsupported parameter: '${name}' is not supported with this model.${instead}`));
    }
    const parameters = { temperature: 0.2, topP: 0.9, stop: ["x"], seed: 1, reasoning: "low", maxOutputTokens: 100 } as const;
    for (const sent of [names.length + 1, 1]) {
      const before = fake.requests.length;
      const { events, thrown } = await call(shared, { request: modelRequest("x", parameters) });
      assert.equal(thrown, null);
      assert.equal(fake.requests.length - before, sent);
      const body = fake.requests.at(-1)?.body ?? {};
      assert.deepEqual(
        names.filter((name) => name in body),
        [],
      );
      assert.equal(body["max_completion_tokens"], 100);
      const warned = events.flatMap((event) => (event.type === "warning" ? [event.parameter] : []));
      assert.deepEqual(new Set(warned), new Set(["reasoning", "seed", "stop", "temperature", "topP"]));
    }
  });

  test("each model learns for itself", async () => {
    const shared = provider();
    fake.enqueue(refusal("temperature", "no temperature"));
    await call(shared, { request: modelRequest("x", { temperature: 0.2 }, "one") });
    await call(shared, { request: modelRequest("x", { temperature: 0.2 }, "two") });
    assert.deepEqual(
      fake.requests.map(({ body }) => body?.["temperature"]),
      [0.2, undefined, 0.2],
    );
  });

  test("quirk 36: thinking is not asked of an Ollama model that cannot", async () => {
    fake.enqueue({ status: 400, body: { error: '"gemma3" does not support thinking' } });
    const { events } = await call(provider("ollama"), { request: modelRequest("x", { reasoning: "high" }) });
    assert.deepEqual(
      fake.requests.map(({ body }) => body?.["think"]),
      [true, undefined],
    );
    assert.ok(events.some((event) => event.type === "warning" && event.code === "parameter-left-out" && event.parameter === "reasoning"));
  });

  test("Anthropic's limit of output tokens is taken from its refusal", async () => {
    fake.enqueue({
      status: 400,
      body: {
        type: "error",
        error: {
          type: "invalid_request_error",
          message: "max_tokens: 64000 > 32768, which is the maximum allowed number of output tokens",
        },
      },
    });
    await call(provider("anthropic"));
    assert.deepEqual(
      fake.requests.map(({ body }) => body?.["max_tokens"]),
      [64_000, 32_768],
    );
  });

  describe("Anthropic's limit of output tokens, where the prompt leaves less room,", () => {
    const asked = (): readonly unknown[] => fake.requests.map(({ body }) => body?.["max_tokens"]);
    const full = (prompt: number, limit: number): { status: number; body: JsonValue } => ({
      status: 400,
      body: {
        type: "error",
        error: {
          type: "invalid_request_error",
          message: `input length and \`max_tokens\` exceed context limit: ${prompt} + ${limit} > 200000, decrease input length or \`max_tokens\` and try again`,
        },
      },
    });

    test("is what is left, for this request alone", async () => {
      const shared = provider("anthropic");
      fake.enqueue(full(140_000, 64_000));
      assert.equal((await call(shared, { request: modelRequest("x", { reasoning: "high" }) })).thrown, null);
      await call(shared);
      assert.deepEqual(asked(), [64_000, 60_000, 64_000]);
    });

    test("is what is left at servers that say it in other words, and half of a context that is smaller than it", async () => {
      for (const [words, next] of [
        [
          "max_tokens is too large: 64000. This model's maximum context length is 32768 tokens and your request has 100 input tokens (64000 > 32768 - 100).",
          16_384,
        ],
        [
          "This model's maximum context length is 32768 tokens. However, you requested 64000 output tokens and your prompt contains at least 1 input tokens.",
          16_384,
        ],
        [
          "This model's maximum context length is 8192 tokens. However, you requested 64000 output tokens and your prompt contains 6000 input tokens.",
          2192,
        ],
      ] as const) {
        fake.reset();
        fake.enqueue({ status: 400, body: { type: "error", error: { type: "invalid_request_error", message: words } } });
        assert.equal((await call(provider("anthropic"))).thrown, null);
        assert.deepEqual(asked(), [64_000, next], words);
      }
    });

    test("is told as what it is where the caller asked for more than there is, with what would fit", async () => {
      fake.respond(full(20_000, 190_000));
      const error = await callError(provider("anthropic"), { request: modelRequest("x", { maxOutputTokens: 190_000 }) });
      assert.equal(error.kind, "invalid-request");
      assert.match(error.message, /an answer may have 180000 tokens: set maxOutputTokens to that or less\.$/u);
      assert.deepEqual(asked(), [190_000]);
    });

    for (const [title, prompt, limit, parameters] of [
      ["stands where that is too little for an answer", 197_000, 64_000, {}],
      ["stands where the caller asked for it", 180_000, 32_000, { maxOutputTokens: 32_000 }],
    ] as const) {
      test(title, async () => {
        fake.respond(full(prompt, limit));
        const error = await callError(provider("anthropic"), { request: modelRequest("x", parameters) });
        assert.equal(error.kind, "context-length");
        assert.deepEqual(asked(), [limit]);
      });
    }
  });

  test("a field that is named as xAI's own code has it is left out, on both of OpenAI's wires", async () => {
    const words = { code: "invalid-argument", error: "Model grok-4-0709 does not support parameter reasoningEffort." };
    for (const wire of ["openai-chat", "openai-responses"] as const) {
      fake.enqueue({ status: 400, body: words });
      const before = fake.requests.length;
      const shared = providerOnWire(here, wire);
      assert.equal((await call(shared, { request: modelRequest("x", { reasoning: "low" }) })).thrown, null);
      const asked = fake.requests.slice(before).map(({ body }) => body?.["reasoning_effort"] ?? body?.["reasoning"]);
      assert.deepEqual([asked.length, asked[0] === undefined, asked[1]], [2, false, undefined], wire);
    }
  });

  for (const [status, words] of [
    [400, "Unexpected role 'user' after role 'tool'"],
    [
      500,
      "After the optional system message, conversation roles must alternate user and assistant roles except for tool calls and results.",
    ],
  ] as const) {
    test(`an answer stands between results and a question where that is demanded (${status}), from then on`, async () => {
      const shared = provider();
      const request = { ...modelRequest(), messages: [...toolRound, userMessage("And tomorrow?")] };
      fake.enqueue({ status, body: { error: { message: words, type: "invalid_request_message_order", code: "3230" } } });
      assert.equal((await call(shared, { request })).thrown, null);
      await call(shared, { request });
      const roles = fake.requests.map(({ body }) => rolesOf(body));
      const between = ["user", "assistant", "tool", "assistant", "user"];
      assert.deepEqual(roles, [["user", "assistant", "tool", "user"], between, between]);
    });
  }

  test("turns that are complained of and follow each other as they must are no reason to ask again", async () => {
    fake.respond({ status: 400, body: { error: { message: "Conversation roles must alternate user/assistant/user/assistant" } } });
    assert.equal((await callError(provider())).status, 400);
    assert.equal(fake.requests.length, 1);
  });

  test("a refusal that repeats itself stands", async () => {
    fake.respond(refusal("temperature", "no temperature"));
    const error = await callError(provider(), { request: modelRequest("x", { temperature: 0.2 }) });
    assert.equal(error.status, 400);
    assert.equal(fake.requests.length, 2);
  });

  test("a model that wants neither of two names is not asked in a circle", async () => {
    fake.respond(({ body }) => {
      const [refused, other] =
        body?.["max_tokens"] === undefined ? ["max_completion_tokens", "max_tokens"] : ["max_tokens", "max_completion_tokens"];
      return refusal(refused, `'${refused}' is not supported. Use '${other}' instead.`);
    });
    await callError(provider(), { request: modelRequest("x", { maxOutputTokens: 9 }) });
    assert.equal(fake.requests.length, 3);
  });

  const asked: GenerationParameters = { temperature: 0.2, topP: 0.9, seed: 7, stop: ["a"], maxOutputTokens: 9 };
  const REFUSED: readonly (readonly [words: string, field: string])[] = [
    ["Unsupported parameter: 'stop' is not supported with this model.", "stop"],
    ["Model grok-4.6 does not support parameter stop.", "stop"],
    ["Argument not supported on this model: stop", "stop"],
    ["property 'seed' is unsupported", "seed"],
    ['Invalid JSON payload received. Unknown name \\"seed\\": Cannot find field.', "seed"],
    ["Unrecognized request argument supplied: top_p", "top_p"],
    ["Extra inputs are not permitted, field: 'seed', value: 7", "seed"],
    ["invalid temperature: only 1 is allowed for this model", "temperature"],
    ["Model incompatible request argument supplied: temperature", "temperature"],
    ["<400> InternalError.Algo.InvalidParameter: This model does not support seed.", "seed"],
    ["stop is not enabled for this model", "stop"],
    ["custom stop words are not implemented for completions.", "stop"],
    ["temperature, top_p and n are fixed at 1", "temperature"],
    ["The seed parameter is only supported for other models", "seed"],
    ["Invalid parameter: seed", "seed"],
    ["'seed' is not a valid parameter", "seed"],
    ["unknown field `seed`, expected one of `messages`, `stop`, `temperature` at line 1", "seed"],
  ];
  for (const [words, field] of REFUSED) {
    test(`quirk 33: a field is left out from then on: ${words}`, async () => {
      const shared = provider();
      fake.enqueue({ status: 400, body: { error: { message: words } } });
      assert.equal((await call(shared, { request: modelRequest("x", asked) })).thrown, null);
      await call(shared, { request: modelRequest("x", asked) });
      assert.deepEqual(
        fake.requests.map(({ body }) => body?.[field] !== undefined),
        [true, false, false],
      );
    });
  }

  for (const words of [
    "Unrecognized request argument supplied: FIELD",
    "FIELD: Extra inputs are not permitted",
    "This model does not support the parameter FIELD.",
  ]) {
    test(`quirk 33: a field whose name is a word of the language likewise: ${words}`, async () => {
      for (const [provider, field] of [
        [providerOnWire(here, "openai-responses"), "reasoning"],
        [providerAt(here, "openrouter"), "reasoning"],
        [providerAt(here, "deepseek"), "thinking"],
      ] as const) {
        fake.reset();
        fake.enqueue({ status: 400, body: { error: { message: words.replace("FIELD", field) } } });
        for (const _ of ["first", "next"])
          assert.equal((await call(provider, { request: modelRequest("x", { reasoning: "high" }) })).thrown, null);
        assert.deepEqual(
          fake.requests.map(({ body }) => body?.[field] !== undefined),
          [true, false, false],
        );
      }
    });
  }

  describe("of two that are refused together, the dearer one is kept, and both still go alone", () => {
    const TOGETHER: readonly (readonly [words: string, both: GenerationParameters, kept: string, left: string])[] = [
      [
        "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
        { temperature: 0.2, topP: 0.9 },
        "temperature",
        "top_p",
      ],
      ["Invalid combination: top_p with temperature is not supported", { temperature: 0.2, topP: 0.9 }, "temperature", "top_p"],
      [
        "`temperature` may only be set to 1 when thinking is enabled. Please consult our documentation.",
        { temperature: 0.2, reasoning: "high" },
        "reasoning_effort",
        "temperature",
      ],
    ];
    for (const [words, both, kept, left] of TOGETHER) {
      test(words, async () => {
        const shared = provider();
        const fields = (): readonly boolean[] => [kept, left].map((field) => fake.requests.at(-1)?.body?.[field] !== undefined);
        fake.enqueue({ status: 400, body: { error: { message: words } } });
        const { events, thrown } = await call(shared, { request: modelRequest("x", both) });
        assert.equal(thrown, null);
        assert.deepEqual(fields(), [true, false]);
        assert.equal(events.filter((event) => event.type === "warning" && event.code === "parameter-left-out").length, 1);
        await call(shared, { request: modelRequest("x", both) });
        assert.deepEqual([...fields(), fake.requests.length], [true, false, 3]);
        const { temperature, topP } = both;
        const alone = left === "top_p" ? { topP: topP ?? 0 } : { temperature: temperature ?? 0 };
        const { events: afterwards } = await call(shared, { request: modelRequest("x", alone) });
        assert.deepEqual([...fields(), afterwards.some((event) => event.type === "warning")], [false, true, false]);
      });
    }

    test("also where the other is an extra of the caller's: it is left out of this request alone", async () => {
      const shared = provider();
      fake.enqueue({ status: 400, body: { error: { message: "`temperature` and `top_k` cannot both be specified for this model." } } });
      const extras = { providerOptions: { "openai-compatible": { top_k: 5 } } };
      assert.equal((await call(shared, { request: modelRequest("x", { temperature: 0.2, ...extras }) })).thrown, null);
      await call(shared, { request: modelRequest("x", { temperature: 0.2 }) });
      assert.deepEqual(
        fake.requests.map(({ body }) => body?.["temperature"]),
        [0.2, undefined, 0.2],
      );
    });

    test("on the Responses wire likewise", async () => {
      const shared = providerOnWire(here, "openai-responses");
      fake.enqueue({ status: 400, body: { error: { message: "temperature and top_p cannot both be specified" } } });
      assert.equal((await call(shared, { request: modelRequest("x", { temperature: 0.2, topP: 0.9 }) })).thrown, null);
      await call(shared, { request: modelRequest("x", { topP: 0.9 }) });
      assert.deepEqual(
        fake.requests.map(({ body }) => [body?.["temperature"], body?.["top_p"]]),
        [
          [0.2, 0.9],
          [0.2, undefined],
          [undefined, 0.9],
        ],
      );
    });
  });

  const VALUES: readonly (readonly [words: string, param?: string])[] = [
    ["Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length 5 instead.", "stop"],
    ["You can pass up to 4 stop sequences; more are not supported", "stop"],
    ["Invalid value at 'generation_config.seed' (TYPE_INT32), 1790000000000"],
    ["seed: must be a positive integer"],
    ["`temperature` has to be a strictly positive float"],
    ["max_completion_tokens must be a multiple of 8"],
    ["'max_tokens' or 'max_completion_tokens' is too large: 9. This model's maximum context length is 8 tokens."],
    ["Invalid parameter: temperature has to be a number"],
    ["<400> InternalError.Algo.InvalidParameter: Range of top_p should be (0.0, 1.0]"],
    ["An unknown error occurred while sampling with temperature 0.2"],
    ["property 'store' is unsupported, did you mean 'stop'?"],
    ["The role 'narrator' is not supported; temperature has no effect on it", "messages[0].role"],
    ["Unsupported image format: image/tiff"],
    ["Invalid schema for function 'weather': the schema must have a 'type' key"],
  ];
  for (const [words, param] of VALUES) {
    test(`a value that is refused is told, and teaches nothing: ${words}`, async () => {
      fake.respond({ status: 400, body: { error: { message: words, ...(param === undefined ? {} : { param }) } } });
      const request = modelRequest("x", {
        ...asked,
        responseSchema: SCHEMA,
        providerOptions: { "openai-compatible": { max_completion_tokens: 9 } },
      });
      const error = await callError(provider(), { request });
      assert.ok(error.message.includes(words), error.message);
      assert.equal(fake.requests.length, 1);
    });
  }

  test("a refusal of something that was not sent stands at once", async () => {
    fake.respond(refusal("temperature", "no temperature"));
    assert.equal((await callError(provider())).status, 400);
    assert.equal(fake.requests.length, 1);
  });
});
