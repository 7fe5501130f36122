// Batches of events as single chunks. Written by hand instead of as a generator: what has already arrived is handed out as a
// resolved promise, and a token that is waited for takes one promise from the socket to whoever asked for it.

import type { Chunk } from "../api.ts";
import { ClosableStream, pulledFrom, type Pulled } from "../pulled.ts";
import type { StreamEvent } from "../types.ts";

type Batch = readonly StreamEvent[];
type Result = IteratorResult<Chunk, void>;
type Asked = PromiseWithResolvers<Result>;

const finished: Result = { done: true, value: undefined };
const nothing: Batch = [];
const settled = Promise.resolve();
const waitForTheEnd = (): void => {};

export class ChunkStream extends ClosableStream<Chunk> {
  readonly #batches: Pulled<Batch>;
  readonly #leave: () => void;
  #batch: Batch = nothing;
  #at = 0;
  /** Who has asked and was given nothing yet, in order; nearly always one. */
  #asked: Asked | null = null;
  readonly #askedLater: Asked[] = [];
  /** In a turn of its own: what one read of the socket brings is read together. */
  readonly #woken = (): void => void settled.then(this.#answer);
  readonly #answer = (): void => this.#answerAsked();

  /** `leave` makes the batches end soon even while one is waited for, where their own end would wait for it. */
  constructor(batches: AsyncGenerator<Batch, void, undefined>, leave: () => void = waitForTheEnd) {
    super();
    this.#batches = pulledFrom(batches);
    this.#leave = leave;
  }

  next(): Promise<Result> {
    const event = this.#asked === null ? this.#nextEvent() : undefined;
    if (event !== undefined) return Promise.resolve({ done: false, value: chunkOf(event) });
    const asked = Promise.withResolvers<Result>();
    if (this.#asked === null) {
      this.#asked = asked;
      this.#answerAsked();
    } else {
      this.#askedLater.push(asked);
    }
    return asked.promise;
  }

  /** Closes the provider's socket. */
  async close(): Promise<void> {
    this.#batch = nothing;
    this.#leave();
    await this.#batches.close();
  }

  #nextEvent(): StreamEvent | undefined {
    const event = this.#batch[this.#at];
    this.#at += 1;
    // Not held until the next comes: what lives from token to token V8 would put among the old things.
    if (this.#at >= this.#batch.length) this.#batch = nothing;
    return event;
  }

  #answerAsked(): void {
    for (let asked = this.#asked; asked !== null; asked = this.#asked) {
      const event = this.#nextEvent();
      if (event !== undefined) {
        this.#asked = this.#askedLater.shift() ?? null;
        asked.resolve({ done: false, value: chunkOf(event) });
      } else if (!this.#batches.ready(this.#woken)) {
        return;
      } else {
        this.#takeFor(asked);
      }
    }
  }

  /** A failure belongs to the caller that met it; whoever asked later reads on and meets the end. */
  #takeFor(asked: Asked): void {
    try {
      const batch = this.#batches.take();
      this.#batch = batch ?? nothing;
      this.#at = 0;
      if (batch !== null) return;
      asked.resolve(finished);
    } catch (error) {
      this.#batch = nothing;
      asked.reject(error);
    }
    this.#asked = this.#askedLater.shift() ?? null;
  }
}

function chunkOf(event: StreamEvent): Chunk {
  return { content: event.type === "text-delta" ? event.text : "", event };
}
