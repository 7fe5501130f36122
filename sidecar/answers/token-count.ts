// Token counts by the model itself, where it can say: what an estimate (`token-estimate.ts`) is checked against before anything is
// decided by it. A count is never a condition for an answer: one that fails or takes too long is none.

import { createHash } from "node:crypto";
import { orAborted } from "../abort.ts";
import type { GenerateOptions, Prompt } from "../api.ts";
import type { Provider } from "../providers/provider.ts";
import { buildModelRequest } from "./request.ts";

/** Milliseconds. An answer waits for it. */
const COUNT_MS = 3000;
/** Of one provider. */
const MOST_KEPT = 100;

interface Counted {
  /** The provider's own id of the model. */
  readonly model: string;
  endpoint(): { readonly provider: Provider };
}

/** By what was counted: the same conversation is counted once, however often it is asked for an answer. */
const kept = new WeakMap<Provider, Map<string, number>>();

/** See `Llm.countTokens`. */
export async function countTokens(
  target: Counted,
  prompt: Prompt,
  options: GenerateOptions,
  signal: AbortSignal,
): Promise<number | undefined> {
  signal.throwIfAborted();
  const limited = new AbortController();
  const follow = (): void => limited.abort(signal.reason);
  const timer = setTimeout(() => limited.abort(new DOMException("The tokens were not counted in time.", "TimeoutError")), COUNT_MS);
  signal.addEventListener("abort", follow, { once: true });
  try {
    return await ask(target, prompt, options, limited.signal);
  } catch {
    signal.throwIfAborted();
    return undefined;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", follow);
  }
}

async function ask(target: Counted, prompt: Prompt, options: GenerateOptions, signal: AbortSignal): Promise<number | undefined> {
  const { provider } = target.endpoint();
  if (provider.countTokens === undefined) return undefined;
  const request = buildModelRequest(target.model, prompt, options, provider);
  const content = createHash("sha256").update(JSON.stringify(request)).digest("base64");
  const counts = kept.get(provider) ?? new Map<string, number>();
  kept.set(provider, counts);
  const known = counts.get(content);
  if (known !== undefined) return known;
  const tokens = await orAborted(provider.countTokens(request, signal), signal);
  if (tokens === undefined) return undefined;
  if (counts.size >= MOST_KEPT) counts.clear();
  counts.set(content, tokens);
  return tokens;
}
