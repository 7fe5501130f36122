// Between the run of one answer and its reader. What the run tells (its start, waiting, its end) is kept until it is taken; what
// the provider streams is read only when the reader asks, straight from the provider, until it has come whole: then nothing more
// can be held back, and the run ends without its reader.

import type { ProviderEvent } from "../providers/provider.ts";
import { PulledBatches, pulledFrom, type Pulled } from "../pulled.ts";
import type { StreamEvent } from "../types.ts";

type Batch = readonly StreamEvent[];
type ProviderStream = AsyncGenerator<readonly ProviderEvent[], void, undefined>;

const nothing: Batch = [];

export interface PassageReading {
  /** The events of what the provider yielded, perhaps none; null: no more of it is wanted. */
  read(batch: readonly ProviderEvent[]): Batch | null;
  /** After the last of them: what was held back. `broken`: it ended by throwing. */
  end(broken: boolean): Batch;
}

/** A provider's stream on its way to the reader. */
interface Passage {
  readonly stream: Pulled<readonly ProviderEvent[]>;
  readonly reading: PassageReading;
  /** It is taken on as it comes, whether anybody asks or not. */
  isTakenOn: boolean;
  readonly resolve: () => void;
  readonly reject: (thrown: unknown) => void;
}

interface Failure {
  readonly thrown: unknown;
}

export class AnswerBatches extends PulledBatches<StreamEvent> {
  readonly #run: () => Promise<void>;
  readonly #leave: () => void;
  /** What was told and not yet taken. */
  readonly #told: StreamEvent[] = [];
  #running: Promise<void> | null = null;
  #over = false;
  /** The reader has left: what the run passes on from here on is not begun. */
  #left = false;
  /** What the run rejected with. */
  #failure: Failure | null = null;
  #passage: Passage | null = null;
  #wake: (() => void) | null = null;

  /**
   * `run` begins with the first read, and is to end soon after `leave` was called; it may reject, and its reader meets that. It
   * tells what happens by `tell` and `pass`.
   */
  constructor(run: () => Promise<void>, leave: () => void) {
    super();
    this.#run = run;
    this.#leave = leave;
  }

  /** For the run. */
  tell(events: Batch): void {
    this.#told.push(...events);
    this.#wakeReader();
  }

  /**
   * For the run: resolves when the stream was taken to its end; rejects with what the stream broke off with. The
   * stream begins at once, however long the reader takes over what it was told before; it does not begin where the reader has left.
   */
  pass(stream: ProviderStream, reading: PassageReading): Promise<void> {
    if (this.#left) return pulledFrom(stream).close();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const passage = { stream: pulledFrom(stream), reading, isTakenOn: false, resolve, reject };
    this.#passage = passage;
    passage.stream.ready(() => this.#wakeReader());
    this.#wakeReader();
    return promise;
  }

  /**
   * For the run: what is passed on with this reading has come whole, into memory. It need not wait there until the reader asks,
   * who may be busy with something that waits for this very answer to end.
   */
  takeOn(reading: PassageReading): void {
    const passage = this.#passage;
    if (passage?.reading !== reading || passage.isTakenOn) return;
    passage.isTakenOn = true;
    this.#takeOn(passage);
  }

  ready(wake: () => void): boolean {
    this.#begin();
    if (this.#told.length > 0) return true;
    this.#wake = wake;
    if (this.#passage === null) return this.#over;
    return !this.#passage.isTakenOn && this.#passage.stream.ready(wake);
  }

  take(): Batch | null {
    // Not a new `[]` each time: see `HttpExchange.take`.
    if (this.#told.length > 0) return this.#told.splice(0);
    if (this.#over) return this.#end();
    const passage = this.#passage;
    return passage === null || passage.isTakenOn ? nothing : this.#takeFrom(passage);
  }

  /** The run ends, and whatever it holds is given back when this resolves. */
  async close(): Promise<void> {
    if (this.#running === null) this.#over = true;
    this.#left = true;
    this.#leave();
    await this.whenRead();
    const passage = this.#passage;
    this.#passage = null;
    await passage?.stream.close().finally(() => passage.resolve());
    await this.#running;
    this.#told.length = 0;
  }

  #begin(): void {
    if (this.#running !== null || this.#over) return;
    this.#running = this.#run().then(
      () => this.#runEnded(null),
      (thrown: unknown) => this.#runEnded({ thrown }),
    );
  }

  #runEnded(failure: Failure | null): void {
    this.#failure = failure;
    this.#over = true;
    this.#wakeReader();
  }

  #takeOn(passage: Passage): void {
    while (this.#passage === passage && passage.stream.ready(() => this.#takeOn(passage))) this.tell(this.#takeFrom(passage));
  }

  #takeFrom(passage: Passage): Batch {
    try {
      const batch = passage.stream.take();
      const events = batch === null ? null : passage.reading.read(batch);
      if (events !== null) return events;
      void this.#stop(passage, null);
    } catch (thrown) {
      void this.#stop(passage, { thrown });
    }
    return nothing;
  }

  /** Also where it broke: what was held back had come, and stays. `failure`: the stream's, or its reading's. */
  async #stop({ stream, reading, resolve, reject }: Passage, failure: Failure | null): Promise<void> {
    this.#passage = null;
    let met = failure;
    try {
      await stream.close();
    } catch (thrown) {
      met ??= { thrown };
    }
    try {
      this.tell(reading.end(met !== null));
    } catch (thrown) {
      met ??= { thrown };
    }
    if (met === null) resolve();
    else reject(met.thrown);
  }

  #end(): null {
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure.thrown;
    return null;
  }

  #wakeReader(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
