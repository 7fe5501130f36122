// How many requests a server works on at once, where it tells: when it is asked, and how long a batch waits for it to answer.

import type { Clock } from "./clock.ts";

/** Milliseconds. A server that was started anew may have another number of places. */
const ASK_AGAIN_MS = 5 * 60_000;
/** Milliseconds. One that still loads its model does not tell yet. */
const ASK_IN_VAIN_AGAIN_MS = 15_000;
/** Milliseconds after which whoever waits for the number begins without. */
const MOST_WAIT_MS = 2_000;

export class ToldPlaces {
  readonly #ask: (() => Promise<number | undefined>) | undefined;
  readonly #clock: Clock;
  readonly #told: (places: number | undefined) => void;
  #isAwaited: boolean;
  #askAt = -Infinity;

  /** `ask` never rejects; undefined: nobody is asked. `told` hears each answer, and nothing once when the first one takes too long. */
  constructor(ask: (() => Promise<number | undefined>) | undefined, clock: Clock, told: (places: number | undefined) => void) {
    this.#ask = ask;
    this.#clock = clock;
    this.#told = told;
    this.#isAwaited = ask !== undefined;
  }

  /** The server has not answered for the first time, and it is not too late for that. */
  get isAwaited(): boolean {
    return this.#isAwaited;
  }

  /** Asks, unless that was done lately or is under way. */
  ask(): void {
    if (this.#ask === undefined || this.#clock.now() < this.#askAt) return;
    this.#askAt = Infinity;
    const giveUp = this.#isAwaited ? this.#clock.after(MOST_WAIT_MS, () => this.#tell(undefined)) : undefined;
    void this.#ask().then((places) => {
      giveUp?.();
      this.#askAt = this.#clock.now() + (places === undefined ? ASK_IN_VAIN_AGAIN_MS : ASK_AGAIN_MS);
      this.#tell(places);
    });
  }

  #tell(places: number | undefined): void {
    this.#isAwaited = false;
    this.#told(places);
  }
}
