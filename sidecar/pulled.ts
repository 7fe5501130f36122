// Something that is read piece by piece without a promise for each piece: its reader asks whether there is anything, is woken
// when there may be, and takes it. Streams that carry every token of every answer are read so from the socket to the program; a
// chain of asynchronous iterators would cost some promises in each link for every token.

const finished = { done: true, value: undefined } as const;

/** One reader. */
export interface Pulled<T> {
  /**
   * True: `take` has something to say now. False: `wake` is called once when it may have, and the reader is to ask again. A later
   * `wake` takes the place of the one before it.
   */
  ready(wake: () => void): boolean;
  /** To be called when it is ready. Null: it has ended. Throws what it broke off with, and has ended then. */
  take(): T | null;
  /** The reader wants no more: gives back whatever it holds. Does nothing after the end. */
  close(): Promise<void>;
}

/** A stream that is closed by whoever leaves it: what a generator has beside `next`. */
export abstract class ClosableStream<T> implements AsyncGenerator<T, void, undefined> {
  abstract next(): Promise<IteratorResult<T, void>>;

  /** The reader wants no more: gives back whatever it holds. Does nothing after the end. */
  abstract close(): Promise<void>;

  /** What `break` calls. */
  async return(): Promise<IteratorResult<T, void>> {
    await this.close();
    return finished;
  }

  async throw(error: unknown): Promise<IteratorResult<T, void>> {
    await this.close();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Batches that their one reader takes as a generator or as what is pulled. Those that came out empty are passed over. */
export abstract class PulledBatches<T> extends ClosableStream<readonly T[]> implements Pulled<readonly T[]> {
  /** The latest read under way; a further call of `next` waits for it, so that batches keep their order. */
  #reading: Promise<IteratorResult<readonly T[], void>> | null = null;
  #readsUnderWay = 0;

  abstract ready(wake: () => void): boolean;
  abstract take(): readonly T[] | null;

  next(): Promise<IteratorResult<readonly T[], void>> {
    this.#readsUnderWay += 1;
    this.#reading = this.#read(this.#reading);
    return this.#reading;
  }

  /** Resolves when nobody waits in `next` any more. */
  protected async whenRead(): Promise<void> {
    await this.#reading?.catch(() => undefined);
  }

  async #read(previous: Promise<unknown> | null): Promise<IteratorResult<readonly T[], void>> {
    try {
      // A failure belongs to the caller that met it; whoever waited behind reads on and meets the end.
      if (previous !== null) await previous.catch(() => undefined);
      for (;;) {
        await whenReady(this);
        const batch = this.take();
        if (batch === null) return finished;
        if (batch.length > 0) return { done: false, value: batch };
      }
    } finally {
      // They end in the order in which they began.
      this.#readsUnderWay -= 1;
      if (this.#readsUnderWay === 0) this.#reading = null;
    }
  }
}

/** Waits until it is ready. */
export async function whenReady(pulled: Pulled<unknown>): Promise<void> {
  for (;;) {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (pulled.ready(resolve)) return;
    await promise;
  }
}

/** A stream that can be read so is; any other generator is made to be. */
export function pulledFrom<T>(stream: AsyncGenerator<T, void, undefined>): Pulled<T> {
  return isPulled(stream) ? stream : new PulledGenerator(stream);
}

function isPulled<T>(stream: AsyncGenerator<T, void, undefined>): stream is AsyncGenerator<T, void, undefined> & Pulled<T> {
  return "ready" in stream && "take" in stream && "close" in stream;
}

class PulledGenerator<T> implements Pulled<T> {
  readonly #generator: AsyncGenerator<T, void, undefined>;
  #settled: { readonly result: IteratorResult<T, void> } | { readonly thrown: unknown } | null = null;
  #pulling = false;
  #wake: () => void = () => {};

  constructor(generator: AsyncGenerator<T, void, undefined>) {
    this.#generator = generator;
  }

  ready(wake: () => void): boolean {
    if (this.#settled !== null) return true;
    this.#wake = wake;
    if (!this.#pulling) void this.#pull();
    return false;
  }

  take(): T | null {
    const settled = this.#settled;
    if (settled === null) throw new Error("Nothing was pulled yet.");
    if ("result" in settled && settled.result.done === true) return null;
    this.#settled = null;
    if ("thrown" in settled) throw settled.thrown;
    return settled.result.value ?? null;
  }

  async close(): Promise<void> {
    await this.#generator.return();
  }

  async #pull(): Promise<void> {
    this.#pulling = true;
    try {
      this.#settled = { result: await this.#generator.next() };
    } catch (thrown) {
      this.#settled = { thrown };
    }
    this.#pulling = false;
    this.#wake();
  }
}
