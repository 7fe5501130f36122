// Plain JSON data shared by the editor's extension, the sidecar and the webview. Imports nothing, holds no behaviour,
// and everything here survives JSON.stringify and JSON.parse unchanged.

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined };
export type JsonObject = { readonly [key: string]: JsonValue | undefined };

/** `provider/model`, split at the first slash: `openrouter/openai/gpt-5-mini` is the model `openai/gpt-5-mini` at `openrouter`. */
export type ModelRef = string;

// ---------------------------------------------------------------- messages

export interface TextPart {
  readonly type: "text";
  readonly text: string;
}

/** An image as base64, without the `data:` prefix. */
export interface ImagePart {
  readonly type: "image";
  readonly mediaType: string;
  readonly data: string;
}

/**
 * A piece of a document that the user attached. Shown as a chip; the model reads it as text (see `sidecar/prompt-text.ts`).
 * Lines count from 1 and include both ends.
 */
export interface FilePart {
  readonly type: "file";
  readonly uri: string;
  readonly name: string;
  readonly languageId?: string;
  readonly startLine?: number;
  readonly endLine?: number;
  readonly text: string;
}

export interface ReasoningPart {
  readonly type: "reasoning";
  readonly text: string;
}

/** `arguments` is the JSON text exactly as the model wrote it; it can be invalid. */
export interface ToolCallPart {
  readonly type: "tool-call";
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

export interface ToolResultPart {
  readonly type: "tool-result";
  readonly id: string;
  readonly name?: string;
  readonly content: string;
  readonly isError?: boolean;
}

/** What a provider wants back byte for byte: signatures, encrypted reasoning. Sent only to the provider that made it. */
export interface OpaquePart {
  readonly type: "opaque";
  readonly provider: string;
  readonly data: JsonValue;
}

export type UserPart = TextPart | ImagePart | FilePart;
export type AssistantPart = TextPart | ReasoningPart | ToolCallPart | OpaquePart;
export type Part = UserPart | AssistantPart | ToolResultPart;

export type Message =
  | { readonly role: "system"; readonly content: readonly TextPart[] }
  | { readonly role: "user"; readonly content: readonly UserPart[] }
  | { readonly role: "assistant"; readonly content: readonly AssistantPart[] }
  | { readonly role: "tool"; readonly content: readonly ToolResultPart[] };

export interface ToolDefinition {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the arguments. */
  readonly parameters: JsonObject;
  /** Holds the arguments to their schema, at OpenAI and those like it, and at Anthropic; the others are Anthropic's, by its own names. */
  readonly strict?: boolean;
  readonly cache_control?: JsonObject;
  readonly input_examples?: readonly JsonObject[];
}

export type ReasoningEffort = "off" | "low" | "medium" | "high";

/** What a caller may ask for beside the messages. Absent means: as the provider does by itself. */
export interface GenerationParameters {
  readonly system?: string;
  readonly temperature?: number;
  readonly topP?: number;
  readonly seed?: number;
  /** Tokens. */
  readonly maxOutputTokens?: number;
  readonly stop?: readonly string[];
  readonly reasoning?: ReasoningEffort;
  readonly tools?: readonly ToolDefinition[];
  /** JSON Schema that the whole answer must satisfy. */
  readonly responseSchema?: JsonObject;
  /** Fields merged into the request's body, `tools` and `include` behind its own, by the provider's id: `{ openrouter: { provider: { order: ["x"] } } }`. */
  readonly providerOptions?: { readonly [provider: string]: JsonObject };
}

// ---------------------------------------------------------------- answers

/**
 * How an answer ended. `complete`: the provider's own terminal marker came, also when the finish reason is `length` or
 * `content-filter`. `incomplete`: the stream ended without it. `cancelled` is a result, not an error.
 */
export type AnswerStatus = "complete" | "cancelled" | "error" | "incomplete";

export type FinishReason = "stop" | "length" | "tool-calls" | "content-filter" | "error" | "other";

/** Tokens. `estimated` marks figures that the provider did not give. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Part of `inputTokens`: read from the provider's cache. */
  readonly cachedTokens?: number;
  /** Part of `inputTokens`, beside `cachedTokens`: written into the provider's cache, where it charges for that. */
  readonly cacheWriteTokens?: number;
  /** Part of `cacheWriteTokens`: kept for an hour, which costs more than the usual minutes (Anthropic). */
  readonly cacheWriteHourTokens?: number;
  /** Part of `outputTokens`. */
  readonly reasoningTokens?: number;
  readonly estimated?: boolean;
}

/**
 * Where a fact about a model comes from, the strongest first. `setting`: the user's own word. `live`: the provider tells it.
 * `bundled`: the list of published prices and windows that Parley brings along. `local`: the model runs on this machine and
 * costs nothing. `default`: nobody knows; a careful guess.
 */
