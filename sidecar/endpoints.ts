// From a provider's id to the place where its requests go: address, key, limits, the provider that speaks to it and the
// limiter that all requests to this address share. Settings come first, then the environment where the program may read it,
// then the provider's own defaults.

import { invalidRequest } from "./answers/answer-error.ts";
import { HttpClient } from "./http/http-client.ts";
import { isThisMachine } from "./http/no-proxy.ts";
import { usableKey, type KeyRing } from "./keys.ts";
import { EndpointLimiters } from "./limits/endpoint-limiters.ts";
import { DEFAULT_START, type EndpointLimiter } from "./limits/endpoint-limiter.ts";
import type { LimitStore } from "./limits/shared-limits.ts";
import type { Endpoint } from "./llm.ts";
import { addressOf, baseUrlFromEnvironment, keyFromEnvironment, parseBaseUrl, shownAddress } from "./providers/base-url.ts";
import { createHttpProvider } from "./providers/http-provider.ts";
import { missingBaseUrl, missingKey, needsKey } from "./providers/keys-in-requests.ts";
import type { Provider } from "./providers/provider.ts";
import { PROVIDER_ROWS, providerRow, type ProviderRow } from "./providers/registry.ts";
import type { EngineSettings, ProviderSettings } from "./settings.ts";
import type { ProviderInfo } from "./types.ts";

export interface EndpointsOptions {
  readonly settings: EngineSettings;
  readonly keys: KeyRing;
  /** For the library and the command line; the sidecar gives none, and finds keys and addresses in settings alone. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Names proxies and certificates where the settings name none. Default: `environment`. */
  readonly networkEnvironment?: NodeJS.ProcessEnv;
  /** For what somebody should know about the network; default: Node's own warning. */
  readonly warn?: (message: string) => void;
  /** Where the processes of this machine share what they learn of endpoints' limits. */
  readonly limitStore?: LimitStore;
  readonly local: Provider;
  readonly editor?: Provider;
}

/** What a program says about one provider beyond the settings; it comes before them. */
export interface EndpointOverrides extends Pick<ProviderSettings, "baseUrl" | "api" | "concurrency" | "timeLimits"> {
  /** Sent to this endpoint alone. */
  readonly key?: string;
  /** Requests at once to begin with, for a program that knows what the provider bears. Default: a few, more as they are answered. */
  readonly startConcurrency?: number;
}

interface Address {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly key: string | undefined;
}

interface KnownEndpoint {
  readonly provider: Provider;
  readonly limiter: EndpointLimiter;
}

interface LastEndpoint extends Address {
  readonly id: string;
  readonly row: ProviderRow;
  readonly api: ProviderSettings["api"];
  readonly known: KnownEndpoint;
}

/** What an endpoint is made of, and the settings of its provider. */
interface Found extends KnownEndpoint {
  readonly row: ProviderRow;
  readonly set: ProviderSettings | undefined;
}

function isSame(one: Found, other: Found): boolean {
  return one.provider === other.provider && one.limiter === other.limiter && one.row === other.row && one.set === other.set;
}

/**
 * By whom a limit is shared: origin and key. This machine has several names, and what runs here and wants no key takes all it gets for
 * the same. A name below `localhost` may be one of several servers behind a proxy at one port.
 */
function identityOf(row: ProviderRow, { protocol, hostname, port, origin }: URL, key: string | undefined): readonly (string | undefined)[] {
  if (!isThisMachine(hostname) || hostname.endsWith(".localhost")) return [origin, key];
  return [`${protocol}//localhost:${port}`, row.key === "none" ? undefined : key];
}

/** Endpoints kept with their learned state. More than any person has; the oldest idle one goes first. */
const MAX_ENDPOINTS = 256;
/** Requests at once to begin with where TLS is not spoken: nobody's cloud is there, but often a program that answers one after the other. */
const START_WITHOUT_TLS = 2;

