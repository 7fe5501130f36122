// `provider/model`, split at the first slash.

import { invalidRequest } from "./answers/answer-error.ts";
import type { ModelRef } from "./types.ts";

export interface ModelName {
  readonly provider: string;
  /** The provider's own id; it may hold slashes. */
  readonly model: string;
}

/** Throws a `ProviderError` with code `invalid-model-ref`. */
export function parseModelRef(ref: ModelRef): ModelName {
  const slash = ref.indexOf("/");
  const [provider, model] = [ref.slice(0, slash), ref.slice(slash + 1)];
  if (slash > 0 && model.trim() !== "") return { provider, model };
  const problem = slash < 0 ? "names no provider" : slash === 0 ? "begins with a slash" : "names no model";
  throw invalidRequest("invalid-model-ref", `The model "${ref}" ${problem}: write provider/model, for example openai/gpt-5-mini.`);
}
