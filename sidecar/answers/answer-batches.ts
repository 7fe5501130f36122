// Between the run of one answer and its reader. What the run tells (its start, waiting, its end) is kept until it is taken; what
// the provider streams is read only when the reader asks, straight from the provider: each function or generator in between
// would cost some promises more for every token.

import type { ProviderEvent } from "../providers/provider.ts";
import type { StreamEvent } from "../types.ts";

type Batch = readonly StreamEvent[];
type Result = IteratorResult<Batch, void>;
type ProviderStream = AsyncGenerator<readonly ProviderEvent[], void, undefined>;

const finished: Result = { done: true, value: undefined };

export interface PassageReading {
  /** The events of what the provider yielded, perhaps none; null: no more of it is wanted. */
  read(batch: readonly ProviderEvent[]): Batch | null;
  /** After the last of them: what was held back. `broken`: it ended by throwing. */
  end(broken: boolean): Batch;
}

/** A provider's stream on its way to the reader. */
interface Passage {
  readonly stream: ProviderStream;
  readonly reading: PassageReading;
  /** The first batch: asked for at once, however long the reader takes over what it was told before. */
  first: ReturnType<ProviderStream["next"]> | null;
  readonly resolve: () => void;
  readonly reject: (thrown: unknown) => void;
}

export class AnswerBatches implements AsyncGenerator<Batch, void, undefined> {
  readonly #run: () => Promise<void>;
  readonly #leave: () => void;
  /** What was told and not yet taken. */
  readonly #told: StreamEvent[] = [];
  #running: Promise<void> | null = null;
  #over = false;
  /** What the run rejected with. */
  #failure: { readonly thrown: unknown } | null = null;
  #passage: Passage | null = null;
  #wake: (() => void) | null = null;
  /** The latest read under way; a further call of `next` waits for it, so that batches keep their order. */
  #reading: Promise<Result> | null = null;
  #readsUnderWay = 0;

  /**
   * `run` begins with the first read, and is to end soon after `leave` was called; it may reject, and its reader meets that. It
   * tells what happens by `tell` and `pass`.
   */
  constructor(run: () => Promise<void>, leave: () => void) {
    this.#run = run;
    this.#leave = leave;
  }

  /** For the run. */
  tell(events: Batch): void {
    this.#told.push(...events);
    this.#wakeReader();
  }

  /** For the run: resolves when the reader has taken the stream to its end; rejects with what the stream broke off with. */
  pass(stream: ProviderStream, reading: PassageReading): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const first = stream.next();
    // Whoever reads it meets its failure.
    first.catch(() => {});
    this.#passage = { stream, reading, first, resolve, reject };
    this.#wakeReader();
    return promise;
  }

  next(): Promise<Result> {
    this.#readsUnderWay += 1;
    this.#reading = this.#read(this.#reading);
    return this.#reading;
  }

  /** What `break` calls: the run ends, and whatever it holds is given back when this resolves. */
  async return(): Promise<Result> {
    if (this.#running === null) this.#over = true;
    this.#leave();
    await this.#reading?.catch(() => undefined);
    const passage = this.#passage;
    this.#passage = null;
    if (passage !== null) {
      await passage.first?.catch(() => undefined);
      await passage.stream.return().finally(() => passage.resolve());
    }
    await this.#running;
    this.#told.length = 0;
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

  async #read(previous: Promise<Result> | null): Promise<Result> {
    try {
      // A failure belongs to the caller that met it; whoever waited behind reads on and meets the end.
      if (previous !== null) await previous.catch(() => undefined);
      this.#begin();
      for (;;) {
        // Not a new `[]` each time: see `HttpExchange.take`.
        if (this.#told.length > 0) return { done: false, value: this.#told.splice(0) };
        const passage = this.#passage;
        if (passage !== null) {
          try {
            const { done, value } = await (passage.first ?? passage.stream.next());
            passage.first = null;
            const events = done === true ? null : passage.reading.read(value);
            if (events === null) await this.#endPassage(passage);
            else if (events.length > 0) return { done: false, value: events };
          } catch (thrown) {
            this.#breakPassage(passage, thrown);
          }
        } else if (this.#over) {
          return this.#end();
        } else {
          await new Promise<void>((resolve) => (this.#wake = resolve));
        }
      }
    } finally {
      // They end in the order in which they began.
      this.#readsUnderWay -= 1;
      if (this.#readsUnderWay === 0) this.#reading = null;
    }
  }

  #begin(): void {
    if (this.#running !== null || this.#over) return;
    this.#running = this.#run()
      .catch((thrown: unknown) => {
        this.#failure = { thrown };
      })
      .finally(() => {
        this.#over = true;
        this.#wakeReader();
      });
  }

  async #endPassage({ stream, reading, resolve }: Passage): Promise<void> {
    await stream.return();
    this.#passage = null;
    this.tell(reading.end(false));
    resolve();
  }

  /** Also then: what was held back had come, and stays. */
  #breakPassage({ reading, reject }: Passage, thrown: unknown): void {
    this.#passage = null;
    this.tell(reading.end(true));
    reject(thrown);
  }

  #end(): Result {
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure.thrown;
    return finished;
  }

  #wakeReader(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
