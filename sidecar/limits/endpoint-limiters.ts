// One limiter for each endpoint: whoever has the same key at the same origin meets the same limits there, whatever name the
// provider has in the settings and whichever of its interfaces is spoken.

import { EndpointLimiter, type LimiterOptions } from "./endpoint-limiter.ts";
import type { Learned } from "./limiter.ts";
import { endpointName, type LimitStore, SharedLimits } from "./shared-limits.ts";

/** Kept with what they have learned. More than any person has; the oldest idle one goes first. */
const MAX_LIMITERS = 256;
/** Requests at once, whatever the settings say. */
const MOST = 10_000;

export class EndpointLimiters {
  readonly #known = new Map<string, EndpointLimiter>();
  /** By the names under which their limits are shared. */
  readonly #byEndpoint = new Map<string, EndpointLimiter>();
  readonly #shared: SharedLimits | undefined;

  /** `store`: where the processes of this machine share what they learn. Without one this process learns for itself. */
  constructor(store?: LimitStore) {
    if (store !== undefined) this.#shared = new SharedLimits(store, ({ endpoint }) => this.#tellFromOthers(endpoint));
    this.look();
  }

  /** Hears, in a moment, what others have learned lately. */
  look(): void {
    void this.#shared?.look();
  }

  /** The settings are others: see `EndpointLimiter`. */
  boundsChanged(): void {
    for (const limiter of this.#known.values()) limiter.boundsChanged();
  }

  /** `identity`: origin and key, or the name of what is no server. `options` count when it is met for the first time. */
  of(identity: readonly (string | undefined)[], options: LimiterOptions): EndpointLimiter {
    const name = JSON.stringify(identity);
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    if (this.#known.size >= MAX_LIMITERS) this.#forgetOne();
    // What is no server belongs to this process alone.
    const endpoint = this.#shared === undefined || identity.length < 2 ? undefined : endpointName(identity);
    const learned = endpoint === undefined ? {} : { learned: (what: Learned) => this.#shared?.tell(endpoint, what) };
    const limiter = new EndpointLimiter(MOST, { ...options, ...learned });
    this.#known.set(name, limiter);
    if (endpoint !== undefined) {
      this.#byEndpoint.set(endpoint, limiter);
      this.#tellFromOthers(endpoint);
    }
    return limiter;
  }

  #tellFromOthers(endpoint: string): void {
    const { until, size } = this.#shared?.of(endpoint) ?? {};
    this.#byEndpoint.get(endpoint)?.learnFromOthers({
      ...(until !== undefined && { waitMs: until - Date.now() }),
      ...(size !== undefined && { size }),
    });
  }

  #forgetOne(): void {
    for (const [name, limiter] of this.#known) {
      if (limiter.active + limiter.parked + limiter.waiting > 0) continue;
      this.#known.delete(name);
      for (const [endpoint, one] of this.#byEndpoint) if (one === limiter) this.#byEndpoint.delete(endpoint);
      return;
    }
  }
}
