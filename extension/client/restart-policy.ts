// When a crashed sidecar is started again, and when no more: a crash is survived, a crash loop is not.

export type RestartDecision = { readonly restart: true; readonly afterMs: number } | { readonly restart: false; readonly crashes: number };

export interface RestartPolicyOptions {
  /** Milliseconds in which crashes are counted together. */
  readonly windowMs: number;
  /** This many crashes within the window end it. */
  readonly limit: number;
  /** Milliseconds before the first, second, … restart within the window; the last one repeats. */
  readonly delaysMs: readonly number[];
}

const DEFAULTS: RestartPolicyOptions = { windowMs: 3 * 60_000, limit: 5, delaysMs: [20, 500, 2_000, 5_000] };

export class RestartPolicy {
  readonly #options: RestartPolicyOptions;
  #crashes: number[] = [];

  constructor(options: Partial<RestartPolicyOptions> = {}) {
    this.#options = { ...DEFAULTS, ...options };
  }

  /** A sidecar ended by itself at `now` (milliseconds of a clock that never goes back). */
  crashed(now: number): RestartDecision {
    const { windowMs, limit, delaysMs } = this.#options;
    this.#crashes = [...this.#crashes.filter((at) => now - at < windowMs), now];
    const crashes = this.#crashes.length;
    if (crashes >= limit) return { restart: false, crashes };
    return { restart: true, afterMs: delaysMs[Math.min(crashes, delaysMs.length) - 1] ?? 0 };
  }

  /** A person asked for a restart: what was before no longer counts. */
  reset(): void {
    this.#crashes = [];
  }
}
