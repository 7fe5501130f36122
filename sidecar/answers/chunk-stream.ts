// Batches of events as single chunks. Written by hand instead of as a generator: what has already arrived is handed out as a
// resolved promise, and only a batch is waited for, so a token costs its reader no trip through the provider.

import type { Chunk } from "../api.ts";
import type { StreamEvent } from "../types.ts";

type Batches = AsyncGenerator<readonly StreamEvent[], void, undefined>;
type Result = IteratorResult<Chunk, void>;

const finished: Result = { done: true, value: undefined };

export class ChunkStream implements AsyncGenerator<Chunk, void, undefined> {
  readonly #batches: Batches;
  readonly #leave: () => void;
  #batch: readonly StreamEvent[] = [];
  #at = 0;
  /** The latest read under way; a further call of `next` waits for it, so that chunks keep their order. */
  #reading: Promise<Result> | null = null;
  #readsUnderWay = 0;

  /** `leave` makes the batches end soon even while one is waited for, where their own `return` would wait for it. */
  constructor(batches: Batches, leave: () => void = () => {}) {
    this.#batches = batches;
    this.#leave = leave;
  }

  next(): Promise<Result> {
    if (this.#reading !== null) return this.#after(this.#reading);
    const event = this.#batch[this.#at];
    if (event === undefined) return this.#after(null);
    this.#at++;
    return Promise.resolve({ done: false, value: chunkOf(event) });
  }

  /** What `break` calls: closes the provider's socket. */
  async return(): Promise<Result> {
    this.#batch = [];
    this.#leave();
    await this.#batches.return();
    return finished;
  }

  async throw(error: unknown): Promise<Result> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #after(previous: Promise<Result> | null): Promise<Result> {
    this.#readsUnderWay += 1;
    this.#reading = this.#read(previous);
    return this.#reading;
  }

  async #read(previous: Promise<Result> | null): Promise<Result> {
    try {
      // A failure belongs to the caller that met it; whoever waited behind reads on and meets the end.
      if (previous !== null) await previous.catch(() => undefined);
      for (;;) {
        const event = this.#batch[this.#at];
        if (event !== undefined) {
          this.#at++;
          return { done: false, value: chunkOf(event) };
        }
        const { done, value } = await this.#batches.next();
        if (done === true) return finished;
        this.#batch = value;
        this.#at = 0;
      }
    } finally {
      // They end in the order in which they began.
      this.#readsUnderWay -= 1;
      if (this.#readsUnderWay === 0) this.#reading = null;
    }
  }
}

function chunkOf(event: StreamEvent): Chunk {
  return { content: event.type === "text-delta" ? event.text : "", event };
}
