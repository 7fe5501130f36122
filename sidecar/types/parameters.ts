// What may be asked for beside the messages, and what a request is given time for.

import type { JsonObject } from "./json.ts";

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

/** Milliseconds; 0 means no limit. */
export interface TimeLimits {
  readonly connectMs?: number;
  /** From the request being sent to the first token; a local server may load a model meanwhile. */
  readonly firstTokenMs?: number;
  /** Between two reads of a running answer. */
  readonly idleMs?: number;
}
