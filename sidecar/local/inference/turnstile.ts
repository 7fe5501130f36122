// Where all that is being decoded on a context meets between two steps. node-llama-cpp decodes whatever is queued when a batch
// ends, and some answers are always a moment late: of three, two at a time share a batch. It also holds its lock as long as each
// batch brings the next, so that a sequence which must drop what it read before would wait for the end of every answer. So answers
// wait here for each other and then go on together, one batch for all, and stop for a moment while somebody needs the context alone.

export class Turnstile {
  #holding = 0;
  #opened = Promise.withResolvers<void>();
  #taking = 0;
  #arrived = 0;
  #together = Promise.withResolvers<void>();

  /** Nothing new is decoded until `work` is done. Not for those who take part. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    if (this.#holding === 0) this.#opened = Promise.withResolvers();
    this.#holding += 1;
    try {
      return await work();
    } finally {
      this.#holding -= 1;
      if (this.#holding === 0) this.#opened.resolve();
    }
  }

  /** `work` decodes step by step, and awaits `turn` before each step. The others wait for it, so it waits for nothing else. */
  async takePart<T>(work: () => Promise<T>): Promise<T> {
    this.#taking += 1;
    try {
      return await work();
    } finally {
      this.#taking -= 1;
      this.#goTogether();
    }
  }

  /** To be awaited before each step; undefined for one that is alone, so that a token costs no turn of the event loop. */
  turn(): Promise<void> | undefined {
    if (this.#taking === 1) return this.#unheld();
    this.#arrived += 1;
    const { promise } = this.#together;
    this.#goTogether();
    return promise;
  }

  #unheld(): Promise<void> | undefined {
    return this.#holding === 0 ? undefined : this.#opened.promise;
  }

  #goTogether(): void {
    if (this.#arrived === 0 || this.#arrived < this.#taking) return;
    const { resolve } = this.#together;
    this.#together = Promise.withResolvers();
    this.#arrived = 0;
    // By the next turn of the event loop the batch before is done with for good, and all of them enter the same one.
    setImmediate(() => void Promise.resolve(this.#unheld()).then(resolve));
  }
}
