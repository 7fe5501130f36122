// One limiter for each endpoint: whoever has the same key at the same origin meets the same limits there, whatever name the
// provider has in the settings and whichever of its interfaces is spoken.

import { Limiter, type LimiterOptions } from "./limiter.ts";

/** Kept with what they have learned. More than any person has; the oldest idle one goes first. */
const MAX_LIMITERS = 256;
/** Until the settings say otherwise. */
const BOUND = 10_000;

export class EndpointLimiters {
  readonly #known = new Map<string, Limiter>();

  /** `identity`: origin and key, or the name of what is no server. `options` count when it is met for the first time. */
  of(identity: readonly (string | undefined)[], options: LimiterOptions): Limiter {
    const name = JSON.stringify(identity);
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    if (this.#known.size >= MAX_LIMITERS) this.#forgetOne();
    const limiter = new Limiter(BOUND, options);
    this.#known.set(name, limiter);
    return limiter;
  }

  #forgetOne(): void {
    for (const [name, { active, waiting }] of this.#known) {
      if (active + waiting > 0) continue;
      this.#known.delete(name);
      return;
    }
  }
}
