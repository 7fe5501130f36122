// Which models can be had, asked of all providers at once, and which one to begin with. A provider that does not answer is
// reported beside those that do and holds nobody up.

import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { orAborted } from "./abort.ts";
import { errorInfo } from "./answers/answer-error.ts";
import type { EndpointOverrides, Endpoints } from "./endpoints.ts";
import type { Endpoint } from "./llm.ts";
import { withFacts } from "./model-facts.ts";
import { parseModelRef } from "./model-ref.ts";
import { firstChoice } from "./model-choice.ts";
import { PriceBook } from "./prices/price-book.ts";
import type { ListModelsParams, ListModelsResult } from "./model-listing.ts";
import type { DefaultModelResult } from "./protocol.ts";
import { ProviderError, type Provider } from "./providers/provider.ts";
import { SharedWork } from "./shared-work.ts";
import type { ErrorInfo, ModelInfo, ModelPrice, ModelRef, TimeLimits } from "./types.ts";

/** Milliseconds. */
export interface CatalogueLimits {
  /** For a whole list. */
  readonly listMs: number;
  /** The same while somebody waits to begin: a server on this machine answers at once or not at all. */
  readonly probeMs: number;
  /** For what a provider tells of its models beside the list; after that the list is given without it. */
  readonly describeMs: number;
  /** How long a list stays good. What runs here changes under one's hands. */
  readonly keepRemoteMs: number;
  readonly keepHereMs: number;
}

const defaultLimits: CatalogueLimits = { listMs: 15_000, probeMs: 3_000, describeMs: 4_000, keepRemoteMs: 10 * 60_000, keepHereMs: 5_000 };

interface CachedList {
  readonly at: number;
  readonly askedAt: number;
  readonly models: readonly ModelInfo[];
}

interface KnownWindow {
  readonly at: number;
  readonly tokens: number | undefined;
}

type Listed = { readonly id: string } & (
  | { readonly models: readonly ModelInfo[] }
  | { readonly error: ErrorInfo }
  | { readonly skipped: true }
);

export class ModelCatalogue {
  readonly #endpoints: Endpoints;
  readonly #limits: CatalogueLimits;
  readonly #prices: PriceBook;
  /** By the provider's instance, of which there is one for each address and key. */
  readonly #lists = new WeakMap<Provider, CachedList>();
  /** Asked for once for all who want it at the same time. */
  readonly #asking = new WeakMap<Provider, SharedWork<readonly ModelInfo[]>>();
  /** Lists that were asked for because of their prices. */
  readonly #pricing = new WeakMap<Provider, { readonly at: number; over: boolean; readonly list: Promise<Listed> }>();
  /** By model; what nobody has told is kept, too. */
  readonly #windows = new WeakMap<Provider, Map<string, KnownWindow>>();
  /** By the list that is described, so that both are forgotten together. */
  readonly #described = new WeakMap<readonly ModelInfo[], readonly ModelInfo[]>();

  constructor(endpoints: Endpoints, limits: CatalogueLimits = defaultLimits, prices: PriceBook = new PriceBook()) {
    this.#endpoints = endpoints;
    this.#limits = limits;
    this.#prices = prices;
  }

