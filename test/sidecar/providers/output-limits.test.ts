// Limits of output tokens that a model or its context does not take, in the words of many servers; over real sockets.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonValue } from "../../../sidecar/types.ts";
import { fakeAtHand, providerAt } from "../../support/fake-at-hand.ts";
import { call, callError, modelRequest } from "../../support/provider-calls.ts";

const here = await fakeAtHand();
const { fake } = here;

const refusal = (message: string, status = 400): { status: number; body: JsonValue } => ({
  status,
  body: { type: "error", error: { type: "invalid_request_error", message } },
});
const asked = (): readonly unknown[] => fake.requests.map(({ body }) => body?.["max_tokens"]);

/** Of the sum of prompt and limit, and of the context. */
const SUMS: readonly ((prompt: number, limit: number, context: number) => string)[] = [
  (prompt, limit, context) =>
    `input length and \`max_tokens\` exceed context limit: ${prompt} + ${limit} > ${context}, decrease input length or \`max_tokens\` and try again`,
  (prompt, limit, context) =>
    `'max_tokens' or 'max_completion_tokens' is too large: ${limit}. This model's maximum context length is ${context} tokens and your request has ${prompt} input tokens (${limit} > ${context} - ${prompt}).`,
  (prompt, limit, context) =>
    `This model's maximum context length is ${context} tokens. However, you requested ${prompt + limit} tokens (${prompt} in the messages, ${limit} in the completion). Please reduce the length of the messages or completion.`,
  (prompt, limit, context) =>
    `This endpoint's maximum context length is ${context} tokens. However, you requested about ${prompt + limit} tokens (${prompt} of text input, 12 of tool input, ${limit} in the output). Please reduce the length of either one, or use the "middle-out" transform.`,
  (prompt, limit, context) =>
    `You passed ${prompt} input tokens and requested ${limit} output tokens. However, the model's context length is only ${context} tokens, resulting in a maximum input length of ${context - limit} tokens.`,
];

describe("A limit of output tokens that Anthropic's wire asks for, and nobody else did,", () => {
  for (const words of [
    "max_tokens: 64000 > 8192, which is the maximum allowed number of output tokens",
    "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]",
    "The maximum tokens you requested exceeds the model limit of 8192. Try again with a maximum tokens value that is lower than 8192.",
    "max_tokens must be less than or equal to 8192",
    "Range of max_tokens should be [1, 8192]",
    "max_tokens is too large: 64000. This model supports at most 8192 completion tokens",
    "max_tokens: Input should be less than or equal to 8192",
  ]) {
    test(`becomes what the model writes, from then on: ${words}`, async () => {
      const shared = providerAt(here, "anthropic");
      fake.enqueue(refusal(words, words.includes("Input should") ? 422 : 400));
      assert.equal((await call(shared)).thrown, null);
      await call(shared);
      assert.deepEqual(asked(), [64_000, 8192, 8192]);
    });
  }

  for (const words of SUMS) {
    test(`is half of a context that is smaller, from then on: ${words(12, 64_000, 32_768)}`, async () => {
      const shared = providerAt(here, "anthropic");
      fake.enqueue(refusal(words(12, 64_000, 32_768)));
      assert.equal((await call(shared)).thrown, null);
      await call(shared);
      assert.deepEqual(asked(), [64_000, 16_384, 16_384]);
    });

    test(`is what the prompt leaves, for one request: ${words(100_000, 64_000, 131_072)}`, async () => {
      const shared = providerAt(here, "anthropic");
      fake.enqueue(refusal(words(100_000, 64_000, 131_072)));
      assert.equal((await call(shared)).thrown, null);
      await call(shared);
      assert.deepEqual(asked(), [64_000, 31_072, 64_000]);
    });

    test(`is no reason to ask with next to nothing: ${words(31_000, 64_000, 32_768)}`, async () => {
      fake.enqueue(refusal(words(31_000, 64_000, 32_768)));
      assert.equal((await callError(providerAt(here, "anthropic"))).kind, "context-length");
      assert.deepEqual(asked(), [64_000]);
    });
  }
});

describe("A limit of output tokens that the caller asks for", () => {
  for (const words of SUMS) {
    for (const [title, prompt, limit, kind] of [
      ["that hardly fits into the context is what is refused", 2000, 32_000, "invalid-request"],
      ["that a shorter prompt leaves room for is a prompt that is too long", 20_000, 16_000, "context-length"],
    ] as const) {
      test(`${title}: ${words(prompt, limit, 32_768)}`, async () => {
        for (const id of ["anthropic", "openai-compatible"]) {
          fake.enqueue(refusal(words(prompt, limit, 32_768)));
          const error = await callError(providerAt(here, id), { request: modelRequest("x", { maxOutputTokens: limit }) });
          assert.equal(error.kind, kind, id);
        }
        assert.deepEqual(asked(), [limit, limit]);
      });
    }
  }
});
