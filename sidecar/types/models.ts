// Which models there are, and at which providers.

import type { FactSource, ModelPrice } from "./usage-and-cost.ts";

/** `provider/model`, split at the first slash: `openrouter/openai/gpt-5-mini` is the model `openai/gpt-5-mini` at `openrouter`. */
export type ModelRef = string;

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
