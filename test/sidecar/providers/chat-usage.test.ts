// Usage whose total says more than its parts: what was counted beside the completion is output, which is what it is charged as.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { asObject } from "../../../sidecar/providers/json-fields.ts";
import { readChatUsage } from "../../../sidecar/providers/openai-chat/usage.ts";
import type { JsonObject } from "../../../sidecar/types.ts";
import { counted, said, stopped } from "./variations/chat-records.ts";
import { PLAIN, read, sse } from "./variations/one-answer.ts";

const outputOf = (usage: JsonObject): number | undefined =>
  readChatUsage({ prompt_tokens: 20, completion_tokens: 5, ...usage })?.outputTokens;

test("Usage that is named as the Responses API names it is read on chat completions too", () => {
  const usage = {
    input_tokens: 20,
    output_tokens: 5,
    input_tokens_details: { cached_tokens: 4 },
    output_tokens_details: { reasoning_tokens: 2 },
  };
  assert.deepEqual(readChatUsage(usage), { inputTokens: 20, outputTokens: 5, cachedTokens: 4, reasoningTokens: 2 });
});

test("Usage of nothing but zeros is none, and wipes no figures that came before", () => {
  const zeros: JsonObject = { choices: [], usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } };
  assert.equal(readChatUsage(asObject(zeros["usage"])), undefined);
  assert.equal(readChatUsage({ total_tokens: 9 }), undefined);
  assert.deepEqual(read("openai-chat", sse(zeros, ...said, stopped(), counted, zeros, "[DONE]")), PLAIN);
});

describe("The total of chat completions' usage", () => {
  test("counts what was thought and is told nowhere else, as Gemini's interface has it", () => {
    assert.equal(outputOf({ total_tokens: 325 }), 305);
    assert.equal(outputOf({ total_tokens: 325, completion_tokens_details: { reasoning_tokens: 0 } }), 305);
    assert.equal(outputOf({ total_tokens: 325, completion_tokens: null }), 305);
    assert.deepEqual(readChatUsage({ prompt_tokens: 20, completion_tokens: 5, total_tokens: 325 }), { inputTokens: 20, outputTokens: 305 });
  });

  test("changes nothing where it is the sum, is smaller, absent or none", () => {
    for (const total of [25, 24, 0, null, "325"]) assert.equal(outputOf({ total_tokens: total }), 5, String(total));
    assert.equal(outputOf({}), 5);
  });

  test("does not make output of what was read from a cache, or of a rest that reasoning does not explain", () => {
    assert.equal(outputOf({ total_tokens: 1025, prompt_tokens_details: { cached_tokens: 1000 } }), 5);
    assert.equal(outputOf({ total_tokens: 325, completion_tokens_details: { reasoning_tokens: 4 } }), 5);
  });
});
