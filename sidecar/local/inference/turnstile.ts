// Lets work on a context that must be alone get its turn. node-llama-cpp goes on decoding batch after batch as long as each
// brings the next, and holds its lock meanwhile: a sequence that has to drop what it read before would wait until every running
// answer has ended. So answers pass here between two tokens, and stop for a moment while somebody is waiting.

export class Turnstile {
  #waiting = 0;
  #opened = Promise.withResolvers<void>();

  /** To be awaited before anything is decoded; undefined where nobody waits, so that a token costs no turn of the event loop. */
  pass(): Promise<void> | undefined {
    return this.#waiting === 0 ? undefined : this.#opened.promise;
  }

  /** Nothing new is decoded until `work` is done. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting === 0) this.#opened = Promise.withResolvers();
    this.#waiting += 1;
    try {
      return await work();
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#opened.resolve();
    }
  }
}