  /**
   * Models of one provider, or of all that can be reached without more being set. Rejects with the signal's reason when it
   * is aborted; whatever else goes wrong is among the failures. `key`: for that one provider, instead of its own.
   */
  async listModels({ provider, baseUrl, refresh = false }: ListModelsParams, signal: AbortSignal, key?: string): Promise<ListModelsResult> {
    const ids = provider === undefined ? this.#askable() : [provider];
    const overrides = { ...(baseUrl === undefined ? {} : { baseUrl }), ...(key === undefined ? {} : { key }) };
    const lists = await Promise.all(
      ids.map((id) =>
        this.#list(id, { named: provider !== undefined, refresh, limitMs: this.#limits.listMs, overrides, describe: true }, signal),
      ),
    );
    signal.throwIfAborted();
    const listed = lists.flatMap((list) => ("models" in list ? list.models : []));
    return {
      models: await Promise.all(listed.map((model) => this.#withFacts(model, overrides))),
      failures: lists.flatMap((list) => ("error" in list ? [{ provider: list.id, error: list.error }] : [])),
    };
  }

  /** What the provider's list says that a model costs, if it is at hand; nobody is asked. */
  knownPrice(id: string, model: string, overrides: EndpointOverrides): ModelPrice | undefined {
    const provider = this.#callable(id, overrides);
    return provider === undefined ? undefined : this.#lists.get(provider)?.models.find((one) => one.model === model)?.price;
  }

  /**
   * The same, and the list is asked for where it may have prices: once for all who ask at the same time, so that a caller who leaves
   * does not call it off. Rejects with the signal's reason alone; a list that fails says nothing.
   */
  async askPrice(id: string, model: string, overrides: EndpointOverrides, signal: AbortSignal): Promise<ModelPrice | undefined> {
    const provider = this.#callable(id, overrides);
    if (provider === undefined || this.#endpoints.row(id).tellsPrices !== true) return this.knownPrice(id, model, overrides);
    let asked = this.#pricing.get(provider);
    if (asked === undefined || (asked.over && performance.now() - asked.at >= this.#limits.keepHereMs)) {
      const how = { ...this.#probing, limitMs: this.#limits.listMs, overrides };
      const begun = { at: performance.now(), over: false, list: this.#list(id, how, new AbortController().signal) };
      void begun.list.then(() => (begun.over = true));
      this.#pricing.set(provider, begun);
      asked = begun;
    }
    await orAborted(asked.list, signal);
    return this.knownPrice(id, model, overrides);
  }

  /**
   * Tokens that a model reads, its answer included, as far as somebody says so: the user, a model in memory, the provider's list, the
   * bundled one.
   * A list that is not at hand is asked for, and what is not known soon is not known. Rejects with the signal's reason alone.
   */
  async contextWindow(id: string, model: string, overrides: EndpointOverrides, signal: AbortSignal): Promise<number | undefined> {
    const set = this.#endpoints.settings.providers[id]?.models?.[model]?.contextWindow;
    const provider = this.#callable(id, overrides);
    if (set !== undefined || provider === undefined) return set;
    const here = provider.contextWindow?.(model);
    if (here !== undefined) return here;
    const windows = this.#windows.get(provider) ?? new Map<string, KnownWindow>();
    this.#windows.set(provider, windows);
    const known = windows.get(model);
    if (known !== undefined && performance.now() - known.at < this.#limits.keepRemoteMs) return known.tokens;
    const tokens = await this.#askWindow(id, model, overrides, provider, signal);
    windows.set(model, { at: performance.now(), tokens });
    return tokens;
  }

  async #askWindow(id: string, model: string, overrides: EndpointOverrides, provider: Provider, signal: AbortSignal) {
    const inList = (models: readonly ModelInfo[] | undefined): number | undefined =>
      models?.find((one) => one.model === model)?.contextWindow;
    const atHand = inList(this.#lists.get(provider)?.models) ?? (await this.#prices.bundled(this.#endpoints.row(id), model))?.contextWindow;
    if (atHand !== undefined) return atHand;
    const limited = AbortSignal.any([signal, AbortSignal.timeout(this.#limits.probeMs)]);
    const list = await this.#list(id, { ...this.#probing, overrides, describe: true }, limited);
    signal.throwIfAborted();
    return "models" in list ? inList(list.models) : undefined;
  }

  /** The last used model if it can still be called, else a server running here, else a provider with a key, else the demo. */
  async defaultModel(lastUsed: ModelRef | null, signal: AbortSignal): Promise<DefaultModelResult> {
    if (lastUsed !== null && (await this.#isCallable(lastUsed, signal))) return { ref: lastUsed, reason: "last-used" };
    const described = this.#askable().map((id) => this.#endpoints.describe(id));
    const servers = described.filter(({ id, runsHere }) => runsHere && id !== "local").map(({ id }) => id);
    const lists = await Promise.all(servers.map((id) => this.#probe(id, signal)));
    const here = lists.map((models, index) => firstChoice(servers[index] ?? "", models)).find((model) => model !== undefined);
    if (here !== undefined) return { ref: here.ref, reason: "local-server" };
    for (const { id, hasKey, runsHere } of described) {
      const model = hasKey && !runsHere ? firstChoice(id, await this.#probe(id, signal)) : undefined;
      if (model !== undefined) return { ref: model.ref, reason: "key" };
    }
    const demo = (await this.#probe("local", signal)).find((model) => model.demo === true);
    return demo === undefined ? { ref: null, reason: "none" } : { ref: demo.ref, reason: "demo" };
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
        const models = await this.#probe(provider, signal);
        return models.some((one) => one.ref === ref) || (wire === "local" && (await stat(model)).isFile());
      }
      return !runsHere || "models" in (await this.#list(provider, this.#probing, signal));
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }

  get #probing(): HowToList {
    return { named: true, refresh: false, limitMs: this.#limits.probeMs, overrides: {}, describe: false };
  }

  async #probe(id: string, signal: AbortSignal): Promise<readonly ModelInfo[]> {
    const list = await this.#list(id, this.#probing, signal);
    signal.throwIfAborted();
    return "models" in list ? list.models : [];
  }

  /** Never rejects. */
  async #list(id: string, how: HowToList, signal: AbortSignal): Promise<Listed> {
    try {
      const endpoint = this.#endpoints.resolve(id, how.overrides);
      const listed = await this.#ask(id, endpoint, how, signal);
      const models = how.describe ? await this.#describe(endpoint.provider, listed, signal) : listed;
      return { id, models: id === "local" ? [...models, ...this.#localFiles(models)] : models };
    } catch (error) {
      const info = errorInfo(error);
      return !how.named && this.#isNobodyThere(id, info) ? { id, skipped: true } : { id, error: { provider: id, ...info } };
    }
  }

  async #ask(id: string, { provider, timeLimits }: Endpoint, how: HowToList, signal: AbortSignal): Promise<readonly ModelInfo[]> {
    const cached = this.#lists.get(provider);
    const keepMs = this.#endpoints.runsHere(id, how.overrides) ? this.#limits.keepHereMs : this.#limits.keepRemoteMs;
    if (cached !== undefined && !how.refresh && id !== "local" && id !== "editor" && performance.now() - cached.at < keepMs)
      return cached.models;
    signal.throwIfAborted();
    let asking = this.#asking.get(provider);
    // Who asks past the cache wants to know of what was changed before, and not what was under way then.
    if (asking?.underWay !== true || how.refresh) {
      asking = new SharedWork((called) => this.#fetch(provider, timeLimits, called));
      this.#asking.set(provider, asking);
    }
    return withLimit(how.limitMs, signal, (limited) => asking.wait(limited));
  }

  async #fetch(provider: Provider, timeLimits: TimeLimits, signal: AbortSignal): Promise<readonly ModelInfo[]> {
    const askedAt = performance.now();
    const models = await provider.listModels({ signal, timeLimits: within(this.#limits.listMs, timeLimits) });
    const known = this.#lists.get(provider);
    // What was asked for later and came sooner is the newer one.
    if (known === undefined || known.askedAt <= askedAt) this.#lists.set(provider, { at: performance.now(), askedAt, models });
    return models;
  }

  /** Undefined where a key or an address is missing: prices are asked for before those are set, too. */
  #callable(id: string, overrides: EndpointOverrides): Provider | undefined {
    try {
      return this.#endpoints.resolve(id, overrides).provider;
    } catch {
      return undefined;
    }
  }

  /** What cannot be told in time is told without; a list is the better for it and never the worse. */
  async #describe(provider: Provider, listed: readonly ModelInfo[], signal: AbortSignal): Promise<readonly ModelInfo[]> {
    const known = this.#described.get(listed);
    if (known !== undefined || provider.describeModels === undefined) return known ?? listed;
    try {
      const described = await withLimit(this.#limits.describeMs, signal, async (limited) => provider.describeModels?.(listed, limited));
      this.#described.set(listed, described ?? listed);
      return described ?? listed;
    } catch {
      signal.throwIfAborted();
      return listed;
    }
  }

  #withFacts(model: ModelInfo, overrides: { readonly baseUrl?: string }): Promise<ModelInfo> {
    const row = this.#endpoints.row(model.provider);
    const set = this.#endpoints.settings.providers[model.provider]?.models?.[model.model];
    const { runsHere } = this.#endpoints.describe(model.provider, overrides);
    return withFacts(model, { row, set, here: runsHere }, this.#prices);
  }

  /** At a default address nothing need run, and whatever else runs there (a web server under development) is nobody's failure. */
  #isNobodyThere(id: string, error: ErrorInfo): boolean {
    return this.#endpoints.row(id).runsHere && this.#endpoints.isDefaultAddress(id) && error.kind !== "auth";
  }

  #localFiles(known: readonly ModelInfo[]): readonly ModelInfo[] {
    return this.#endpoints.settings.localModels
      .filter((path) => !known.some(({ model }) => model === path))
      .map((path) => ({ ref: `local/${path}`, provider: "local", model: path, name: basename(path) }));
  }
}

interface HowToList {
  /** Asked for by name: then a server that does not run is a failure. */
  readonly named: boolean;
  readonly refresh: boolean;
  readonly limitMs: number;
  readonly overrides: EndpointOverrides;
  /** With what is to be had about each model, which takes a while and is not needed to choose one. */
  readonly describe: boolean;
}

/** The settings' limits are for answers, which may take long; a list has one of its own. */
function within(limitMs: number, { connectMs }: TimeLimits): TimeLimits {
  const connect = connectMs === undefined || connectMs === 0 ? limitMs : Math.min(connectMs, limitMs);
  return { connectMs: connect, firstTokenMs: limitMs, idleMs: limitMs };
}

async function withLimit<T>(limitMs: number, signal: AbortSignal, ask: (limited: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const abort = new AbortController();
  const follow = (): void => abort.abort(signal.reason);
  const tooLate = new ProviderError(`No list of models came within ${limitMs / 1000} s.`, {
    kind: "timeout",
    providerCode: "list-timeout",
    phase: "before-first-token",
    retryable: true,
  });
  const timer = setTimeout(() => abort.abort(tooLate), limitMs);
  signal.addEventListener("abort", follow);
  try {
    return await ask(abort.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", follow);
  }
}
