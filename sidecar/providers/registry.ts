// Every provider as a row of data. A provider that speaks a known wire is a row here and nothing else; what is odd about it
// is a field of its row, read by the wire's adapter.

import type { JsonObject, TimeLimits } from "../types.ts";

export type WireName = "openai-chat" | "openai-responses" | "anthropic" | "ollama" | "local" | "editor";

/** How a key travels. Default `bearer`: `Authorization: Bearer …`. */
export type KeyHeader = "bearer" | "x-api-key" | "api-key" | "x-portkey-api-key";

/** What differs between servers that all call themselves OpenAI-compatible. Every field has a default, which is the common case. */
export interface ChatQuirks {
  /**
   * OpenAI renamed it, and its reasoning models refuse the old name; nearly everybody else knows the old one alone, and some
   * pass over the new one in silence. So this holds at the row's own address; elsewhere a refusal teaches it. Default `max_tokens`.
   */
  readonly maxTokensField?: "max_tokens" | "max_completion_tokens";
  /** Default `seed`. */
  readonly seedField?: "seed" | "random_seed";
  /** False: usage comes by itself, and `stream_options` is not sent. Default true. */
  readonly streamUsage?: boolean;
  /** True: random padding in each chunk is asked to be left out. OpenAI's own servers alone know the option. */
  readonly noObfuscation?: boolean;
  /**
   * How the effort of reasoning is asked for. Default `effort`: `reasoning_effort`. `openrouter`: `reasoning: {…}`.
   * `thinking`: `thinking: {type}` (DeepSeek). `template`: variables of the chat template (vLLM, llama.cpp, MLX).
   * `prompt-mode`: `prompt_mode: "reasoning"` for Mistral's models that were made to reason, `reasoning_effort` for its others.
   */
  readonly reasoning?: "effort" | "openrouter" | "thinking" | "template" | "prompt-mode";
  /**
   * How a schema for the answer is asked for. Default `json-schema`: `response_format` of that type. `json-object`: of that
   * type, beside the schema in words (DeepSeek). `words`: in words alone.
   */
  readonly responseSchema?: "json-schema" | "json-object" | "words";
  /** False: messages are text alone, whichever the model. Default true. */
  readonly images?: boolean;
  /** Ids of tool calls must be nine letters or digits (Mistral). */
  readonly nineCharacterToolIds?: boolean;
  /** Between the results of tools and the user's next question stands an answer, and be it none (Mistral). Others teach it. */
  readonly answerBetween?: boolean;
  /** Reasoning has to be sent back where tools are used (DeepSeek refuses the request otherwise, quirk 31). */
  readonly echoReasoning?: boolean;
  /**
   * Models whose prompts are cached where they are marked with Anthropic's `cache_control`, and nowhere else. Servers that do not know
   * it refuse the parts of content that the marks stand in, or take the results of tools for something else in them.
   */
  readonly cacheMarks?: RegExp;
  /** Asks for `prompt_progress` while a long prompt is being read (llama.cpp's server). */
  readonly promptProgress?: boolean;
  /** Fields that every request has. */
  readonly extraBody?: JsonObject;
  /** Ids of the model list that begin with this are called without it. */
  readonly modelIdPrefix?: string;
  /** Where the server tells more of its models than OpenAI's list has a place for. */
  readonly describes?: "gemini" | "llama-server" | "lmstudio";
  /** Models of the list that cannot chat. */
  readonly notForChat?: RegExp;
}

export interface ProviderRow {
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly wire: WireName;
  readonly defaultBaseUrl?: string;
  /** The path that a base URL gets when it has none. */
  readonly barePath?: string;
  /** Environment variables, the first that is set wins. */
  readonly baseUrlVariables: readonly string[];
  readonly keyVariables: readonly string[];
  readonly key: "required" | "optional" | "none";
  readonly keyHeader?: KeyHeader;
  /** A server on this machine, as a rule. */
  readonly runsHere: boolean;
  /** See `Provider.systemInPlace`. At the row's own address: other servers' chat templates refuse it. */
  readonly systemInPlace?: boolean;
  /** Requests at once at most, where the server queues instead of refusing and the settings say nothing about it. */
  readonly concurrency?: number;
  /** Requests at once to begin with; default 4, and 2 at an address without TLS. */
  readonly startConcurrency?: number;
  /** Milliseconds, where the settings say nothing. */
  readonly timeLimits: Required<TimeLimits>;
  readonly chat?: ChatQuirks;
  /** Its list of models tells their prices, or may, so that a price can be asked for before anything is sent. */
  readonly tellsPrices?: boolean;
  /** Its list, or what it tells beside it, has context windows, so that it is asked for them before the bundled list. */
  readonly tellsWindows?: boolean;
  /** Service tiers whose price is that of the list, beside the usual one. */
  readonly listedTiers?: readonly string[];
  /** The provider's id in the bundled list of published prices (`sidecar/prices/bundled-prices.ts`); absent where it has none. */
  readonly prices?: string;
}