export class Endpoints {
  readonly #options: EndpointsOptions;
  readonly #http: HttpClient;
  readonly #limiters: EndpointLimiters;
  readonly #known = new Map<string, KnownEndpoint>();
  /** That of the last request: the next one nearly always goes there as well. */
  #last: LastEndpoint | undefined;
  /** Addresses as they were written, and as they are called: each request asks for its own twice. */
  readonly #parsed = new Map<string, { readonly row: ProviderRow; readonly parsed: string }>();
  /** By base URL, whether it is an address of this machine. */
  readonly #loopback = new Map<string, boolean>();
  #settings: EngineSettings;

  constructor(options: EndpointsOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#limiters = new EndpointLimiters(options.limitStore);
    const environment = options.networkEnvironment ?? options.environment;
    this.#http = new HttpClient({
      ...(options.settings.network === undefined ? {} : { network: options.settings.network }),
      ...(environment === undefined ? {} : { environment }),
      ...(options.warn === undefined ? {} : { warn: options.warn }),
    });
  }

  get settings(): EngineSettings {
    return this.#settings;
  }

  /** The next requests follow them; running answers keep what they started with. */
  updateSettings(settings: EngineSettings): void {
    this.#settings = settings;
    this.#http.setNetwork(settings.network);
    this.#limiters.boundsChanged();
  }

  /** Every provider of the registry that can be had here, then the user's own servers. */
  ids(): readonly string[] {
    const rows = PROVIDER_ROWS.filter((row) => row.wire !== "editor" || this.#options.editor !== undefined).map(({ id }) => id);
    return [...rows, ...Object.keys(this.#settings.providers).filter((id) => !rows.includes(id) && providerRow(id) === undefined)];
  }

  /** Also of the providers that cannot be had here: a conversation may have extras for them all the same. */
  everyId(): readonly string[] {
    return [...PROVIDER_ROWS.map(({ id }) => id), ...Object.keys(this.#settings.providers)];
  }

  /** Changes nothing for others who go there. Throws `ProviderError` with code `unknown-provider`, and with what is missing: `missing-base-url`, `missing-key`. */
  resolve(id: string, overrides: EndpointOverrides = {}, model?: string): Endpoint {
    return this.#endpoint(id, this.#find(id, overrides), overrides, model);
  }

  /** The same for each request of one model: what is as it was for the one before is not made anew. */
  resolver(id: string, overrides: EndpointOverrides, model: string): () => Endpoint {
    let before: { readonly found: Found; readonly endpoint: Endpoint } | undefined;
    return () => {
      const found = this.#find(id, overrides);
      if (before === undefined || !isSame(found, before.found)) {
        before = { found, endpoint: this.#endpoint(id, found, overrides, model) };
      }
      return before.endpoint;
    };
  }

  /** The provider alone, for what is asked beside requests. Throws as `resolve` does. */
  provider(id: string, overrides: EndpointOverrides): Provider {
    return this.#at(id, this.row(id), overrides).provider;
  }

  #find(id: string, overrides: EndpointOverrides): Found {
    const row = this.row(id);
    this.#limiters.look();
    const { provider, limiter } = this.#at(id, row, overrides);
    const start = overrides.startConcurrency ?? (this.#said(id, overrides) === undefined ? undefined : DEFAULT_START);
    if (start !== undefined) limiter.startWith(start);
    return { row, set: this.#settings.providers[id], provider, limiter };
  }

  #at(id: string, row: ProviderRow, overrides: EndpointOverrides): KnownEndpoint {
    return row.wire === "local" || row.wire === "editor" ? this.#inProcess(row) : this.#overHttp(id, row, overrides);
  }

  #endpoint(id: string, { row, set, provider, limiter }: Found, overrides: EndpointOverrides, model: string | undefined): Endpoint {
    const timeLimits = { ...row.timeLimits, ...set?.timeLimits, ...overrides.timeLimits };
    return { provider, limiter: limiter.within(() => this.#most(id, row, overrides), model), timeLimits };
  }

  /** Requests at once, as the settings say now. Who begins with more than the default means more. */
  #most(id: string, row: ProviderRow, overrides: EndpointOverrides): number {
    const most = Math.min(row.concurrency ?? Infinity, this.#settings.concurrency);
    return this.#said(id, overrides) ?? Math.max(most, overrides.startConcurrency ?? 0);
  }

  /** How many this one server bears, where somebody has said it. */
  #said(id: string, { concurrency }: EndpointOverrides): number | undefined {
    return concurrency ?? this.#settings.providers[id]?.concurrency;
  }

  /** Whether its address is on this machine. Throws for an unknown provider. */
  runsHere(id: string, overrides: Pick<EndpointOverrides, "baseUrl"> = {}): boolean {
    const row = this.row(id);
    const given = this.#givenBaseUrl(id, row, overrides) ?? row.defaultBaseUrl;
    const baseUrl = given === undefined ? undefined : this.#parsedOrUndefined(row, given);
    return baseUrl === undefined ? row.runsHere : this.#isLoopback(baseUrl);
  }

  /**
   * What can be said without asking anybody. An address that is none is given as it was set, but for what may be secret in it.
   * Throws for an unknown provider.
   */
  describe(id: string, overrides: Pick<EndpointOverrides, "baseUrl"> = {}): ProviderInfo {
    const row = this.row(id);
    const given = this.#givenBaseUrl(id, row, overrides) ?? row.defaultBaseUrl;
    const baseUrl = given === undefined ? undefined : this.#parsedOrUndefined(row, given);
    return {
      id,
      name: row.id === id ? row.name : id,
      ...(given === undefined ? {} : { baseUrl: baseUrl ?? shownAddress(given) }),
      key: row.key,
      hasKey: baseUrl !== undefined && this.#hasKey(id, row, baseUrl),
      keyVariables: row.id === id ? row.keyVariables : [],
      addressVariables: row.id === id ? row.baseUrlVariables : [],
      runsHere: this.runsHere(id, overrides),
      ...(row.id === id ? {} : { own: true }),
    };
  }

  /** Throws a `ProviderError`: `unknown-provider`, `invalid-base-url`. */
  check(id: string, { baseUrl }: Pick<EndpointOverrides, "baseUrl">): void {
    const row = this.row(id);
    if (baseUrl === undefined) return;
    if (row.wire === "local" || row.wire === "editor") {
      const advice = `leave ${shownAddress(baseUrl)} out, or name another provider`;
      throw invalidRequest("invalid-base-url", `"${id}" is no server, so it has no address: ${advice}.`);
    }
    this.#parse(row, baseUrl);
  }

  /** The registry's row, or that of the preset which one of the user's own servers behaves as. */
  row(id: string): ProviderRow {
    const row = providerRow(id);
    if (row !== undefined && (row.wire !== "editor" || this.#options.editor !== undefined)) return row;
    const own = row === undefined && Object.hasOwn(this.#settings.providers, id) ? this.#settings.providers[id] : undefined;
    const preset = own === undefined ? undefined : providerRow(own.preset ?? "openai-compatible");
    if (preset !== undefined && preset.wire !== "editor" && preset.wire !== "local") return preset;
    const what = own?.preset === undefined ? `There is no provider "${id}"` : `The server "${id}" cannot behave as "${own.preset}"`;
    throw invalidRequest("unknown-provider", `${what}. The providers are ${this.ids().join(", ")}.`);
  }

  /** True when the address comes from nobody's hand but the registry: a server that does not run there is nothing to report. */
  isDefaultAddress(id: string): boolean {
    return this.#givenBaseUrl(id, this.row(id), {}) === undefined;
  }

  async close(): Promise<void> {
    await this.#http.close();
  }

  #inProcess(row: ProviderRow): KnownEndpoint {
    const provider = row.wire === "local" ? this.#options.local : this.#options.editor;
    if (provider === undefined) throw invalidRequest("unknown-provider", `${row.name} can be reached from within an editor only.`);
    return { provider, limiter: this.#limiters.of([row.id], {}) };
  }

  #overHttp(id: string, row: ProviderRow, overrides: EndpointOverrides): KnownEndpoint {
    const { baseUrl, key } = this.#address(id, row, overrides);
    const api = overrides.api ?? this.#settings.providers[id]?.api;
    const last = this.#last;
    if (last?.id === id && last.row === row && last.baseUrl === baseUrl && last.key === key && last.api === api) return last.known;
    const known = this.#knownAt(id, row, { baseUrl, key }, api);
    this.#last = { id, row, baseUrl, key, api, known };
    return known;
  }

  #knownAt(id: string, row: ProviderRow, { baseUrl, key }: Address, api: ProviderSettings["api"]): KnownEndpoint {
    const name = JSON.stringify([id, row.id, baseUrl, key, api]);
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const provider = createHttpProvider(row, { provider: id, baseUrl, key, ...(api === undefined ? {} : { api }) }, this.#http);
    const limiter = this.#limiters.of(identityOf(row, new URL(baseUrl), key), {
      ...startOf(row, baseUrl),
      askPlaces: async () => provider.places?.(),
    });
    return this.#remember(name, { provider, limiter });
  }

  #remember(name: string, made: KnownEndpoint): KnownEndpoint {
    if (this.#known.size >= MAX_ENDPOINTS) {
      for (const [other, { limiter }] of this.#known) {
        if (limiter.active + limiter.waiting > 0) continue;
        this.#known.delete(other);
        break;
      }
    }
    this.#known.set(name, made);
    return made;
  }

  #address(id: string, row: ProviderRow, overrides: EndpointOverrides): Address {
    const baseUrl = this.#baseUrl(id, row, overrides);
    if (baseUrl === undefined) throw missingBaseUrl(id, row);
    const key = overrides.key === undefined ? this.#key(id, row, baseUrl) : usableKey(overrides.key);
    if (key === undefined && needsKey(row, new URL(baseUrl))) throw missingKey(id, row);
    return { baseUrl, key };
  }

  #baseUrl(id: string, row: ProviderRow, overrides: EndpointOverrides): string | undefined {
    const given = this.#givenBaseUrl(id, row, overrides) ?? row.defaultBaseUrl;
    return given === undefined ? undefined : this.#parse(row, given);
  }

  #givenBaseUrl(id: string, row: ProviderRow, overrides: EndpointOverrides): string | undefined {
    const set = overrides.baseUrl ?? this.#settings.providers[id]?.baseUrl;
    const environment = set === undefined ? this.#environment(id, row) : undefined;
    return environment === undefined ? set : baseUrlFromEnvironment(row, environment);
  }

  #key(id: string, row: ProviderRow, baseUrl: string): string | undefined {
    const held = this.#options.keys.get(id, baseUrl);
    const environment = this.#environment(id, row);
    if (held !== undefined || environment === undefined) return held;
    const found = keyFromEnvironment(row, environment);
    return found === undefined ? undefined : usableKey(found);
  }

  #hasKey(id: string, row: ProviderRow, baseUrl: string): boolean {
    try {
      return this.#key(id, row, baseUrl) !== undefined;
    } catch {
      return false;
    }
  }

  /** Throws a `ProviderError`: `invalid-base-url`. */
  #parse(row: ProviderRow, address: string): string {
    const known = this.#parsed.get(address);
    if (known?.row === row) return known.parsed;
    const url = parseBaseUrl(row, address);
    const parsed = `${addressOf(url)}${url.search}`;
    if (this.#parsed.size >= MAX_ENDPOINTS) this.#parsed.clear();
    this.#parsed.set(address, { row, parsed });
    return parsed;
  }

  #parsedOrUndefined(row: ProviderRow, address: string): string | undefined {
    try {
      return this.#parse(row, address);
    } catch {
      return undefined;
    }
  }

  /** The variables belong to the registry's providers, not to a user's own server that behaves as one of them. */
  #environment(id: string, row: ProviderRow): NodeJS.ProcessEnv | undefined {
    return row.id === id ? this.#options.environment : undefined;
  }

  #isLoopback(baseUrl: string): boolean {
    const known = this.#loopback.get(baseUrl);
    if (known !== undefined) return known;
    const { hostname } = new URL(baseUrl);
    const here =
      hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/u.test(hostname) || hostname.endsWith(".localhost");
    if (this.#loopback.size >= MAX_ENDPOINTS) this.#loopback.clear();
    this.#loopback.set(baseUrl, here);
    return here;
  }
}

function startOf({ startConcurrency }: ProviderRow, baseUrl: string): { readonly start?: number } {
  const start = startConcurrency ?? (baseUrl.startsWith("http:") ? START_WITHOUT_TLS : undefined);
  return start === undefined ? {} : { start };
}
