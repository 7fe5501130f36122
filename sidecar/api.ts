// The unified API as its users see it: one asynchronous interface over every provider. Types only.

import type {
  AnswerStatus,
  Cost,
  FinishReason,
  GenerationParameters,
  Message,
  ModelRef,
  StreamEvent,
  Timings,
  TimeLimits,
  ToolCallPart,
  Usage,
} from "./types.ts";

/**
 * A question, or a conversation, oldest first. What the system says at its beginning is part of the system prompt, after the
 * option `system`; what it says later stays at its place at OpenAI, and is part of the system prompt elsewhere.
 */
export type Prompt = string | readonly Message[];

/**
 * A prompt, or what makes one: called when a place at the endpoint is free, so that of a thousand files only those being
 * answered are in memory. What it gives is kept until the answer has ended, and sent again where the request is, so it may take
 * the next of a row of things, or read what changes meanwhile. What it throws ends the answer: a `ProviderError` as it is,
 * anything else as `invalid-request`.
 *
 * It may ask a model first, this one, another or several at once. Those requests are part of the answer: they need none of the
 * places that are held for prompts, at whatever endpoint, come before whatever has not begun, follow the answer's signal by themselves
 * and count for the budgets that it counts for. What it must not
 * wait for is a request that was made outside of it and has not ended: that may be waiting for the place which is held for this one.
 */
export type PromptSource = Prompt | ((signal: AbortSignal) => Promise<Prompt>);

export interface GenerateOptions extends GenerationParameters {
  /** Aborting closes the provider's socket; the answer ends with status `cancelled` and what had come. */
  readonly signal?: AbortSignal;
  /** Milliseconds; overrides the provider's settings for this request. */
  readonly timeLimits?: TimeLimits;
}

/** One step of a stream. `content` is the text of a text delta and empty for every other event. */
export interface Chunk {
  readonly content: string;
  readonly event: StreamEvent;
}

export interface Warning {
  readonly code: string;
  readonly parameter?: string;
  readonly message?: string;
}

/** A whole answer, or as much of it as came. */
export interface GenerateResult {
  readonly content: string;
  readonly reasoning: string;
  readonly toolCalls: readonly ToolCallPart[];
  readonly model: ModelRef;
  readonly status: AnswerStatus;
  readonly finishReason: FinishReason | null;
  readonly rawFinishReason: string | null;
  readonly usage: Usage | null;
  readonly cost?: Cost;
  readonly timings: Timings;
  readonly requestId?: string;
  readonly warnings: readonly Warning[];
  /** To be put into the next request's messages: text, reasoning, tool calls and opaque parts in the order they came. */
  readonly message: Extract<Message, { role: "assistant" }>;
}

export interface Llm {
  readonly ref: ModelRef;
  /**
   * Resolves with the whole answer, also when it was cut by length or cancelled by the signal (`status` tells).
   * Rejects with an `AnswerError` (a `ProviderError` whose `partial` is what had come) when the answer failed or its stream was cut.
   */
  generate(prompt: PromptSource, options?: GenerateOptions): Promise<GenerateResult>;
  /**
   * Never throws for a failed answer: the last chunk's event is `end` and says how it ended. A `break` closes the provider's socket.
   * Whoever reads may take long, and may ask the same server meanwhile: what has come waits, in memory as far as that is little.
   * One that is begun is to be read to its end or left.
   */
  stream(prompt: PromptSource, options?: GenerateOptions): AsyncGenerator<Chunk, void, undefined>;
  /** The same events in the batches in which they arrived: what a server forwards. */
  streamBatches(prompt: PromptSource, options?: GenerateOptions): AsyncGenerator<readonly StreamEvent[], void, undefined>;
  /**
   * Tokens that the model reads, its answer included; undefined where nobody says so. A server that tells it may be asked, for a
   * few seconds at most. Rejects with the signal's reason alone.
   */
  contextWindow?(signal: AbortSignal): Promise<number | undefined>;
  /**
   * Tokens of a prompt as the model's own tokenizer or its provider counts them, its template, tools and system prompt included;
   * undefined where neither can say within a few seconds. What was counted once is remembered. Rejects with the signal's reason
   * alone, and with a `ProviderError` (`invalid-request`) for options that cannot be right. Models on this machine, llama.cpp's server, Anthropic and the
   * extensions that offer models in the editor can say; nothing is answered or charged for it.
   */
  countTokens?(prompt: Prompt, options: GenerateOptions, signal: AbortSignal): Promise<number | undefined>;
}
