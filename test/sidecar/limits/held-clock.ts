// A clock that stands still until the test moves it, and chance that is none.

import type { Clock } from "../../../sidecar/limits/clock.ts";

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

export class HeldClock implements Clock {
  #now = 0;
  #passAfter: { looks: number; readonly ms: number } | null = null;
  readonly #timers = new Set<Timer>();

  now(): number {
    if (this.#passAfter !== null && this.#passAfter.looks-- === 0) {
      this.#now += this.#passAfter.ms;
      this.#passAfter = null;
    }
    return this.#now;
  }

  /** So much time passes between two looks at the clock, after so many of them; no timer runs for it. */
  passAfter(looks: number, ms: number): void {
    this.#passAfter = { looks, ms };
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Timers that become due run in the order of their times. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = next.at;
      next.run();
    }
    this.#now = end;
  }
}

/** Always the longest wait of those that chance allows. */
export const noChance = (): number => 1;
