// Usage whose total says more than its parts: what was counted beside the completion is output, and beside the prompt input.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { asObject } from "../../../sidecar/providers/json-fields.ts";
import { latestUsage, readChatUsage } from "../../../sidecar/providers/openai-chat/usage.ts";
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

test("quirk 20: a side of the usage that is left out later, or is zero, wipes none that came before", () => {
  const told = (usage: JsonObject): JsonObject => ({ choices: [], usage });
  const prompt = told({ prompt_tokens: 9, completion_tokens: 0, total_tokens: 9, prompt_tokens_details: { cached_tokens: 4 } });
  const ends: readonly JsonObject[] = [
    { completion_tokens: 5 },
    { prompt_tokens: 0, completion_tokens: 5, total_tokens: 5 },
    { prompt_tokens: null, completion_tokens: 5 },
    { completion_tokens: 5, total_tokens: 14 },
    { prompt_tokens: 0, completion_tokens: 5, total_tokens: 14 },
  ];
  for (const end of ends) assert.deepEqual(read("openai-chat", sse(prompt, ...said, stopped(), told(end), "[DONE]")), PLAIN);
  const before = { inputTokens: 9, outputTokens: 5, cachedTokens: 4, reasoningTokens: 2 };
  assert.deepEqual(latestUsage(before, { inputTokens: 0, outputTokens: 6 }), { inputTokens: 9, outputTokens: 6, cachedTokens: 4 });
  assert.deepEqual(latestUsage(before, { inputTokens: 8, outputTokens: 0 }), { inputTokens: 8, outputTokens: 5, reasoningTokens: 2 });
  assert.deepEqual(latestUsage(before, { inputTokens: 8, outputTokens: 6 }), { inputTokens: 8, outputTokens: 6 });
  const paid = { ...before, charged: 0.01 };
  assert.deepEqual(latestUsage(paid, { inputTokens: 9, outputTokens: 5 }), paid, "told again without its parts");
  assert.deepEqual(latestUsage(paid, { inputTokens: 9, outputTokens: 6, cachedTokens: 3 }), {
    inputTokens: 9,
    outputTokens: 6,
    cachedTokens: 3,
  });
});

describe("The total of chat completions' usage", () => {
  test("is of the prompt too where that is not told: what it has beyond the completion was not written", () => {
    assert.deepEqual(readChatUsage({ completion_tokens: 5, total_tokens: 14 }), { inputTokens: 9, outputTokens: 5 });
    const thought = { completion_tokens: 5, total_tokens: 8, completion_tokens_details: { reasoning_tokens: 3 } };
    assert.deepEqual(readChatUsage(thought), { inputTokens: 0, outputTokens: 8, reasoningTokens: 3 });
    const cached = { prompt_tokens: 0, completion_tokens: 5, total_tokens: 105, cache_read_input_tokens: 100 };
    assert.deepEqual(readChatUsage(cached), { inputTokens: 100, outputTokens: 5, cachedTokens: 100 });
  });

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

  test("does not make output of a rest that reasoning does not explain", () => {
    assert.equal(outputOf({ total_tokens: 325, completion_tokens_details: { reasoning_tokens: 4 } }), 5);
  });
});

describe("What a cache took of the prompt", () => {
  const tokens = (usage: JsonObject): readonly (number | undefined)[] => {
    const read = readChatUsage(usage);
    return [read?.inputTokens, read?.cachedTokens, read?.cacheWriteTokens, read?.outputTokens];
  };
  const few: JsonObject = { prompt_tokens: 10, completion_tokens: 5 };

  test("is input where the total alone has it, as Portkey counts it for Claude", () => {
    const usage = (cache_read_input_tokens: number, cache_creation_input_tokens: number): JsonObject => ({
      ...few,
      total_tokens: 15 + cache_read_input_tokens + cache_creation_input_tokens,
      prompt_tokens_details: { cached_tokens: cache_read_input_tokens },
      cache_read_input_tokens,
      cache_creation_input_tokens,
    });
    assert.deepEqual(tokens(usage(600, 400)), [1010, 600, 400, 5]);
    assert.deepEqual(tokens(usage(0, 10_000)), [10_010, 0, 10_000, 5]);
    assert.deepEqual(tokens(usage(600, 0)), [610, 600, undefined, 5]);
    assert.deepEqual(tokens(usage(6, 0)), [16, 6, undefined, 5]);
  });

  test("is input where it is more than the input under Anthropic's names", () => {
    const usage: JsonObject = { ...few, cache_read_input_tokens: 600, cache_creation_input_tokens: 400 };
    for (const total of [{}, { total_tokens: 15 }]) assert.deepEqual(tokens({ ...usage, ...total }), [1010, 600, 400, 5]);
    // With what was thought beside both.
    assert.deepEqual(tokens({ ...usage, total_tokens: 1115 }), [1010, 600, 400, 105]);
  });

  test("is no input beside it where another provider counts more of it than there was, and its total says otherwise", () => {
    // xAI.
    assert.deepEqual(tokens({ ...few, total_tokens: 15, prompt_tokens_details: { cached_tokens: 373 } }), [10, 373, undefined, 5]);
  });

  test("is counted once where the input has it already, as LiteLLM, Databricks and Alibaba count it", () => {
    const cache: JsonObject = { cache_creation_input_tokens: 400, cache_read_input_tokens: 600 };
    const details = ["cache_creation_tokens", "cache_creation_input_tokens"].map((name) => ({ cached_tokens: 600, [name]: 400 }));
    for (const more of [cache, ...details.map((one) => ({ prompt_tokens_details: one }))]) {
      assert.deepEqual(tokens({ prompt_tokens: 1010, completion_tokens: 5, total_tokens: 1015, ...more }), [1010, 600, 400, 5]);
    }
  });

  test("is told from reasoning that is as much", () => {
    const usage: JsonObject = { ...few, total_tokens: 21, prompt_tokens_details: { cached_tokens: 6 } };
    assert.deepEqual(tokens({ ...usage, completion_tokens_details: { reasoning_tokens: 6 } }), [10, 6, undefined, 11]);
    assert.deepEqual(tokens({ ...usage, completion_tokens_details: { reasoning_tokens: 4 } }), [16, 6, undefined, 5]);
  });
});
