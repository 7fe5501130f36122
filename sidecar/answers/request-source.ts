// The request of one answer, made once it may be sent, and made anew each time that it is: what the settings and the provider say
// may have changed. The prompt's function is called once, also where it could not give the same again.

import { orAborted } from "../abort.ts";
import type { GenerateOptions, Prompt, PromptSource } from "../api.ts";
import { runInScope, type CallScope } from "../call-scope.ts";
import { PromptMaking } from "../limits/prompt-making.ts";
import { ProviderError, type ModelRequest, type Provider } from "../providers/provider.ts";
import { invalidRequest } from "./answer-error.ts";
import { checkedOptions, checkProviderOptions } from "./parameters.ts";
import { asOneOff, buildModelRequest } from "./request.ts";

/** Who is asked. */
export interface Asked {
  readonly model: string;
  /** The ids of all providers, for which a request may have extras; undefined: any. */
  providers?(): readonly string[];
}

export class RequestSource {
  readonly #asked: Asked;
  readonly #prompt: PromptSource;
  readonly #options: GenerateOptions;
  /** Where the request was made. */
  readonly #scope: CallScope;
  /** What the prompt's function gave. */
  #made: Prompt | undefined;

  constructor(asked: Asked, prompt: PromptSource, options: GenerateOptions, scope: CallScope) {
    this.#asked = asked;
    this.#prompt = prompt;
    this.#options = options;
    this.#scope = scope;
  }

  get isMade(): boolean {
    return this.#made !== undefined;
  }

  /**
   * At once, where no function has to be asked for the prompt. `asks` is called when the prompt's function asks a model. Throws a
   * `ProviderError` where it gives no prompt, or what is asked for cannot be, and the signal's reason.
   */
  request(provider: Provider, asks: () => void, signal: AbortSignal): ModelRequest | Promise<ModelRequest> {
    checkedOptions(this.#options);
    checkExtras(this.#asked, this.#options);
    const source = this.#made ?? this.#prompt;
    if (typeof source !== "function") return this.#build(source, provider);
    return this.#make(source, asks, signal).then((prompt) => this.#build(prompt, provider));
  }

  /** The answer is over: whoever keeps it keeps no prompt. */
  forget(): void {
    this.#made = undefined;
  }

  #build(prompt: Prompt, provider: Provider): ModelRequest {
    const request = buildModelRequest(this.#asked.model, prompt, this.#options, provider);
    const isOneOff = this.#scope.workClass === "batch" && this.#scope.goesOn !== true;
    return isOneOff ? asOneOff(request, prompt) : request;
  }

  async #make(source: Exclude<PromptSource, Prompt>, asks: () => void, signal: AbortSignal): Promise<Prompt> {
    const making = new PromptMaking(asks);
    try {
      this.#made = await orAborted(
        runInScope({ ...this.#scope, signal, making }, () => source(signal)),
        signal,
      );
      return this.#made;
    } catch (error) {
      if (error instanceof ProviderError || signal.aborted) throw error;
      throw invalidRequest("prompt-unreadable", `The prompt could not be read: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      making.end();
    }
  }
}

/** Throws a `ProviderError` for extras of a provider that there is not. */
export function checkExtras(asked: Asked, { providerOptions }: GenerateOptions): void {
  const ids = providerOptions === undefined ? undefined : asked.providers?.();
  if (ids !== undefined) checkProviderOptions(providerOptions, ids);
}
