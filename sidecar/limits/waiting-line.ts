/** First in, first out, with removal from the middle at no cost: thousands may wait, and be aborted, at once. */
export class WaitingLine<T> {
  #next = 0;
  #first = 0;
  readonly #waiting = new Map<number, T>();

  get length(): number {
    return this.#waiting.size;
  }

  /** The ticket is for `leave`. */
  join(one: T): number {
    const ticket = this.#next++;
    this.#waiting.set(ticket, one);
    return ticket;
  }

  /** Does nothing for one who has left already. */
  leave(ticket: number): void {
    this.#waiting.delete(ticket);
  }

  first(): T | undefined {
    while (this.#first < this.#next) {
      const one = this.#waiting.get(this.#first);
      if (one !== undefined) return one;
      this.#first++;
    }
    return undefined;
  }

  shift(): T | undefined {
    const one = this.first();
    if (one !== undefined) this.#waiting.delete(this.#first++);
    return one;
  }

  /** In order. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#waiting.values();
  }
}
