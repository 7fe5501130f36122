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
  /** When an answer is reason enough to ask again: the server did not tell, maybe because it was loading its model. */
  #askAfterAnswerAt = Infinity;
  #vainly = 0;

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
    this.#askAfterAnswerAt = Infinity;
    const giveUp = this.#isAwaited ? this.#clock.after(MOST_WAIT_MS, () => this.#tell(undefined)) : undefined;
    void this.#ask().then((places) => {
      giveUp?.();
      const now = this.#clock.now();
      this.#vainly = places === undefined ? this.#vainly + 1 : 0;
      this.#askAt = now + (places === undefined ? ASK_IN_VAIN_AGAIN_MS : ASK_AGAIN_MS);
      // At the first answer at once: until then the model may have been loading. One that tells nothing is not asked at each.
      if (places === undefined) this.#askAfterAnswerAt = this.#vainly === 1 ? now : this.#askAt;
      this.#tell(places);
    });
  }

  /** The server has begun to answer a request, so it has its model. Asks where it had not told, whether anybody waits or not. */
  answered(): void {
    if (this.#clock.now() < this.#askAfterAnswerAt) return;
    this.#askAt = -Infinity;
    this.ask();
  }

  #tell(places: number | undefined): void {
    this.#isAwaited = false;
    this.#told(places);
  }
}