export type FactSource = "setting" | "live" | "bundled" | "local" | "default";

/** `charged`: the provider said with the answer what it took for it. All others are computed from usage and price. */
export type CostSource = "charged" | Exclude<FactSource, "default">;

/** An unknown price is an absent cost, never zero. */
export interface Cost {
  readonly amount: number;
  readonly currency: "USD";
  /** Absent in a sum over several sources. */
  readonly source?: CostSource;
}

/** US dollars for a million tokens. */
export interface ModelPrice {
  readonly input: number;
  readonly output: number;
  /** Input read from the provider's cache. Absent: as other input. */
  readonly cachedInput?: number;
  /** Input written into the provider's cache. Absent: as other input. */
  readonly cacheWrite?: number;
  /** US dollars for each request, beside its tokens. */
  readonly perRequest?: number;
  /** Prompts of more tokens than this are charged at higher rates than those given here. */
  readonly higherAbove?: number;
}

/** Milliseconds from the moment the request was asked for. `firstTokenMs` is null when no token came. */
export interface Timings {
  readonly firstTokenMs: number | null;
  readonly totalMs: number;
}

export type ErrorKind =
  | "auth"
  | "permission"
  | "quota"
  | "rate-limit"
  | "overloaded"
  | "context-length"
  | "content-filter"
  | "invalid-request"
  | "model-not-found"
  | "unsupported"
  | "network"
  | "timeout"
  | "protocol"
  | "cancelled"
  | "server";

/** How far the request had come: a retry is safe only before the first token. */
export type ErrorPhase = "before-headers" | "before-first-token" | "mid-stream";

/** A `ProviderError` as plain data. Decide on `kind`, `status` and `providerCode`; `message` is for people alone. */
export interface ErrorInfo {
  readonly kind: ErrorKind;
  readonly message: string;
  readonly phase: ErrorPhase;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  /** HTTP status. */
  readonly status?: number;
  /** The provider's own code, or one of ours: `missing-key`, `missing-base-url`, `inference-crashed`, `file-not-found`, `not-a-model`, … */
  readonly providerCode?: string;
  readonly requestId?: string;
  readonly provider?: string;
  readonly model?: string;
  /** Of `schema-mismatch`: the text that came last, which is no part of the answer; at most 16,384 UTF-16 units of it. */
  readonly rejectedText?: string;
}

/** `summarizing`: older messages of the conversation, which do not fit into the model's context window any more. */
export type StatusPhase =
  | "queued"
  | "waiting-for-limit"
  | "connecting"
  | "retrying"
  | "loading-model"
  | "processing-prompt"
  | "summarizing";

/** A stream event before it is numbered. `end` comes exactly once and last. */
export type StreamEventBody =
  | { readonly type: "start"; readonly provider: string; readonly model: ModelRef }
  | {
      readonly type: "status";
      readonly phase: StatusPhase;
      /** Unix time in milliseconds at which the wait ends. */
      readonly untilMs?: number;
      /** From 0 to 1. */
      readonly progress?: number;
    }
  | { readonly type: "text-delta"; readonly text: string }
  | { readonly type: "reasoning-delta"; readonly text: string }
  | { readonly type: "tool-call"; readonly id: string; readonly name: string; readonly arguments: string }
  | { readonly type: "opaque"; readonly provider: string; readonly data: JsonValue }
  /**
   * Something is otherwise than asked for. `code`: `parameter-mapped`, `parameter-left-out` (`parameter` names it), `tool-result-without-call`
   * (the result of a tool whose call does not wait for it was sent as a text of the user's), `prompt-truncated`, `prompt-blocked`, `connection-lost`,
   * `loaded-elsewhere`, `not-kept`, `media-left-out`, `after-the-end`, `answer-paused`, `answer-given-up`; more may come.
   */
  | { readonly type: "warning"; readonly code: string; readonly parameter?: string; readonly message?: string }
  | ({ readonly type: "usage" } & Usage)
  | DiscardEventBody
  | AttemptEventBody
  | EndEventBody;

/**
 * All that came of this kind so far is taken back, and readers drop it. What is right follows at once: text that turned out to
 * have been reasoning, or the reverse, or an answer as its JSON alone; the end, where the last attempt at one was rejected.
 */
export interface DiscardEventBody {
  readonly type: "discard";
  readonly what: "text" | "reasoning";
}

/**
 * Only where a `responseSchema` was given: the answer is asked for, from `number` 1, `of` at most so many times. From the second on, what came before
 * did not satisfy the schema, and `reason` says why: readers drop its text, reasoning, tool calls and opaque parts. Usage is that of all attempts.
 */
export interface AttemptEventBody {
  readonly type: "attempt";
  readonly number: number;
  readonly of: number;
  readonly reason?: string;
}

