// One answer over HTTP as its reader takes it. Written by hand instead of as a generator: a generator costs some promises more for
// each token, and a thousand answers at once spend a tenth of their time on those.

import type { AnswerStream } from "./answer-stream.ts";
import type { ProviderEvent, ReportedUsage } from "./provider.ts";

type Result = IteratorResult<readonly ProviderEvent[], void>;

const finished: Result = { done: true, value: undefined };

/** An answer whose head has come. */
export interface OpenedAnswer {
  /** What is told before anything of the answer is read. */
  readonly first: readonly ProviderEvent[];
  /** Null: nothing follows. */
  readonly stream: AnswerStream | null;
}

export interface AnswerOwner {
  /** Called once, when the answer is first asked for. */
  open(): Promise<OpenedAnswer>;
  /** What is thrown in place of what was met. */
  thrown(error: unknown): unknown;
  /** Called once, however it ended. With the figures that had come, where it was broken off. */
  close(usage: ReportedUsage | null): void;
}

/** One reader, which asks for one batch at a time. */
export class HttpAnswer implements AsyncGenerator<readonly ProviderEvent[], void, undefined> {
  readonly #owner: AnswerOwner;
  #opened: OpenedAnswer | null = null;
  #closed = false;

  constructor(owner: AnswerOwner) {
    this.#owner = owner;
  }

  async next(): Promise<Result> {
    if (this.#closed) return finished;
    try {
      if (this.#opened === null) {
        this.#opened = await this.#owner.open();
        if (this.#opened.first.length > 0) return { done: false, value: this.#opened.first };
      }
      const { stream } = this.#opened;
      let batch: readonly ProviderEvent[] | null = null;
      do {
        const waiting = stream?.waiting() ?? null;
        if (waiting !== null) await waiting;
        batch = stream?.take() ?? null;
      } while (batch?.length === 0);
      if (batch !== null) return { done: false, value: batch };
    } catch (error) {
      this.#close(this.#opened?.stream?.usage ?? null);
      throw this.#owner.thrown(error);
    }
    this.#close(null);
    return finished;
  }

  /** Closes the socket, unless the answer was read to its end. */
  async return(): Promise<Result> {
    this.#close(this.#opened?.stream?.usage ?? null);
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

  #close(usage: ReportedUsage | null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#owner.close(usage);
  }
}
