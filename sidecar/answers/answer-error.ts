// The errors of the one path: what `generate` rejects with, and how anything thrown becomes plain data.

import type { GenerateResult } from "../api.ts";
import type { ErrorInfo } from "../types.ts";
import { ProviderError } from "../providers/provider.ts";
import { AnswerTooLarge } from "../providers/wire-adapter.ts";

/** An answer that failed or was cut. `partial` is what had come, with its usage and timings. */
export class AnswerError extends ProviderError {
  override readonly name = "AnswerError";
  readonly partial: GenerateResult;

  constructor(info: ErrorInfo, partial: GenerateResult) {
    const { message, ...rest } = info;
    super(message, rest);
    this.partial = partial;
  }
}

/** Anything that was thrown, as data. What is no `ProviderError` is a fault of Parley's own, and says so. */
export function errorInfo(thrown: unknown): ErrorInfo {
  if (thrown instanceof ProviderError) return thrown.info;
  // Found in the text of an answer; what its wire holds is refused with its provider's name.
  if (thrown instanceof AnswerTooLarge) {
    const message = `The answer holds ${thrown.message}.`;
    return { kind: "protocol", providerCode: "answer-too-long", message, phase: "mid-stream", retryable: false };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    kind: "protocol",
    providerCode: "internal",
    message: `Parley itself failed on this answer: ${message}`,
    phase: "before-first-token",
    retryable: false,
  };
}

/** The caller's mistake. Found before anything is sent, so nothing was spent. */
export function invalidRequest(providerCode: string, message: string): ProviderError {
  return new ProviderError(message, { kind: "invalid-request", providerCode, phase: "before-headers", retryable: false });
}
