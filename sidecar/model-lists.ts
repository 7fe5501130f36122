// The lists of models as the providers give them: each is asked for once for all who want it at the same time, asked for again
// where what failed may pass, and kept for a while.

import { basename } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { orAborted } from "./abort.ts";
import { errorInfo } from "./answers/answer-error.ts";
import { defaultRetryPolicy, Retries } from "./answers/retry.ts";
import type { EndpointOverrides, Endpoints } from "./endpoints.ts";
import type { Endpoint } from "./llm.ts";
import { ProviderError, type Provider } from "./providers/provider.ts";
import { NoJson } from "./providers/provider-errors.ts";
import { SharedWork } from "./shared-work.ts";
import type { ErrorInfo, ErrorKind, ModelInfo, TimeLimits } from "./types.ts";

/** Milliseconds. */
export interface CatalogueLimits {
  /** For a whole list. */
  readonly listMs: number;
  /** The same while others wait, for other lists or to begin: a server on this machine answers at once or not at all. */
  readonly probeMs: number;
  /** For what a provider tells of its models beside the list; after that the list is given with what has come. */
  readonly describeMs: number;
  /** How long a list stays good. What runs here changes under one's hands. */
  readonly keepRemoteMs: number;
  readonly keepHereMs: number;
}

export interface HowToList {
  /** Asked for by name: then a server that does not run is a failure. */
  readonly named: boolean;
  readonly refresh: boolean;
  readonly limitMs: number;
  /** Others wait for it, so many milliseconds at most. It is asked for until its own limit all the same, for whoever wants it next. */
  readonly patienceMs?: number;
  readonly overrides: EndpointOverrides;
  /** With what is to be had about each model, which takes a while and is not needed to choose one. */
  readonly describe: boolean;
  /** A server that is still reading its model from the disk is waited for, as long as the limit allows (quirk 15). */
  readonly whileLoading: boolean;
}

export type Listed = { readonly id: string } & (
  | { readonly models: readonly ModelInfo[] }
  | { readonly error: ErrorInfo }
  | { readonly skipped: true }
);

interface CachedList {
  readonly at: number;
  readonly askedAt: number;
  readonly models: readonly ModelInfo[];
}

/** Of what a server of models says of itself. Whatever else comes from an address may come from anything that runs there. */
const OF_SERVER: ReadonlySet<ErrorKind> = new Set(["auth", "server", "overloaded", "rate-limit", "quota", "timeout"]);

/** The provider has a list, which could not be had this time. */
export function isListFailure({ kind }: ErrorInfo): boolean {
  return OF_SERVER.has(kind) || kind === "network";
}

export class ModelLists {
  readonly #endpoints: Endpoints;
  readonly #limits: CatalogueLimits;
  /** By the provider's instance, of which there is one for each address and key. */
  readonly #lists = new WeakMap<Provider, CachedList>();
  /** Asked for once for all who want it at the same time. */
  readonly #asking = new WeakMap<Provider, SharedWork<readonly ModelInfo[]>>();
  /** By the list that is described, so that both are forgotten together. */
  readonly #described = new WeakMap<readonly ModelInfo[], readonly ModelInfo[]>();

  constructor(endpoints: Endpoints, limits: CatalogueLimits) {
    this.#endpoints = endpoints;
    this.#limits = limits;
  }

