// What a door (the server, the command line, the library) holds: models by their name, lists of them, settings. It owns
// everything that goes out of the process; `close` gives it back.

import type { GenerateOptions, Llm } from "./api.ts";
import { Endpoints, type EndpointOverrides, type EndpointsOptions } from "./endpoints.ts";
import { createLlmAt } from "./llm.ts";
import { parseModelRef } from "./model-ref.ts";
import { ModelCatalogue, type AskedPrice } from "./models.ts";
import { PriceBook } from "./prices/price-book.ts";
import type { PriceQuote } from "./prices/price-quote.ts";
import type { ListModelsParams, ListModelsResult } from "./model-listing.ts";
import type { DefaultModelResult } from "./protocol.ts";
import type { EngineSettings } from "./settings.ts";
import { ProviderError } from "./providers/provider.ts";
import type { ErrorInfo, ModelRef, ProviderInfo } from "./types.ts";

export type EngineOptions = EndpointsOptions;

/** What holds where no settings are given. The extension's settings have the same default. */
export const defaultSettings: EngineSettings = { providers: {}, concurrency: 64, localModels: [] };

export class Engine {
  readonly #endpoints: Endpoints;
  readonly #models: ModelCatalogue;
  readonly #prices = new PriceBook();

  /** Opens nothing: connections and processes come with the first request. */
  constructor(options: EngineOptions) {
    this.#endpoints = new Endpoints(options);
    this.#models = new ModelCatalogue(this.#endpoints, undefined, this.#prices);
  }

  /**
   * A model by its reference. Never throws: a reference that names nothing, a missing key or address are errors of the
   * answer, so that whoever shows answers shows these too.
   */
  llm(ref: ModelRef, defaults: GenerateOptions = {}): Llm {
    try {
      const { provider, model } = parseModelRef(ref);
      return this.llmAt(provider, model, {}, defaults);
    } catch (error) {
      return createLlmAt({ ref, provider: "", model: ref, endpoint: () => rethrow(error) }, defaults);
    }
  }

  /** The same with what a program says about the endpoint; see `checkProvider` for what can be said at once. */
  llmAt(provider: string, model: string, overrides: EndpointOverrides, defaults: GenerateOptions = {}): Llm {
    return createLlmAt(
      {
        ref: `${provider}/${model}`,
        provider,
        model,
        endpoint: this.#endpoints.resolver(provider, overrides, model),
        providers: () => this.#endpoints.everyId(),
        price: (asking) => this.#quote(provider, model, overrides, asking),
        contextWindow: (signal) => this.#models.contextWindow(provider, model, overrides, signal),
      },
      defaults,
    );
  }

  /**
   * Throws a `ProviderError` that lists the known providers when this is none of them, and one with code `invalid-base-url` for
   * an address that it cannot have.
   */
  checkProvider(id: string, overrides: Pick<EndpointOverrides, "baseUrl"> = {}): void {
    this.#endpoints.check(id, overrides);
  }

  /** Also of those that cannot be had here. */
  providerIds(): readonly string[] {
    return this.#endpoints.everyId();
  }

  /** As it is when it is called with these overrides. Undefined for a provider that is none. */
  describeProvider(id: string, overrides: Pick<EndpointOverrides, "baseUrl"> = {}): ProviderInfo | undefined {
    return this.#endpoints.ids().includes(id) ? this.#endpoints.describe(id, overrides) : undefined;
  }

  listProviders(): readonly ProviderInfo[] {
    return this.#endpoints.ids().map((id) => this.#endpoints.describe(id));
  }

  /** Rejects with the signal's reason alone; what providers failed with is in the result. `key`: for the one provider that is named. */
  listModels(params: ListModelsParams, signal: AbortSignal, key?: string): Promise<ListModelsResult> {
    return this.#models.listModels(params, signal, key);
  }

  defaultModel(lastUsed: ModelRef | null, signal: AbortSignal): Promise<DefaultModelResult> {
    return this.#models.defaultModel(lastUsed, signal);
  }

  /**
   * What a model costs, and what so many of its tokens cost; undefined where nobody knows, which is not the same as free.
   * Where the provider's list of models may have prices it is asked for it, once in a while, at the address that `overrides`
   * name. Throws a `ProviderError` for a reference that names no provider, and that of a list which could not be had where nobody
   * else knows the price; and the signal's reason.
   */
  async priceOf(
    ref: ModelRef,
    signal: AbortSignal = new AbortController().signal,
    overrides: EndpointOverrides = {},
  ): Promise<PriceQuote | undefined> {
    const { provider, model } = parseModelRef(ref);
    return this.#quote(provider, model, overrides, signal);
  }

  /** The next requests follow them. */
  updateSettings(settings: EngineSettings): void {
    this.#endpoints.updateSettings(settings);
  }

  async #quote(
    provider: string,
    model: string,
    overrides: EndpointOverrides,
    asking: AbortSignal | undefined,
  ): Promise<PriceQuote | undefined> {
    const set = this.#endpoints.settings.providers[provider]?.models?.[model]?.price;
    const { price: told, failure }: AskedPrice =
      asking === undefined || set !== undefined
        ? { price: this.#models.knownPrice(provider, model, overrides) }
        : await this.#models.askPrice(provider, model, overrides, asking);
    const runsHere = this.#endpoints.runsHere(provider, overrides);
    const quote = await this.#prices.quote({ row: this.#endpoints.row(provider), model, set, told, here: runsHere });
    if (quote === undefined && failure !== undefined) throw priceNotTold(`${provider}/${model}`, failure);
    return quote;
  }

  /** Breaks off what is under way and closes every connection. The `local` provider belongs to whoever made it. */
  close(): Promise<void> {
    return this.#endpoints.close();
  }
}

function rethrow(error: unknown): never {
  throw error;
}

/** Another look may find it. */
function priceNotTold(ref: ModelRef, { message, ...failure }: ErrorInfo): ProviderError {
  return new ProviderError(`The list that may tell what ${ref} costs could not be had. ${message}`, failure);
}