export interface EndEventBody {
  readonly type: "end";
  readonly status: AnswerStatus;
  readonly finishReason: FinishReason | null;
  /** As the provider wrote it. */
  readonly rawFinishReason: string | null;
  readonly usage: Usage | null;
  readonly cost?: Cost;
  readonly timings: Timings;
  readonly requestId?: string;
  /** Present when `status` is `error` or `incomplete`. */
  readonly error?: ErrorInfo;
}

/** Numbered from 1 without gaps within one answer. */
export type StreamEvent = StreamEventBody & { readonly seq: number };
export type EndEvent = EndEventBody & { readonly seq: number };

// ---------------------------------------------------------------- models, and what they are asked within

export interface ModelAbilities {
  readonly images?: boolean;
  readonly tools?: boolean;
  readonly reasoning?: boolean;
}

export type ModelFact = "contextWindow" | "maxOutputTokens" | keyof ModelAbilities | "price";
export type ModelFactSources = { readonly [Fact in ModelFact]?: FactSource };

export interface ModelInfo {
  readonly ref: ModelRef;
  readonly provider: string;
  /** The provider's own id of the model. */
  readonly model: string;
  /** For people. */
  readonly name: string;
  /** Tokens, both. */
  readonly contextWindow?: number;
  readonly maxOutputTokens?: number;
  readonly abilities?: ModelAbilities;
  /** Absent: unknown, which is not free. */
  readonly price?: ModelPrice;
  /** Where each fact above comes from. A `default` is a guess to reckon with, not one to show. */
  readonly sources?: ModelFactSources;
  /** True for the built-in demo, which has no knowledge. */
  readonly demo?: boolean;
}

export interface ProviderInfo {
  readonly id: string;
  readonly name: string;
  /** Where requests go now; absent where it must be set first, or where nothing is called. */
  readonly baseUrl?: string;
  readonly key: "required" | "optional" | "none";
  /** True when a key is held for the origin of `baseUrl`. */
  readonly hasKey: boolean;
  /** Environment variables that usually hold the key, and those that name the address which a key beside them is meant for. */
  readonly keyVariables: readonly string[];
  readonly addressVariables: readonly string[];
  /** A server on this machine. */
  readonly runsHere: boolean;
  /** True for a server that the user added under an id of its own: its settings lie under `parley.servers`. */
  readonly own?: boolean;
}

/** Milliseconds; 0 means no limit. */
export interface TimeLimits {
  readonly connectMs?: number;
  /** From the request being sent to the first token; a local server may load a model meanwhile. */
  readonly firstTokenMs?: number;
  /** Between two reads of a running answer. */
  readonly idleMs?: number;
}

// ---------------------------------------------------------------- conversations

export type MessageStatus = AnswerStatus | "streaming";

/** Where a running answer can be read: see `stream/attach`. */
export interface StreamRef {
  readonly stream: string;
  /** New with each sidecar; a stream of another epoch is gone. */
  readonly epoch: string;
}

/**
 * A message as it is kept. Messages form a tree by `parent`; the path shown is a session's `leaf` and its ancestors. An answer
 * that follows an answer goes on where that one was cut. A message of the system is a summary of all that comes before it on its
 * path, made when that did not fit into a model's context window any more; nothing follows it, and it is on no path shown.
 */
export interface StoredMessage {
  readonly id: string;
  readonly session: string;
  readonly parent: string | null;
  readonly message: Message;
  /** Unix time in milliseconds. */
  readonly createdAt: number;
  /** The rest concerns assistants' messages alone. */
  readonly model?: ModelRef;
  readonly status?: MessageStatus;
  readonly finishReason?: FinishReason | null;
  readonly usage?: Usage;
  readonly cost?: Cost;
  readonly timings?: Timings;
  readonly error?: ErrorInfo;
  /** While `status` is `streaming`, and known to the sidecar that answers. */
  readonly stream?: StreamRef;
  /**
   * Told with a path, of any role: the ids of all messages that follow the same one, oldest first, this one among them, and
   * no summary. Absent where it is the only one.
   */
  readonly siblings?: readonly string[];
  /** Whatever somebody wants kept with it, of any role. */
  readonly metadata?: JsonObject;
}

export interface SessionInfo {
  readonly id: string;
  readonly title: string;
  readonly model: ModelRef | null;
  readonly systemPrompt?: string;
  readonly parameters?: GenerationParameters;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The last message of the path shown. */
  readonly leaf: string | null;
  /** Whatever somebody wants kept with it. */
  readonly metadata?: JsonObject;
  /** Present while an answer is being written in it: by this process, or by another window's. */
  readonly answering?: "here" | "elsewhere";
}

export interface SessionDetail extends SessionInfo {
  /** The path shown, oldest first; its newest part where it is longer than a page. More comes before it where the first has a `parent`. */
  readonly messages: readonly StoredMessage[];
  /** Summaries of older messages whose `parent` is among these. */
  readonly summaries?: readonly StoredMessage[];
}
