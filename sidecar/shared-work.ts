// What several want at the same time and is done once for all of them.

import { orAborted } from "./abort.ts";

export class SharedWork<T> {
  readonly #abort = new AbortController();
  readonly #result: Promise<T>;
  #waiting = 0;
  #over = false;

  /** Begins at once. */
  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#result = work(this.#abort.signal).finally(() => (this.#over = true));
    // Whoever waited may have left.
    this.#result.catch(() => {});
  }

  /** It was not called off, and has not ended: somebody else can wait for it, too. */
  get underWay(): boolean {
    return !this.#over && !this.#abort.signal.aborted;
  }

  /** Rejects as the work does, or with the signal's reason. The work itself is called off when the last who waits has left. */
  async wait(signal: AbortSignal): Promise<T> {
    this.#waiting += 1;
    try {
      return await orAborted(this.#result, signal);
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0 && !this.#over) this.#abort.abort(new Error("Nobody waits for this any more."));
    }
  }
}
