// Every structured code that a provider is known to send, and the kind it means: by the code where there is one, never by
// words that could as well say something else.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { errorKind, isRetryable } from "../../../sidecar/providers/error-kinds.ts";
import { readErrorBody } from "../../../sidecar/providers/error-payload.ts";
import { isLimitAtFault, limitAdvice } from "../../../sidecar/providers/output-limit.ts";
import type { ErrorKind, JsonValue } from "../../../sidecar/types.ts";

interface Told {
  readonly status: number;
  readonly body: JsonValue;
  readonly kind: ErrorKind;
  readonly retryable?: boolean;
}

const openai = (code: string | null, type: string, message = "…"): JsonValue => ({ error: { message, type, param: null, code } });
const ofAMinute = (words: string): JsonValue => openai("rate_limit_exceeded", "tokens", `Tokens per min (TPM): ${words}`);
const anthropic = (type: string, message = "…"): JsonValue => ({ type: "error", error: { type, message } });
const google = (code: number, status: string, message = "…", details: readonly JsonValue[] = []): JsonValue => [
  { error: { code, message, status, details } },
];
const llamaServer = (message: string): JsonValue => ({ error: { code: 500, message, type: "server_error" } });
const openrouter = (code: number, message: string, metadata: JsonValue = {}): JsonValue => ({ error: { code, message, metadata } });

