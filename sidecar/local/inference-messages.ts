// Messages between the sidecar and the inference process: two closed unions over Node's IPC channel, plain data.

import type { ProviderEvent } from "../providers/provider.ts";
import type { ErrorInfo, JsonObject } from "../types.ts";
import type { ModelInMemory } from "./loaded-models.ts";

export interface ChatTurn {
  readonly role: "system" | "user" | "assistant";
  readonly text: string;
}

export interface SamplingParameters {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly minP?: number;
  readonly seed?: number;
  /** Tokens. */
  readonly maxOutputTokens?: number;
  readonly stop?: readonly string[];
  readonly responseSchema?: JsonObject;
}

export interface InferenceRequest {
  /** Absolute path of a GGUF file. */
  readonly file: string;
  /** What the file's chat template is given beside the messages. */
  readonly templateParameters?: JsonObject;
  readonly turns: readonly ChatTurn[];
  readonly sampling: SamplingParameters;
}

export type ToInference =
  | { readonly type: "answer"; readonly id: number; readonly request: InferenceRequest }
  | { readonly type: "count"; readonly id: number; readonly request: InferenceRequest }
  | { readonly type: "cancel"; readonly id: number };

/**
 * `ended` comes exactly once for each answer and last, with the error where it failed. A count is answered by one event of usage
 * and `ended` likewise. `in-memory` names all models that are loaded, whenever one more or one less is.
 */
export type FromInference =
  | { readonly type: "in-memory"; readonly models: readonly ModelInMemory[] }
  | { readonly type: "events"; readonly id: number; readonly events: readonly ProviderEvent[] }
  | { readonly type: "ended"; readonly id: number; readonly error?: ErrorInfo };
