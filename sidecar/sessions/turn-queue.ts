// One turn at a time: whoever comes while another holds the place waits behind it, in order.

import { orAborted } from "../abort.ts";

export class TurnQueue {
  #last: Promise<void> = Promise.resolve();
  #held = 0;

  /** True while somebody holds the place or waits for it. */
  get busy(): boolean {
    return this.#held > 0;
  }

  /** Resolves with what gives the place back. Rejects with the signal's reason when it is aborted while waiting. */
  async enter(signal: AbortSignal | undefined): Promise<() => void> {
    const before = this.#last;
    const leave = this.join();
    try {
      await (signal === undefined ? before : orAborted(before, signal));
      return leave;
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Waits for nobody; those who enter later wait for it as for the others. Returns what gives the place back. */
  join(): () => void {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    // Whoever leaves the line must not let the next one past those still before it.
    this.#last = before.then(() => promise);
    this.#held += 1;
    let left = false;
    return () => {
      if (!left) this.#held -= 1;
      left = true;
      resolve();
    };
  }
}