const PROVIDERS: Readonly<Record<string, readonly Told[]>> = {
  OpenAI: [
    { status: 401, body: openai("invalid_api_key", "invalid_request_error"), kind: "auth" },
    { status: 401, body: openai("invalid_organization", "invalid_request_error"), kind: "auth" },
    { status: 403, body: openai("unsupported_country_region_territory", "request_forbidden"), kind: "permission" },
    { status: 429, body: openai("insufficient_quota", "insufficient_quota"), kind: "quota" },
    { status: 429, body: openai("billing_hard_limit_reached", "invalid_request_error"), kind: "quota" },
    { status: 429, body: openai("rate_limit_exceeded", "tokens"), kind: "rate-limit", retryable: true },
    { status: 429, body: ofAMinute("Limit 30000, Used 29000, Requested 1500."), kind: "rate-limit", retryable: true },
    // No wait helps a request that is larger than the limit itself.
    { status: 429, body: ofAMinute("Limit 30000, Requested 51234."), kind: "context-length", retryable: false },
    { status: 404, body: openai("model_not_found", "invalid_request_error"), kind: "model-not-found" },
    { status: 400, body: openai("context_length_exceeded", "invalid_request_error"), kind: "context-length" },
    {
      status: 400,
      body: openai("invalid_prompt", "invalid_request_error", "flagged as potentially violating our usage policy"),
      kind: "content-filter",
    },
    { status: 400, body: openai("unsupported_parameter", "invalid_request_error"), kind: "invalid-request" },
    { status: 500, body: openai(null, "server_error"), kind: "server", retryable: true },
    { status: 503, body: openai("slow_down", "server_error"), kind: "overloaded", retryable: true },
  ],
  Anthropic: [
    { status: 400, body: anthropic("invalid_request_error"), kind: "invalid-request" },
    { status: 400, body: anthropic("invalid_request_error", "Your credit balance is too low to access the Anthropic API."), kind: "quota" },
    { status: 400, body: anthropic("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"), kind: "context-length" },
    {
      status: 400,
      body: anthropic(
        "invalid_request_error",
        "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.",
      ),
      kind: "quota",
    },
    { status: 400, body: anthropic("invalid_request_error", "model: Field required"), kind: "invalid-request" },
    { status: 400, body: anthropic("invalid_request_error", "Output blocked by content filtering policy"), kind: "content-filter" },
    { status: 400, body: anthropic("invalid_request_error", "This organization has been disabled."), kind: "permission" },
    { status: 401, body: anthropic("authentication_error"), kind: "auth" },
    { status: 402, body: anthropic("billing_error"), kind: "quota" },
    { status: 403, body: anthropic("permission_error"), kind: "permission" },
    { status: 404, body: anthropic("not_found_error", "model: claude-x"), kind: "model-not-found" },
    { status: 413, body: anthropic("request_too_large"), kind: "context-length" },
    { status: 429, body: anthropic("rate_limit_error"), kind: "rate-limit", retryable: true },
    { status: 500, body: anthropic("api_error"), kind: "server", retryable: true },
    { status: 504, body: anthropic("timeout_error"), kind: "timeout", retryable: true },
    { status: 529, body: anthropic("overloaded_error"), kind: "overloaded", retryable: true },
  ],
  "Ollama and llama.cpp's server": [
    { status: 404, body: { error: "model 'x' not found" }, kind: "model-not-found" },
    { status: 400, body: { error: "invalid options" }, kind: "invalid-request" },
    { status: 400, body: { error: "registry.ollama.ai/library/gemma:2b does not support tools" }, kind: "unsupported" },
    { status: 500, body: { error: "model runner has unexpectedly stopped" }, kind: "server", retryable: true },
    { status: 500, body: { error: "this model is missing data required for image input" }, kind: "unsupported" },
    { status: 500, body: llamaServer("tools param requires --jinja flag"), kind: "unsupported" },
    { status: 500, body: llamaServer("Unsupported param: tools"), kind: "unsupported" },
    {
      status: 500,
      body: llamaServer("image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"),
      kind: "unsupported",
    },
    { status: 500, body: llamaServer('Failed to parse messages: Unsupported content part type: "image_url"'), kind: "unsupported" },
    {
      status: 500,
      body: llamaServer("\n------------\nError: Jinja Exception: Only user, system and assistant roles are supported!"),
      kind: "invalid-request",
    },
    { status: 500, body: llamaServer("failed to decode the image"), kind: "server", retryable: true },
    { status: 503, body: llamaServer("tools param requires --jinja flag"), kind: "overloaded", retryable: true },
    {
      status: 503,
      body: { error: "server busy, please try again. maximum pending requests exceeded" },
      kind: "overloaded",
      retryable: true,
    },
    { status: 401, body: { error: { code: 401, message: "Invalid API Key", type: "authentication_error" } }, kind: "auth" },
    { status: 400, body: { error: { code: 400, message: "…", type: "exceed_context_size_error" } }, kind: "context-length" },
    { status: 501, body: { error: { code: 501, message: "…", type: "not_supported_error" } }, kind: "unsupported" },
    {
      status: 503,
      body: { error: { code: 503, message: "Loading model", type: "unavailable_error" } },
      kind: "overloaded",
      retryable: true,
    },
  ],
  Gemini: [
    { status: 400, body: google(400, "INVALID_ARGUMENT", "API key not valid.", [{ reason: "API_KEY_INVALID" }]), kind: "auth" },
    { status: 400, body: google(400, "INVALID_ARGUMENT"), kind: "invalid-request" },
    { status: 400, body: google(400, "INVALID_ARGUMENT", "Missing or invalid Authorization header."), kind: "auth" },
    { status: 400, body: google(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."), kind: "auth" },
    {
      status: 400,
      body: google(400, "INVALID_ARGUMENT", "Function calling is not enabled for models/gemma-3-27b-it"),
      kind: "unsupported",
    },
    { status: 400, body: google(400, "FAILED_PRECONDITION", "User location is not supported for the API use."), kind: "permission" },
    { status: 403, body: google(403, "PERMISSION_DENIED", "…", [{ reason: "SERVICE_DISABLED" }]), kind: "permission" },
    { status: 404, body: google(404, "NOT_FOUND", "models/x is not found for API version v1beta"), kind: "model-not-found" },
    { status: 429, body: google(429, "RESOURCE_EXHAUSTED"), kind: "rate-limit", retryable: true },
    { status: 503, body: google(503, "UNAVAILABLE"), kind: "overloaded", retryable: true },
    { status: 504, body: google(504, "DEADLINE_EXCEEDED"), kind: "timeout", retryable: true },
  ],
  OpenRouter: [
    { status: 401, body: openrouter(401, "No auth credentials found"), kind: "auth" },
    { status: 402, body: openrouter(402, "Insufficient credits"), kind: "quota" },
    { status: 403, body: openrouter(403, "Your input was flagged", { reasons: ["x"], flagged_input: "…" }), kind: "content-filter" },
    { status: 403, body: openrouter(403, "Forbidden"), kind: "permission" },
    {
      status: 403,
      body: openrouter(403, "Key limit exceeded (daily limit). Manage it using https://openrouter.ai/settings/keys"),
      kind: "quota",
    },
    { status: 400, body: openrouter(400, "Invalid API key"), kind: "auth" },
    { status: 400, body: openrouter(400, "x is not a valid model ID"), kind: "model-not-found" },
    { status: 404, body: openrouter(404, "No endpoints found that support tool use"), kind: "unsupported" },
    { status: 404, body: openrouter(404, "No endpoints found for x/y."), kind: "model-not-found" },
    { status: 404, body: openrouter(404, "No endpoints found matching your data policy (Free model publication)"), kind: "permission" },
    { status: 404, body: openrouter(404, "No allowed providers are available for the selected model."), kind: "permission" },
    { status: 429, body: openrouter(429, "Rate limit exceeded"), kind: "rate-limit", retryable: true },
    { status: 502, body: openrouter(502, "…", { error_type: "provider_unavailable" }), kind: "overloaded", retryable: true },
  ],
  "Azure, Groq, DeepSeek, Mistral, Hugging Face, vLLM, LiteLLM, Zhipu, GitHub, xAI": [
    { status: 400, body: openai("400", "budget_exceeded", "Budget has been exceeded! Current cost: 10, Max budget: 10"), kind: "quota" },
    { status: 429, body: { error: { code: "1113", message: "…" } }, kind: "quota" },
    { status: 400, body: openai("model_max_prompt_tokens_exceeded", ""), kind: "context-length" },
    { status: 400, body: openai("tokens_limit_reached", "", "Request body too large for gpt-4o model."), kind: "context-length" },
    { status: 404, body: openai("DeploymentNotFound", ""), kind: "model-not-found" },
    { status: 401, body: { error: { code: "401", message: "Access denied due to invalid subscription key" } }, kind: "auth" },
    { status: 400, body: openai("content_filter", ""), kind: "content-filter" },
    { status: 413, body: openai("rate_limit_exceeded", "tokens", "Request too large for model"), kind: "context-length" },
    { status: 400, body: openai("model_decommissioned", "invalid_request_error"), kind: "model-not-found" },
    { status: 400, body: openai("model_terms_required", "invalid_request_error"), kind: "permission" },
    { status: 402, body: openai("invalid_request_error", "unknown_error", "Insufficient Balance"), kind: "quota" },
    { status: 422, body: { detail: [{ loc: ["body", "messages"], msg: "Field required" }] }, kind: "invalid-request" },
    {
      status: 429,
      body: { object: "error", message: "…", type: "service_tier_capacity_exceeded", code: "3505" },
      kind: "rate-limit",
      retryable: true,
    },
    { status: 402, body: { error: "You have exceeded your monthly included credits for Inference Providers." }, kind: "quota" },
    {
      status: 404,
      body: { object: "error", message: "The model `x` does not exist.", type: "NotFoundError", code: 404 },
      kind: "model-not-found",
    },
    { status: 400, body: { error: "Model x/y is not supported by any provider you have enabled" }, kind: "model-not-found" },
    { status: 400, body: openai(null, "", "The model 'my model' is currently not supported"), kind: "model-not-found" },
    { status: 400, body: openai(null, "", "Unknown model x"), kind: "model-not-found" },
    { status: 400, body: openai(null, "", "The model does not accept images: image input is not supported"), kind: "unsupported" },
    { status: 400, body: openai(null, "", "At most 0 image(s) may be provided in one request."), kind: "unsupported" },
    { status: 400, body: openai(null, "", "At most 2 image(s) may be provided in one request."), kind: "invalid-request" },
    {
      status: 400,
      body: openai(null, "BadRequestError", '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
      kind: "unsupported",
    },
    { status: 498, body: openai(null, "capacity_exceeded", "Flex tier capacity exceeded"), kind: "overloaded", retryable: true },
    {
      status: 400,
      body: { code: "Client specified an invalid argument", error: "Incorrect API key provided: na***ys. You can obtain one." },
      kind: "auth",
    },
    { status: 400, body: openai(null, "", "Tools with model x is not supported"), kind: "invalid-request" },
    { status: 400, body: openai(null, "", "Model incompatible request argument supplied: seed"), kind: "invalid-request" },
    { status: 400, body: openai(null, "", "The model was given an unknown field"), kind: "invalid-request" },
    {
      status: 400,
      body: { object: "error", message: "maximum context length is 4096 tokens", type: "BadRequestError", code: 400 },
      kind: "context-length",
    },
  ],
};

for (const [provider, told] of Object.entries(PROVIDERS)) {
  describe(`An error as ${provider} writes it`, () => {
    for (const { status, body, kind, retryable = false } of told) {
      test(`${status} ${JSON.stringify(body)} is ${kind}`, () => {
        const found = errorKind(status, readErrorBody(JSON.stringify(body)));
        assert.deepEqual([found, isRetryable(found, status)], [kind, retryable]);
      });
    }
  });
}

/** A prompt that is too long, in the words of each provider that has no code for it. */
const TOO_LONG: readonly string[] = [
  "prompt is too long: 210000 tokens > 200000 maximum",
  "Input is too long for requested model.",
  "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length or `max_tokens` and try again",
  "the request exceeds the available context size, try increasing it",
  "Your input exceeds the context window of this model. Please adjust your input and try again.",
  "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens.",
  "context_length_exceeded: shorten the conversation",
  "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
  "This model's maximum prompt length is 131072 but the request contains 140000 tokens.",
  "Please reduce the length of the messages or completion.",
  "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
  "Trying to keep the first 5000 tokens when context the overflows. The number of tokens to keep from the initial prompt is greater than the context length",
  "invalid params, context window exceeds limit (2013)",
  "prompt is longer than the model's context",
  "Invalid request: Your request exceeded model token limit: 8192 (requested: 9000)",
  "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 100 `max_new_tokens`",
  "The prompt does not fit into the model's context window (4096)",
  "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens",
  "Context size has been exceeded.",
  "Cannot truncate prompt with n_keep (5000) >= n_ctx (4096)",
  "prompt too long; exceeded max context length by 100 tokens",
  "prompt token count of 130000 exceeds the limit of 128000",
  "You passed 40000 input tokens and requested 1000 output tokens. However, the model's context length is only 32768 tokens",
  "The decoder prompt (length 40000) is longer than the maximum model length of 32768.",
  "Input length (40000 tokens) exceeds the maximum allowed length (32768 tokens).",
  "Input length 40000 exceeds the maximum allowed input length of 32768",
  "Unable to submit request because the input token count is 1200000 but model only supports up to 1048576.",
  "The model returned the following errors: Input is too long.",
  "Input Tokens Exceeded: Number of input tokens exceeds maximum length.",
  "AiError: The estimated number of input and maximum output tokens (30000) exceeded this model context window limit (24000).",
  "The total number of tokens (140000) exceeds the model's context window",
  "Prompt exceeds max length",
  "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]",
  "Input validation error: `inputs` must have less than 4096 tokens. Given: 5000",
  "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000",
];

describe("A prompt that is too long", () => {
  for (const words of TOO_LONG) {
    test(`quirk 16: is told from any other refusal by "${words}", and a rate limit in the same words is a rate limit`, () => {
      const payload = readErrorBody(JSON.stringify(openai(null, "invalid_request_error", words)));
      assert.equal(errorKind(400, payload), "context-length");
      assert.equal(errorKind(429, payload), "rate-limit");
    });
  }

  test("quirk 16: is not what a refusal speaks of that only has the same words in it", () => {
    for (const words of [
      "max_tokens must be at least 1",
      "The length of `stop` must be at most 4",
      "Unknown parameter: context",
      "Each stop sequence is too long",
      "The length of the name exceeds 64",
      "tools.0.function.name exceeds the maximum allowed length of 64 characters",
    ]) {
      assert.equal(errorKind(400, readErrorBody(JSON.stringify(openai(null, "invalid_request_error", words)))), "invalid-request", words);
    }
  });
});

/** A limit of the answer that has no room beside the prompt, and what is said of it. */
const TOO_LARGE_LIMITS: readonly (readonly [words: string, advice: RegExp])[] = [
  [
    "'max_tokens' or 'max_completion_tokens' is too large: 50000. This model's maximum context length is 32768 tokens and your request has 100 input tokens (50000 > 32768 - 100).",
    /have 32668 tokens/u,
  ],
  [
    'This endpoint\'s maximum context length is 32768 tokens. However, you requested about 50300 tokens (100 of text input, 200 of tool input, 50000 in the output). Please reduce the length of either one, or use the "middle-out" transform.',
    /have 32468 tokens/u,
  ],
  [
    "This model's maximum context length is 4097 tokens. However, you requested 4217 tokens (121 in the messages, 4096 in the completion). Please reduce the length of the messages or completion.",
    /have 3976 tokens/u,
  ],
  [
    "This model's maximum context length is 131072 tokens. However, you requested 131072 output tokens and your prompt contains 14233 characters (more than 0 characters, which is the upper bound for 0 input tokens).",
    /have 131072 tokens: set maxOutputTokens to less/u,
  ],
  [
    "This model's maximum context length is 8192 tokens. However, you requested 8000 output tokens and your prompt contains 500 input tokens, for a total of 8500 tokens.",
    /have 7692 tokens/u,
  ],
  [
    "You passed 400 input tokens and requested 4000 output tokens. However, the model's context length is only 4096 tokens",
    /have 3696 tokens/u,
  ],
  [
    "Requested token count exceeds the model's maximum context length of 131072 tokens. You requested a total of 524300.0 tokens: 12 tokens from the input messages and 524288.0 tokens for the completion.",
    /have 131060 tokens/u,
  ],
  ["`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 50 `inputs` tokens and 5000 `max_new_tokens`", /have 4046 tokens/u],
  [
    "input length and `max_tokens` exceed context limit: 20000 + 190000 > 200000, decrease input length or `max_tokens` and try again",
    /have 180000 tokens/u,
  ],
];

describe("A limit of output tokens that is too large beside the prompt", () => {
  for (const [words, advice] of TOO_LARGE_LIMITS) {
    test(`is no conversation that is too long, whatever its code, and the words say which would fit: "${words}"`, () => {
      const payload = readErrorBody(JSON.stringify(openai("context_length_exceeded", "invalid_request_error", words)));
      assert.equal(errorKind(400, payload), "invalid-request");
      assert.equal(errorKind(429, payload), "rate-limit");
      assert.ok(isLimitAtFault(words));
      assert.match(limitAdvice(words) ?? "", advice);
    });
  }

  test("is at fault only where it asks for all there is, or the prompt is short: a long one can be summarised", () => {
    for (const words of [
      "This model's maximum context length is 32768 tokens. However, you requested 35000 tokens (15000 in the messages, 20000 in the completion).",
      "input length and `max_tokens` exceed context limit: 60000 + 150000 > 200000, decrease input length or `max_tokens` and try again",
      "This model's maximum context length is 131072 tokens. However, you requested 131134 tokens (122942 in the messages, 8192 in the completion).",
      "This model's maximum context length is 8192 tokens. However, you requested 64000 output tokens and your prompt contains 8000 input tokens, for a total of 72000 tokens.",
      "This model's maximum context length is 32768 tokens. However, you requested 20000 output tokens and your prompt contains at least 12769 input tokens, for a total of at least 32769 tokens.",
    ]) {
      assert.equal(errorKind(400, readErrorBody(JSON.stringify(openai(null, "invalid_request_error", words)))), "context-length", words);
    }
  });

  test("is told with what would fit also where a shorter prompt would do, and not where nothing would", () => {
    const words = (prompt: number, limit: number): string => `context limit: ${prompt} + ${limit} > 200000`;
    assert.match(limitAdvice(words(60_000, 150_000)) ?? "", /have 140000 tokens/u);
    assert.deepEqual([limitAdvice(words(199_000, 4096)), limitAdvice("Too long.")], [undefined, undefined]);
  });
});

test("A response that failed for a picture, or for what was asked, is not asked for again", () => {
  for (const [code, kind] of [
    ["invalid_image_format", "invalid-request"],
    ["image_too_large", "invalid-request"],
    ["empty_image_file", "invalid-request"],
    ["image_content_policy_violation", "content-filter"],
    ["cyber_policy", "content-filter"],
    ["server_error", "server"],
  ] as const) {
    const found = errorKind(undefined, readErrorBody(JSON.stringify({ error: { code, message: "…" } })));
    assert.deepEqual([found, isRetryable(found, undefined)], [kind, kind === "server"]);
  }
});

test("A list of faults as Python writes it is told without what was sent, which decides nothing either (vLLM)", () => {
  const [faulty, missing] = [
    `{'type': 'value_error', 'loc': ('body', 'tools', 0), 'msg': "Value error, it's no tool.", 'input': {'content': 'Invalid API key'}}`,
    "{'type': 'missing', 'loc': ('body', 'messages'), 'msg': 'Field required', 'input': 'The model m was not found'}",
  ];
  const traceback = '\n\n  File "/usr/lib/vllm/utils.py", line 1';
  for (const [words, told] of [
    [`[${faulty}, ${missing}]`, "tools.0: Value error, it's no tool.; messages: Field required"],
    [`1 validation error:\n  ${missing}${traceback}`, "messages: Field required"],
    ["[{'type': 'x'}]", "[{'type': 'x'}]"],
  ] as const) {
    const payload = readErrorBody(JSON.stringify(openai(null, "BadRequestError", words)));
    assert.equal(payload.message, told);
    assert.equal(errorKind(400, payload), "invalid-request");
  }
});

test("quirk 12: a passing limit told in the words of an empty account stays a passing limit", () => {
  const body = JSON.stringify({ status: 429, error: "INSUFFICIENT QUOTA", message: "Insufficient credits for concurrent requests." });
  assert.equal(errorKind(429, readErrorBody(body)), "rate-limit");
});

describe("A page in the place of an error", () => {
  test("is told by its title, or by its words without the markup", () => {
    const page = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Oh no</h1></body></html>";
    assert.equal(readErrorBody(page).message, "502 Bad Gateway");
    assert.equal(readErrorBody("<html><body><h1>Oh</h1> no</body></html>").message, "Oh no");
  });

  for (const [what, page] of [
    ["opened tags", `<html>${"<".repeat(250_000)}`],
    ["titles that do not end", "<title".repeat(40_000)],
    ["titles that hold nothing", "<title>".repeat(40_000)],
  ] as const) {
    test(`that is nothing but ${what} is looked at once, not again from each of them`, () => {
      const before = process.cpuUsage();
      readErrorBody(page);
      const { user } = process.cpuUsage(before);
      // It takes milliseconds; looked at again from each tag it takes minutes.
      assert.ok(user < 5e6, `${user / 1e6} s`);
    });
  }
});