/** Reasoning models of the large providers think for minutes in silence; a server that has begun does not pause for three. */
const REMOTE: Required<TimeLimits> = { connectMs: 15_000, firstTokenMs: 600_000, idleMs: 180_000 };
/** A server on this machine may read a model from disk and a long prompt on a slow processor. */
const HERE: Required<TimeLimits> = { connectMs: 10_000, firstTokenMs: 3_600_000, idleMs: 600_000 };

/** Embeddings, speech, pictures and moderation, which OpenAI's list does not tell apart from models that chat. */
const OPENAI_NOT_FOR_CHAT =
  /embedding|whisper|^tts|-tts|dall-e|moderation|realtime|transcribe|^sora|^gpt-image|^chatgpt-image|-audio|^davinci-|^babbage-|-instruct/u;

/**
 * Claude, and those of Qwen's models that run at Alibaba alone; of all others the servers behind OpenRouter cache what they can by
 * themselves (https://openrouter.ai/docs/guides/best-practices/prompt-caching). A tilde is before names that follow the latest version.
 */
const OPENROUTER_CACHE_MARKS = /^~?(anthropic\/|qwen\/qwen[\d.]*(-coder)?-(max|plus|flash)\b)/u;

const hosted = { wire: "openai-chat", key: "required", runsHere: false, timeLimits: REMOTE } as const;
const localServer = { wire: "openai-chat", barePath: "/v1", runsHere: true, timeLimits: HERE } as const;

