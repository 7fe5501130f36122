// One limiter for each endpoint: whoever has the same key at the same origin meets the same limits there, whatever name the
// provider has in the settings and whichever of its interfaces is spoken.

import { EndpointLimiter, type LimiterOptions } from "./endpoint-limiter.ts";
import { endpointName, type LimitStore, SharedLimits } from "./shared-limits.ts";

/** Kept with what they have learned. More than any person has; the oldest idle one goes first. */
const MAX_LIMITERS = 256;
/** Requests at once, whatever the settings say. */
const MOST = 10_000;

interface Share {
  readonly limiter: EndpointLimiter;
  /** Whose wait it is; absent: it is the endpoint's size. */
  readonly model?: string;
}

export class EndpointLimiters {
  readonly #known = new Map<string, EndpointLimiter>();
  /** By the names under which their limits are shared: how many may run at an endpoint, and the wait of each model there. */
  readonly #shares = new Map<string, Share>();
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
    const shared = identity.length < 2 ? undefined : this.#shared;
    const limiter: EndpointLimiter = new EndpointLimiter(MOST, {
      ...options,
      learned: (learned) => shared?.tell(endpointName(learned.type === "size" ? identity : [...identity, learned.model]), learned),
      met: (model) => this.#share(shared, [...identity, model], { limiter, model }),
    });
    this.#known.set(name, limiter);
    this.#share(shared, identity, { limiter });
    return limiter;
  }

  #share(shared: SharedLimits | undefined, identity: readonly (string | undefined)[], share: Share): void {
    if (shared === undefined) return;
    const name = endpointName(identity);
    this.#shares.set(name, share);
    this.#tellFromOthers(name);
  }

  #tellFromOthers(name: string): void {
    const { limiter, model } = this.#shares.get(name) ?? {};
    const { until, size } = this.#shared?.of(name) ?? {};
    if (model === undefined && size !== undefined) limiter?.learnFromOthers({ type: "size", size });
    if (model !== undefined && until !== undefined) limiter?.learnFromOthers({ type: "wait", model, waitMs: until - Date.now() });
  }

  #forgetOne(): void {
    for (const [name, limiter] of this.#known) {
      if (limiter.active + limiter.parked + limiter.waiting > 0) continue;
      this.#known.delete(name);
      for (const [shared, share] of this.#shares) if (share.limiter === limiter) this.#shares.delete(shared);
      return;
    }
  }
}
