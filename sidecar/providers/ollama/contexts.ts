// How large a context each model is asked for. Ollama's own default follows the machine's memory and cuts longer prompts in
// silence (quirk 35), and each other size makes it load the model anew. So one size is kept for each model: what is loaded, or
// what its Modelfile says, where that is enough; else a power of two, which only grows, up to what the model was made for.

import { inputTokens } from "../../answers/token-estimate.ts";
import { asCount, asObject } from "../json-fields.ts";
import { ProviderError, type ModelRequest } from "../provider.ts";
import type { AskServer } from "../server-questions.ts";
import type { Preparation, Prepared, WireTarget } from "../wire-adapter.ts";
import { loadedContext, showModel } from "./model-facts.ts";

/** Where nothing else is known: enough for a conversation to grow without a reload at its second question. */
const FIRST_CONTEXT = 8192;
/** Tokens kept free for an answer without a limit of its own. */
const ANSWER_TOKENS = 2048;

export class OllamaContexts implements Preparation {
  /** Tokens, by model: what was asked for last. */
  readonly #sizes = new Map<string, number>();

  /** Throws a `ProviderError` of kind `context-length` for a prompt that the model cannot hold by any count. */
  async prepare(request: ModelRequest, target: WireTarget, ask: AskServer): Promise<Prepared> {
    const { model, parameters } = request;
    const [shown, loaded] = await Promise.all([showModel(model, ask), loadedContext(model, ask)]);
    const { least: leastPromptTokens, most } = inputTokens(request);
    const limit = shown?.limit ?? Number.POSITIVE_INFINITY;
    if (leastPromptTokens > limit) throw tooLong(target, model, leastPromptTokens, limit);
    const given = givenContext(request, target);
    if (given !== undefined) return { contextTokens: given, leastPromptTokens };
    const need = most + (parameters.maxOutputTokens ?? ANSWER_TOKENS);
    // What was asked for last counts beside what is loaded, which may have been told a moment before that took effect.
    const held = Math.max(this.#sizes.get(model) ?? 0, loaded ?? 0);
    const enough = [held, shown?.ownContext ?? 0].find((size) => size >= Math.min(need, limit));
    const contextTokens = enough ?? Math.min(limit, powerOfTwo(Math.max(need, FIRST_CONTEXT)));
    this.#sizes.set(model, contextTokens);
    return { contextTokens, leastPromptTokens };
  }

  /** Twice as much, where the size was chosen here and the model was made for more. */
  async enlarge(request: ModelRequest, target: WireTarget, before: Prepared, ask: AskServer): Promise<Prepared | undefined> {
    const { model } = request;
    const limit = (await showModel(model, ask))?.limit;
    const { contextTokens } = before;
    if (limit === undefined || contextTokens === undefined || contextTokens >= limit) return undefined;
    if (givenContext(request, target) !== undefined) return undefined;
    // Another request may have grown it meanwhile.
    const enlarged = Math.max(this.#sizes.get(model) ?? 0, Math.min(limit, powerOfTwo(contextTokens + 1)));
    this.#sizes.set(model, enlarged);
    return { ...before, contextTokens: enlarged };
  }
}

/** The caller's own size, which stays as it is. */
function givenContext({ parameters }: ModelRequest, target: WireTarget): number | undefined {
  return asCount(asObject(parameters.providerOptions?.[target.provider]?.["options"])?.["num_ctx"]);
}

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}

function tooLong(target: WireTarget, model: string, tokens: number, limit: number): ProviderError {
  const words = `The prompt has at least ${tokens} tokens, and ${model} holds ${limit} at most, its answer included.`;
  return new ProviderError(words, {
    kind: "context-length",
    providerCode: "context-length-exceeded",
    phase: "before-headers",
    retryable: false,
    provider: target.provider,
    model,
  });
}