  /** What the provider's list says of a model, as far as it is at hand; nobody is asked. */
  known(provider: Provider, model: string): ModelInfo | undefined {
    const models = this.#lists.get(provider)?.models;
    const described = models === undefined ? undefined : (this.#described.get(models) ?? models);
    return described?.find((one) => one.model === model);
  }

  /** Never rejects. */
  async list(id: string, how: HowToList, signal: AbortSignal): Promise<Listed> {
    try {
      const endpoint = this.#endpoints.resolve(id, how.overrides);
      const listed = await this.#ask(id, endpoint, how, signal);
      const models = how.describe ? await this.#describe(endpoint.provider, listed, signal) : listed;
      return { id, models: id === "local" ? [...models, ...this.#localFiles(models)] : models };
    } catch (error) {
      return !how.named && this.#isNobodyThere(id, error) ? { id, skipped: true } : { id, error: { provider: id, ...errorInfo(error) } };
    }
  }

  async #ask(id: string, endpoint: Endpoint, how: HowToList, signal: AbortSignal): Promise<readonly ModelInfo[]> {
    const cached = this.#lists.get(endpoint.provider);
    const keepMs = this.#endpoints.runsHere(id, how.overrides) ? this.#limits.keepHereMs : this.#limits.keepRemoteMs;
    if (cached !== undefined && !how.refresh && id !== "local" && id !== "editor" && performance.now() - cached.at < keepMs)
      return cached.models;
    const given = withLimit(how.limitMs, signal, (limited) => this.#untilGiven(endpoint, how, limited));
    return how.patienceMs === undefined ? given : withLimit(how.patienceMs, signal, (limited) => orAborted(given, limited));
  }

  /** What may pass is asked for again as answers are. Where the time is over before it has passed, it is what is told. */
  async #untilGiven(endpoint: Endpoint, { limitMs, refresh, whileLoading }: HowToList, signal: AbortSignal): Promise<readonly ModelInfo[]> {
    // Without chance, since all who wait for one list are to ask for it together again.
    const retries = new Retries("foreground", () => 0);
    const until = performance.now() + limitMs;
    let failure: unknown;
    for (;;) {
      try {
        return await this.#asked(endpoint, refresh && failure === undefined).wait(signal);
      } catch (error) {
        if (signal.aborted) throw failure ?? error;
        failure = error;
      }
      const retry = retries.after(errorInfo(failure), endpoint.retry ?? defaultRetryPolicy);
      if (retry === null || (retry.phase === "loading-model" && !whileLoading)) throw failure;
      if (performance.now() + retry.delayMs >= until) throw failure;
      await wait(retry.delayMs, undefined, { signal }).catch(() => {
        throw failure;
      });
    }
  }

  /** Who asks past the cache wants to know of what was changed before, and not what was under way then. */
  #asked({ provider, timeLimits }: Endpoint, refresh: boolean): SharedWork<readonly ModelInfo[]> {
    const underWay = this.#asking.get(provider);
    if (underWay?.underWay === true && !refresh) return underWay;
    const asking = new SharedWork((called) => this.#fetch(provider, timeLimits, called));
    this.#asking.set(provider, asking);
    return asking;
  }

  async #fetch(provider: Provider, timeLimits: TimeLimits, signal: AbortSignal): Promise<readonly ModelInfo[]> {
    const askedAt = performance.now();
    const models = await provider.listModels({ signal, timeLimits: within(this.#limits.listMs, timeLimits) });
    const known = this.#lists.get(provider);
    // What was asked for later and came sooner is the newer one.
    if (known === undefined || known.askedAt <= askedAt) this.#lists.set(provider, { at: performance.now(), askedAt, models });
    return models;
  }

  /** What cannot be told in time is told without; a list is the better for it and never the worse. */
  async #describe(provider: Provider, listed: readonly ModelInfo[], signal: AbortSignal): Promise<readonly ModelInfo[]> {
    const known = this.#described.get(listed);
    if (known !== undefined || provider.describeModels === undefined) return known ?? listed;
    try {
      return await withLimit(this.#limits.describeMs, signal, async (limited) => {
        const described = (await provider.describeModels?.(listed, limited)) ?? listed;
        // The next who wants the list asks for the rest.
        if (!limited.aborted) this.#described.set(listed, described);
        return described;
      });
    } catch {
      signal.throwIfAborted();
      return listed;
    }
  }

  /** At a default address nothing need run, and whatever else runs there (a web server under development) is nobody's failure. */
  #isNobodyThere(id: string, error: unknown): boolean {
    if (!this.#endpoints.row(id).runsHere || !this.#endpoints.isDefaultAddress(id)) return false;
    const { kind, providerCode } = errorInfo(error);
    if (kind === "auth") return false;
    const isPage = error instanceof ProviderError && error.cause instanceof NoJson;
    return isPage || !OF_SERVER.has(kind) || providerCode === "connect-timeout";
  }

  #localFiles(known: readonly ModelInfo[]): readonly ModelInfo[] {
    return this.#endpoints.settings.localModels
      .filter((path) => !known.some(({ model }) => model === path))
      .map((path) => ({ ref: `local/${path}`, provider: "local", model: path, name: basename(path) }));
  }
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
