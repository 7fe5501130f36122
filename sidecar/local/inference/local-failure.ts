// Whatever node-llama-cpp throws, as one of our errors. It decides on classes and codes; the native side's words are quoted.

import { ProviderError } from "../../providers/provider.ts";
import type { ErrorPhase } from "../../types.ts";
import { localError } from "../local-error.ts";

export function asLocalError(error: unknown, phase: ErrorPhase): ProviderError {
  if (error instanceof ProviderError) return error;
  const message = error instanceof Error ? error.message : String(error);
  switch (nameOf(error)) {
    case "InsufficientMemoryError":
      return localError("model-too-large", message, phase, error);
    case "NoBinaryFoundError":
      return localError("inference-unavailable", message, phase, error);
    case "InvalidGgufMagicError":
    case "UnsupportedGgufValueTypeError":
      return localError("not-a-model", message, phase, error);
    default:
      return localError("inference-crashed", `Local inference failed: ${message}`, phase, error);
  }
}

/** The library's error classes give themselves no `name`. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.constructor.name : "";
}
