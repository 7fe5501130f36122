/**
 * First in, first out, with removal from the middle at no cost: thousands may wait, and be aborted, at once. Who joins ahead comes
 * before all who did not.
 */
export class WaitingLine<T> {
  readonly #ahead = new Queue<T>();
  readonly #others = new Queue<T>();

  get length(): number {
    return this.#ahead.length + this.#others.length;
  }

  /** How many would be before one who joins now. */
  before(ahead: boolean): number {
    return ahead ? this.#ahead.length : this.length;
  }

  /** Gives what leaves the line again; it does nothing for one who has left already. */
  join(one: T, ahead: boolean): () => void {
    const queue = ahead ? this.#ahead : this.#others;
    const ticket = queue.join(one);
    return () => queue.leave(ticket);
  }

  first(): T | undefined {
    return this.#ahead.first() ?? this.#others.first();
  }

  shift(): T | undefined {
    return this.#ahead.shift() ?? this.#others.shift();
  }

  /** Who joined last, ahead where anybody did. */
  last(): T | undefined {
    return this.#ahead.last() ?? this.#others.last();
  }

  pop(): T | undefined {
    return this.#ahead.pop() ?? this.#others.pop();
  }

  /** In order. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    yield* this.#ahead;
    yield* this.#others;
  }
}

class Queue<T> {
  #next = 0;
  #first = 0;
  /** Nobody with a higher ticket is left. */
  #last = -1;
  readonly #waiting = new Map<number, T>();

  get length(): number {
    return this.#waiting.size;
  }

  join(one: T): number {
    const ticket = this.#next++;
    this.#last = ticket;
    this.#waiting.set(ticket, one);
    return ticket;
  }

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

  last(): T | undefined {
    for (; this.#last >= this.#first; this.#last--) {
      const one = this.#waiting.get(this.#last);
      if (one !== undefined) return one;
    }
    return undefined;
  }

  pop(): T | undefined {
    const one = this.last();
    if (one !== undefined) this.#waiting.delete(this.#last--);
    return one;
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#waiting.values();
  }
}
