// Which models can be had, asked of all providers at once, and which one to begin with. A provider that does not answer is
// reported beside those that do and holds nobody up.

import { stat } from "node:fs/promises";
import { orAborted } from "./abort.ts";
import { errorInfo } from "./answers/answer-error.ts";
import type { EndpointOverrides, Endpoints } from "./endpoints.ts";
import { withFacts } from "./model-facts.ts";
import { parseModelRef } from "./model-ref.ts";
import { firstChoice } from "./model-choice.ts";
import { isListFailure, ModelLists, type CatalogueLimits, type HowToList, type Listed } from "./model-lists.ts";
import { PriceBook } from "./prices/price-book.ts";
import type { ListModelsParams, ListModelsResult } from "./model-listing.ts";
import type { DefaultModelResult } from "./protocol.ts";
import type { Provider } from "./providers/provider.ts";
import type { ErrorInfo, ModelInfo, ModelPrice, ModelRef } from "./types.ts";

const defaultLimits: CatalogueLimits = { listMs: 15_000, probeMs: 3_000, describeMs: 4_000, keepRemoteMs: 10 * 60_000, keepHereMs: 5_000 };

interface KnownWindow {
  readonly goodUntil: number;
  readonly tokens: number | undefined;
}

export interface AskedPrice {
  /** What the list says; undefined where it says nothing. */
  readonly price: ModelPrice | undefined;
  /** Why the list could not be had, where there is one. */
  readonly failure?: ErrorInfo;
}

export class ModelCatalogue {
  readonly #endpoints: Endpoints;
  readonly #limits: CatalogueLimits;
  readonly #prices: PriceBook;
  readonly #lists: ModelLists;
  /** Lists that were asked for because of their prices. */
  readonly #pricing = new WeakMap<Provider, { goodUntil: number; readonly list: Promise<Listed> }>();
  /** By model; what nobody has told is kept, too. */
  readonly #windows = new WeakMap<Provider, Map<string, KnownWindow>>();

  constructor(endpoints: Endpoints, limits: CatalogueLimits = defaultLimits, prices: PriceBook = new PriceBook()) {
    this.#endpoints = endpoints;
    this.#limits = limits;
    this.#prices = prices;
    this.#lists = new ModelLists(endpoints, limits);
  }

