// What most providers tell in words alone, and no two alike. Asked only where no code has decided, and, but for its figures, never for
// a 429: "too many tokens per minute" is a rate limit (pi-mono#1038).

import type { ErrorKind } from "../types.ts";

/** Only OpenAI, llama.cpp and few others have a code for it. */
const CONTEXT_OVERFLOW: readonly RegExp[] = [
  /prompt (is )?too long/iu, // Anthropic, Ollama
  /input is too long/iu, // Anthropic on Bedrock, other models there
  /input tokens exceeds maximum length/iu, // Bedrock
  /input length and `?max_tokens`? exceed context limit/iu, // Anthropic
  /exceed(s|ed)? (the |this )?(model's |model )?(available |maximum )?context (size|window|length)/iu, // llama.cpp, OpenAI's Responses API, Cloudflare
  /maximum context length/iu, // vLLM, DeepSeek, OpenRouter
  /context[ _]length[ _]exceeded/iu,
  /context size has been exceeded/iu, // LM Studio
  /exceeds the maximum number of tokens allowed/iu, // Gemini
  /input token count .{1,40}model only supports up to \d/iu, // Vertex AI
  /maximum prompt length is \d+/iu, // xAI
  /reduce the length of the messages/iu, // Groq
  /too large for model with \d+ maximum context length/iu, // Mistral
  /(greater|longer) than the context length/iu, // LM Studio, Ollama
  /tokens when context the overflows/iu, // LM Studio, whose word order this is
  /n_keep .{1,20}>= n_ctx/iu, // llama.cpp within LM Studio
  /context window exceeds limit/iu, // MiniMax
  /(prompt|input) (tokens? )?(is|are) longer than the (model's )?context/iu,
  /longer than the maximum model length of \d/iu, // vLLM
  /exceeded model token limit/iu, // Moonshot
  /`?inputs`? tokens \+ `?max_new_tokens`? must be/iu, // Text Generation Inference
  /`?inputs`? must have less than \d+ tokens/iu, // Text Generation Inference
  /model's context (length|window) (is only )?\(?\d+/iu, // vLLM
  /(input|prompt|context) length.{0,40} exceeds the maximum allowed (input )?length/iu, // SGLang, OpenRouter
  /prompt token count of \d+ exceeds the limit/iu, // GitHub Copilot
  /prompt exceeds max length/iu, // Zhipu
  /range of input length should be/iu, // Alibaba
  /number of tokens in the prompt cannot exceed \d/iu, // Cohere
];

/** What a server or its model cannot do. llama.cpp's server and Ollama say so under a status of 500. */
const BEYOND_THE_SERVER: readonly RegExp[] = [
  /\btools param requires --jinja\b|\bunsupported param: tools\b/iu, // llama.cpp, where it was started without templates, and older ones
  /\b(image|audio|video) input is not supported\b|\bunsupported content part type\b/iu, // llama.cpp
  /\bmissing data required for image input\b/iu, // Ollama
];

/** What a status of 400 or 404 means where no code says it; the first that fits. */
const REFUSALS: readonly (readonly [ErrorKind, readonly RegExp[]])[] = [
  [
    "auth",
    [
      /^missing or invalid authorization header/iu, // Gemini
      /\b(invalid|incorrect|expired) api[ _-]?key\b|\bapi[ _-]?key (is |was )?(not valid|invalid|incorrect|expired)\b/iu, // xAI, Gemini, OpenRouter
    ],
  ],
  ["content-filter", [/blocked by content filtering policy/iu]], // Anthropic
  [
    "permission",
    [
      /no endpoints found matching your data policy|no allowed providers are available/iu, // OpenRouter, where the account's settings forbid it
      /organization has been disabled/iu, // Anthropic
    ],
  ],
  [
    "unsupported",
    [
      /no endpoints found that (can )?support/iu, // OpenRouter
      /\S+ does not support (tools|thinking|chat|generate|insert|embeddings)\b/iu, // Ollama
      /\bfunction calling is not (enabled|supported)\b/iu, // Gemini, for Gemma
      /\btool choice requires --enable-auto-tool-choice\b/iu, // vLLM, SGLang
      ...BEYOND_THE_SERVER,
      /\bat most 0 (image|audio|video)|\bis not a multimodal model\b/iu, // vLLM
    ],
  ],
  [
    "model-not-found",
    [
      /model\b.*\b(not found|not exist|does not exist|not loaded)/iu, // Ollama, vLLM, DeepSeek
      // Hugging Face. Of the model itself: "image input is not supported" is said of models, too.
      /(?<!\b(with|by|for|in|of) (the |this |that )?)\bmodel:?( ['"`][^'"`]{1,200}['"`]| \S+)? (is |was )?(currently )?(not supported\b(?! (with|when|together|in combination))|unknown)/iu,
      /\bmodels\/\S+ is not found/iu, // Gemini
      /not a valid model/iu, // OpenRouter
      /no endpoints found/iu, // OpenRouter
      /invalid model|unknown model|no such model/iu,
      /^models?: \S+$/iu, // Anthropic: "model: claude-x"
    ],
  ],
];

const NO_CREDIT: readonly RegExp[] = [
  /credit balance is too low/iu, // Anthropic
  /reached your (specified )?(API |workspace )*usage limits?/iu, // Anthropic, for the rest of the month
  /(used all|run out of|out of|insufficient|no remaining|exceeded your monthly included) (available )?credits?/iu, // xAI, Hugging Face
  /^key limit exceeded\b/iu, // OpenRouter, under a status of 403: a key's own budget, for a day or for good
];

/**
 * What llama.cpp's server and those made of it, Ollama among them, tell under a status of 500 although it is the request that they
 * refuse: asked again, it would be refused again.
 */
const REFUSED_AS_FAILURES: readonly RegExp[] = [
  ...BEYOND_THE_SERVER,
  /\bjinja exception\b|\broles must alternate\b|\broles are supported\b|system role not supported|unexpected role '?\w+'? after role/iu, // what a chat template says of turns
  /response_format type must be one of|json schema conversion failed|failed to parse grammar/iu, // what is said of schemas
];

/** A failure by its status, but the request is what is at fault. */
export function isRefusedAsFailure(status: number | undefined, message: string): boolean {
  return status === 500 && REFUSED_AS_FAILURES.some((phrase) => phrase.test(message));
}

/** The account has nothing left. Never asked for a 429: a limit that passes is told in such words too (quirk 12). */
export function saysNoCredit(message: string): boolean {
  return NO_CREDIT.some((phrase) => phrase.test(message));
}

/** OpenAI's limit of a minute, what this one asks of it, and between them what was used, which is left out where no wait would help. */
const OF_A_MINUTE = /\bLimit:? (?<limit>\d{1,12}),? Requested:? (?<requested>\d{1,12})\b/u;

/** A single request asks more than the provider gives in a minute: however long it waits it is refused. */
export function saysTooLargeForAnyMinute(message: string): boolean {
  const { limit, requested } = OF_A_MINUTE.exec(message)?.groups ?? {};
  return limit !== undefined && Number(requested) > Number(limit);
}

/** The prompt is too long for the model. */
export function saysContextOverflow(message: string): boolean {
  return CONTEXT_OVERFLOW.some((phrase) => phrase.test(message));
}

/** What a refusal as invalid is really for. */
export function kindOfRefusal(message: string): ErrorKind {
  return REFUSALS.find(([, phrases]) => phrases.some((phrase) => phrase.test(message)))?.[0] ?? "invalid-request";
}
