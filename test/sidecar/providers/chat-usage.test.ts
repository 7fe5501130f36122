// Usage whose total says more than its parts: what was counted beside the completion is output, which is what it is charged as.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readChatUsage } from "../../../sidecar/providers/openai-chat/usage.ts";
import type { JsonObject } from "../../../sidecar/types.ts";

const outputOf = (usage: JsonObject): number | undefined =>
  readChatUsage({ prompt_tokens: 20, completion_tokens: 5, ...usage })?.outputTokens;

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