  /**
   * Models of one provider, or of all that can be reached without more being set. Rejects with the signal's reason when it
   * is aborted; whatever else goes wrong is among the failures. `key`: for that one provider, instead of its own.
   */
  async listModels({ provider, baseUrl, refresh = false }: ListModelsParams, signal: AbortSignal, key?: string): Promise<ListModelsResult> {
    const ids = provider === undefined ? this.#askable() : [provider];
    const overrides = { ...(baseUrl === undefined ? {} : { baseUrl }), ...(key === undefined ? {} : { key }) };
    const named = provider !== undefined;
    // Of many, one that is loading its model or does not answer holds nobody up.
    const patience = named ? {} : { patienceMs: this.#limits.probeMs };
    const how = { named, refresh, limitMs: this.#limits.listMs, ...patience, overrides, describe: true, whileLoading: named };
    const lists = await Promise.all(ids.map((id) => this.#lists.list(id, how, signal)));
    signal.throwIfAborted();
    const listed = lists.flatMap(modelsOf);
    return {
      models: await Promise.all(listed.map((model) => this.#withFacts(model, overrides))),
      failures: failuresOf(lists),
    };
  }

  /** What the provider's list says that a model costs, if it is at hand; nobody is asked. */
  knownPrice(id: string, model: string, overrides: EndpointOverrides): ModelPrice | undefined {
    const provider = this.#callable(id, overrides);
    return provider === undefined ? undefined : this.#lists.known(provider, model)?.price;
  }

  /**
   * The same, and the list is asked for where it may have prices: once for all who ask at the same time, so that a caller who leaves
   * does not call it off. Rejects with the signal's reason alone.
   */
  async askPrice(id: string, model: string, overrides: EndpointOverrides, signal: AbortSignal): Promise<AskedPrice> {
    const provider = this.#callable(id, overrides);
    if (provider === undefined || this.#endpoints.row(id).tellsPrices !== true) return { price: this.knownPrice(id, model, overrides) };
    let asked = this.#pricing.get(provider);
    if (asked === undefined || performance.now() >= asked.goodUntil) {
      const how = { ...this.#probing, limitMs: this.#limits.listMs, overrides };
      const begun = { goodUntil: Infinity, list: this.#lists.list(id, how, new AbortController().signal) };
      const keepUntil = performance.now() + this.#limits.keepHereMs;
      // A list that failed may be had the next time.
      void begun.list.then((list) => (begun.goodUntil = failureIn(list) === undefined ? keepUntil : 0));
      this.#pricing.set(provider, begun);
      asked = begun;
    }
    const failure = failureIn(await orAborted(asked.list, signal));
    return { price: this.knownPrice(id, model, overrides), ...(failure === undefined ? {} : { failure }) };
  }

  /**
   * Tokens that a model reads, its answer included, as far as somebody says so: the user, a model in memory, the provider's list, the
   * bundled one.
   * A list that is not at hand is asked for where it may say so, and what is not known soon is not known. Rejects with the signal's
   * reason alone.
   */
  async contextWindow(id: string, model: string, overrides: EndpointOverrides, signal: AbortSignal): Promise<number | undefined> {
    const set = this.#endpoints.settings.providers[id]?.models?.[model]?.contextWindow;
    const provider = this.#callable(id, overrides);
    if (set !== undefined || provider === undefined) return set;
    const told = provider.contextWindow?.(model) ?? this.#lists.known(provider, model)?.contextWindow;
    if (told !== undefined) return told;
    const windows = this.#windows.get(provider) ?? new Map<string, KnownWindow>();
    this.#windows.set(provider, windows);
    const known = windows.get(model);
    if (known !== undefined && performance.now() < known.goodUntil) return known.tokens;
    const { tokens, keepMs } = await this.#askWindow(id, model, overrides, signal);
    windows.set(model, { goodUntil: performance.now() + keepMs, tokens });
    return tokens;
  }

  async #askWindow(id: string, model: string, overrides: EndpointOverrides, signal: AbortSignal) {
    const row = this.#endpoints.row(id);
    const { keepHereMs, keepRemoteMs, probeMs } = this.#limits;
    const bundled = (await this.#prices.bundled(row, model))?.contextWindow;
    if (bundled !== undefined && row.tellsWindows !== true) return { tokens: bundled, keepMs: keepRemoteMs };
    const limited = AbortSignal.any([signal, AbortSignal.timeout(probeMs)]);
    const list = await this.#lists.list(id, { ...this.#probing, overrides, describe: true }, limited);
    signal.throwIfAborted();
    const told = "models" in list ? list.models.find((one) => one.model === model)?.contextWindow : undefined;
    return { tokens: told ?? bundled, keepMs: "models" in list ? keepRemoteMs : keepHereMs };
  }

  /**
   * The last used model if it can still be called, else a server running here, else a provider with a key, else the demo; with
   * those that were asked before it, and failed.
   */
  async defaultModel(lastUsed: ModelRef | null, signal: AbortSignal): Promise<DefaultModelResult> {
    if (lastUsed !== null && (await this.#isCallable(lastUsed, signal))) return { ref: lastUsed, reason: "last-used" };
    const described = this.#askable().map((id) => this.#endpoints.describe(id));
    const servers = described.filter(({ id, runsHere }) => runsHere && id !== "local");
    const lists: Listed[] = await Promise.all(servers.map(({ id }) => this.#probe(id, signal)));
    const found = (ref: ModelRef | null, reason: DefaultModelResult["reason"]): DefaultModelResult => {
      const failures = failuresOf(lists);
      return { ref, reason, ...(failures.length === 0 ? {} : { failures }) };
    };
    const here = lists.map(firstOf).find((model) => model !== undefined);
    if (here !== undefined) return found(here.ref, "local-server");
    for (const { id, hasKey, runsHere } of described) {
      if (!hasKey || runsHere) continue;
      const list = await this.#probe(id, signal);
      const model = firstOf(list);
      if (model !== undefined) return found(model.ref, "key");
      lists.push(list);
    }
    const demo = modelsOf(await this.#probe("local", signal)).find((model) => model.demo === true);
    return demo === undefined ? found(null, "none") : found(demo.ref, "demo");
  }

  /**
   * Providers for which nothing is missing. Several rows share a default address (llama.cpp's server and MLX's); one server
   * runs there, and it is asked once.
   */
  #askable(): readonly string[] {
    const seen = new Set<string>();
    return this.#endpoints.ids().filter((id) => {
      try {
        this.#endpoints.resolve(id);
        const { baseUrl } = this.#endpoints.describe(id);
        if (baseUrl === undefined || !this.#endpoints.isDefaultAddress(id)) return true;
        return !seen.has(baseUrl) && seen.add(baseUrl);
      } catch (error) {
        // What was never set up is no failure; what was set up wrongly is one, and is met again when it is asked.
        const code = errorInfo(error).providerCode;
        return code !== "missing-key" && code !== "missing-base-url";
      }
    });
  }

  async #isCallable(ref: ModelRef, signal: AbortSignal): Promise<boolean> {
    try {
      const { provider, model } = parseModelRef(ref);
      this.#endpoints.resolve(provider);
      const { wire, runsHere } = { ...this.#endpoints.row(provider), ...this.#endpoints.describe(provider) };
      if (wire === "local" || wire === "editor") {
        const models = modelsOf(await this.#probe(provider, signal));
        return models.some((one) => one.ref === ref) || (wire === "local" && (await stat(model)).isFile());
      }
      if (!runsHere) return true;
      const list = await this.#lists.list(provider, this.#probing, signal);
      // Whatever is asked of a server that is loading its model waits for it.
      return "models" in list || ("error" in list && list.error.providerCode === "loading-model");
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }

  get #probing(): HowToList {
    return { named: true, refresh: false, limitMs: this.#limits.probeMs, overrides: {}, describe: false, whileLoading: false };
  }

  async #probe(id: string, signal: AbortSignal): Promise<Listed> {
    const list = await this.#lists.list(id, { ...this.#probing, named: false, whileLoading: true }, signal);
    signal.throwIfAborted();
    return list;
  }

  /** Undefined where a key or an address is missing: prices are asked for before those are set, too. */
  #callable(id: string, overrides: EndpointOverrides): Provider | undefined {
    try {
      return this.#endpoints.provider(id, overrides);
    } catch {
      return undefined;
    }
  }

  #withFacts(model: ModelInfo, overrides: { readonly baseUrl?: string }): Promise<ModelInfo> {
    const row = this.#endpoints.row(model.provider);
    const set = this.#endpoints.settings.providers[model.provider]?.models?.[model.model];
    const { runsHere } = this.#endpoints.describe(model.provider, overrides);
    return withFacts(model, { row, set, here: runsHere }, this.#prices);
  }
}

function modelsOf(list: Listed): readonly ModelInfo[] {
  return "models" in list ? list.models : [];
}

function firstOf(list: Listed): ModelInfo | undefined {
  return firstChoice(list.id, modelsOf(list));
}

function failuresOf(lists: readonly Listed[]): ListModelsResult["failures"] {
  return lists.flatMap((list) => ("error" in list ? [{ provider: list.id, error: list.error }] : []));
}

/** Of a list that there is. */
function failureIn(list: Listed): ErrorInfo | undefined {
  return "error" in list && isListFailure(list.error) ? list.error : undefined;
}
