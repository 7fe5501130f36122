// Errors of local inference, each with one of the codes that `error-words.ts` has words for.

import { ProviderError } from "../providers/provider.ts";
import type { ErrorKind, ErrorPhase } from "../types.ts";

export type LocalErrorCode =
  | "file-not-found"
  | "not-a-model"
  | "model-incomplete"
  | "model-too-large"
  | "inference-unavailable"
  | "inference-crashed"
  | "prompt-too-long"
  | "no-chat-template"
  | "unsupported-parameter"
  | "schema-refused";

const KIND: { readonly [Code in LocalErrorCode]: ErrorKind } = {
  "file-not-found": "model-not-found",
  "not-a-model": "model-not-found",
  "model-incomplete": "model-not-found",
  "model-too-large": "overloaded",
  "inference-unavailable": "unsupported",
  "inference-crashed": "server",
  "prompt-too-long": "context-length",
  "no-chat-template": "unsupported",
  "unsupported-parameter": "unsupported",
  "schema-refused": "invalid-request",
};

/** None is retried by itself: what is wrong with a file stays wrong, and a crash may well happen again. */
export function localError(code: LocalErrorCode, message: string, phase: ErrorPhase = "before-headers", cause?: unknown): ProviderError {
  return new ProviderError(message, {
    kind: KIND[code],
    providerCode: code,
    phase,
    retryable: false,
    ...(cause === undefined ? {} : { cause }),
  });
}
