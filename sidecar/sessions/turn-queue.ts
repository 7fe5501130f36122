// One turn at a time: whoever comes while another holds the place waits behind it, in order.

import { orAborted } from "../abort.ts";

export class TurnQueue {
  #last: Promise<void> = Promise.resolve();

  /** Resolves with what gives the place back. Rejects with the signal's reason when it is aborted while waiting. */
  async enter(signal: AbortSignal | undefined): Promise<() => void> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    // Whoever leaves the line must not let the next one past those still before it.
    this.#last = before.then(() => promise);
    try {
      await (signal === undefined ? before : orAborted(before, signal));
      return resolve;
    } catch (error) {
      resolve();
      throw error;
    }
  }
}