export const PROVIDER_ROWS: readonly ProviderRow[] = [
  {
    ...hosted,
    id: "openai",
    name: "OpenAI",
    prices: "openai",
    wire: "openai-responses",
    defaultBaseUrl: "https://api.openai.com/v1",
    barePath: "/v1",
    baseUrlVariables: ["OPENAI_BASE_URL"],
    keyVariables: ["OPENAI_API_KEY"],
    systemInPlace: true,
    chat: { maxTokensField: "max_completion_tokens", noObfuscation: true, notForChat: OPENAI_NOT_FOR_CHAT },
  },
  {
    id: "anthropic",
    name: "Anthropic",
    prices: "anthropic",
    tellsWindows: true,
    wire: "anthropic",
    defaultBaseUrl: "https://api.anthropic.com",
    baseUrlVariables: ["ANTHROPIC_BASE_URL"],
    keyVariables: ["ANTHROPIC_API_KEY"],
    key: "required",
    keyHeader: "x-api-key",
    runsHere: false,
    timeLimits: REMOTE,
  },
  {
    id: "ollama",
    name: "Ollama",
    wire: "ollama",
    defaultBaseUrl: "http://127.0.0.1:11434",
    baseUrlVariables: ["OLLAMA_BASE_URL", "OLLAMA_HOST"],
    keyVariables: ["OLLAMA_API_KEY"],
    key: "none",
    runsHere: true,
    // Ollama answers one or a few at a time and queues 512 in silence (quirk 42).
    concurrency: 2,
    timeLimits: HERE,
  },
  {
    ...localServer,
    id: "lmstudio",
    name: "LM Studio",
    defaultBaseUrl: "http://localhost:1234/v1",
    baseUrlVariables: ["LMSTUDIO_BASE_URL"],
    keyVariables: [],
    key: "none",
    concurrency: 2,
    chat: { describes: "lmstudio" },
  },
  {
    ...hosted,
    id: "openrouter",
    name: "OpenRouter",
    prices: "openrouter",
    tellsWindows: true,
    defaultBaseUrl: "https://openrouter.ai/api/v1",
    baseUrlVariables: ["OPENROUTER_BASE_URL"],
    keyVariables: ["OPENROUTER_API_KEY"],
    chat: { reasoning: "openrouter", cacheMarks: OPENROUTER_CACHE_MARKS },
    tellsPrices: true,
  },
  {
    ...localServer,
    id: "vllm",
    name: "vLLM",
    defaultBaseUrl: "http://localhost:8000/v1",
    baseUrlVariables: ["VLLM_BASE_URL"],
    keyVariables: ["VLLM_API_KEY"],
    key: "optional",
    // It works on some hundred at once.
    startConcurrency: 4,
    chat: { reasoning: "template" },
  },
  {
    ...localServer,
    id: "llama-server",
    name: "llama-server",
    defaultBaseUrl: "http://localhost:8080/v1",
    baseUrlVariables: ["LLAMA_SERVER_BASE_URL"],
    keyVariables: ["LLAMA_API_KEY"],
    key: "optional",
    startConcurrency: 2,
    chat: { reasoning: "template", promptProgress: true, describes: "llama-server" },
  },
  {
    ...localServer,
    id: "mlx",
    name: "MLX",
    defaultBaseUrl: "http://localhost:8080/v1",
    baseUrlVariables: ["MLX_BASE_URL"],
    keyVariables: [],
    key: "none",
    concurrency: 2,
    // mlx_lm.server takes messages of text alone; mlx_vlm is another program.
    chat: { reasoning: "template", responseSchema: "words", images: false },
  },
  {
    ...hosted,
    id: "huggingface",
    name: "Hugging Face",
    defaultBaseUrl: "https://router.huggingface.co/v1",
    baseUrlVariables: ["HF_BASE_URL"],
    keyVariables: ["HF_TOKEN"],
    tellsPrices: true,
  },
  {
    ...hosted,
    id: "openai-compatible",
    name: "OpenAI-compatible server",
    barePath: "/v1",
    baseUrlVariables: ["OPENAI_COMPATIBLE_BASE_URL"],
    keyVariables: ["OPENAI_COMPATIBLE_API_KEY"],
    key: "optional",
    timeLimits: HERE,
    // Together's does, among others; most servers' do not.
    tellsPrices: true,
  },
  {
    ...hosted,
    id: "portkey",
    name: "Portkey",
    defaultBaseUrl: "https://api.portkey.ai/v1",
    baseUrlVariables: ["PORTKEY_BASE_URL"],
    keyVariables: ["PORTKEY_API_KEY"],
    keyHeader: "x-portkey-api-key",
  },
  {
    ...hosted,
    id: "gemini",
    name: "Google Gemini",
    prices: "google",
    tellsWindows: true,
    defaultBaseUrl: "https://generativelanguage.googleapis.com/v1beta/openai",
    baseUrlVariables: ["GEMINI_BASE_URL"],
    keyVariables: ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
    chat: { describes: "gemini", modelIdPrefix: "models/", notForChat: /embedding|imagen|^models\/veo|aqa|-tts|-image/u },
  },
  {
    ...hosted,
    id: "azure",
    name: "Azure OpenAI",
    prices: "azure",
    // Each customer has an address of their own: https://NAME.openai.azure.com.
    barePath: "/openai/v1",
    baseUrlVariables: ["AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_BASE_URL"],
    keyVariables: ["AZURE_OPENAI_API_KEY"],
    keyHeader: "api-key",
    chat: { maxTokensField: "max_completion_tokens", notForChat: OPENAI_NOT_FOR_CHAT },
  },
  {
    ...hosted,
    id: "groq",
    name: "Groq",
    prices: "groq",
    tellsWindows: true,
    defaultBaseUrl: "https://api.groq.com/openai/v1",
    baseUrlVariables: ["GROQ_BASE_URL"],
    keyVariables: ["GROQ_API_KEY"],
    // https://console.groq.com/docs/flex-processing
    listedTiers: ["flex"],
    chat: { maxTokensField: "max_completion_tokens", notForChat: /whisper|-tts|guard|orpheus/u },
  },
  {
    ...hosted,
    id: "deepseek",
    name: "DeepSeek",
    prices: "deepseek",
    defaultBaseUrl: "https://api.deepseek.com",
    baseUrlVariables: ["DEEPSEEK_BASE_URL"],
    keyVariables: ["DEEPSEEK_API_KEY"],
    chat: { reasoning: "thinking", responseSchema: "json-object", images: false, echoReasoning: true },
  },
  {
    ...hosted,
    id: "mistral",
    name: "Mistral",
    prices: "mistral",
    tellsWindows: true,
    defaultBaseUrl: "https://api.mistral.ai/v1",
    baseUrlVariables: ["MISTRAL_BASE_URL"],
    keyVariables: ["MISTRAL_API_KEY"],
    chat: {
      seedField: "random_seed",
      // Usage comes with the last chunk by itself, and unknown fields are refused.
      streamUsage: false,
      reasoning: "prompt-mode",
      nineCharacterToolIds: true,
      answerBetween: true,
      notForChat: /embed|moderation|ocr|transcribe/u,
    },
  },
  {
    id: "local",
    name: "Local model",
    wire: "local",
    baseUrlVariables: [],
    keyVariables: [],
    key: "none",
    runsHere: true,
    concurrency: 4,
    timeLimits: HERE,
  },
  {
    id: "editor",
    name: "Editor's models",
    wire: "editor",
    baseUrlVariables: [],
    keyVariables: [],
    key: "none",
    runsHere: false,
    concurrency: 4,
    timeLimits: REMOTE,
  },
];

const rowsById: ReadonlyMap<string, ProviderRow> = new Map(PROVIDER_ROWS.map((row) => [row.id, row]));

export function providerRow(id: string): ProviderRow | undefined {
  return rowsById.get(id);
}
