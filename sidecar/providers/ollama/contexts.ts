// How large a context each model is asked for. Ollama's own default follows the machine's memory and cuts longer prompts in
// silence (quirk 35), and each other size makes it load the model anew. So one size is kept for each model: what is loaded, or
// what its Modelfile says, where that is enough; else a power of two, which only grows, up to what the model was made for and the
// machine has memory for.

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

/** Smaller than Ollama's own default on any machine: who cannot have that has not the memory for the model. */
const LEAST_CONTEXT = 4096;
/** Milliseconds for which a size that did not fit into the machine's memory is not asked for again. Other models leave it. */
const MEMORY_KEEP_MS = 10 * 60_000;
const NO_MEMORY =
  /\bout of memory\b|\brequires more (?:\w+ )?memory\b|\b(?:unable|failed) to allocate\b|\bcannot be allocated\b|\btoo large for system\b/iu;

export class OllamaContexts implements Preparation {
  /** Tokens, by model: what was asked for last. */
  readonly #sizes = new Map<string, number>();
  /** Tokens, by model: the most that the machine may have memory for, after more was refused. */
  readonly #bearable = new Map<string, { readonly tokens: number; readonly until: number }>();

  /** Throws a `ProviderError` of kind `context-length` for a prompt that the model cannot hold by any count. */
  async prepare(request: ModelRequest, target: WireTarget, ask: AskServer): Promise<Prepared> {
    const { model, parameters } = request;
    const [shown, loaded = 0] = await Promise.all([showModel(model, ask), loadedContext(model, ask)]);
    const { least: leastPromptTokens, most } = inputTokens(request);
    const limit = shown?.limit ?? Number.POSITIVE_INFINITY;
    if (leastPromptTokens > limit) throw tooLong(target, model, leastPromptTokens, limit);
    const given = givenContext(request, target);
    if (given !== undefined) return { contextTokens: given, leastPromptTokens };
    const need = most + (parameters.maxOutputTokens ?? ANSWER_TOKENS);
    const bearable = Math.min(limit, Math.max(this.#bearableContext(model), loaded));
    // What was asked for last counts beside what is loaded, which may have been told a moment before that took effect.
    const held = Math.max(this.#sizes.get(model) ?? 0, loaded);
    const known = [held, shown?.ownContext ?? 0].filter((size) => size <= bearable || bearable === limit);
    const enough = known.find((size) => size >= Math.min(need, bearable));
    const contextTokens = enough ?? Math.min(bearable, powerOfTwo(Math.max(need, FIRST_CONTEXT)));
    this.#sizes.set(model, contextTokens);
    return { contextTokens, leastPromptTokens };
  }

  /**
   * Twice as much for a prompt that did not fit, where the model was made for more; half as much where the machine has no memory
   * for it, since sizes are reckoned with care, and a prompt that does not fit is refused. A size of the caller's own stays.
   */
  async afterRefusal(
    request: ModelRequest,
    target: WireTarget,
    { contextTokens, ...before }: Prepared,
    refusal: ProviderError,
    ask: AskServer,
  ): Promise<Prepared | undefined> {
    if (contextTokens === undefined || givenContext(request, target) !== undefined) return undefined;
    if (refusal.kind === "context-length") {
      const limit = (await showModel(request.model, ask))?.limit;
      const enlarged = limit === undefined ? undefined : this.#enlarged(request.model, contextTokens, limit);
      return enlarged === undefined ? undefined : { ...before, contextTokens: enlarged };
    }
    if ((refusal.status ?? 0) < 500 || !NO_MEMORY.test(refusal.message)) return undefined;
    const reduced = this.#reduced(request.model, contextTokens);
    return reduced < LEAST_CONTEXT ? undefined : { ...before, contextTokens: reduced };
  }

  #enlarged(model: string, before: number, limit: number): number | undefined {
    const most = Math.min(limit, this.#bearableContext(model));
    if (before >= most) return undefined;
    // Another request may have grown it meanwhile.
    const enlarged = Math.max(this.#sizes.get(model) ?? 0, Math.min(most, powerOfTwo(before + 1)));
    this.#sizes.set(model, enlarged);
    return enlarged;
  }

  /** What is too large for this request is so for all of the model. */
  #reduced(model: string, before: number): number {
    const reduced = Math.min(this.#bearableContext(model), powerOfTwo(before) / 2);
    const tokens = Math.max(reduced, LEAST_CONTEXT);
    this.#bearable.set(model, { tokens, until: performance.now() + MEMORY_KEEP_MS });
    this.#sizes.set(model, Math.min(tokens, before));
    return reduced;
  }

  #bearableContext(model: string): number {
    const known = this.#bearable.get(model);
    return known === undefined || performance.now() >= known.until ? Number.POSITIVE_INFINITY : known.tokens;
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
