// One answer over HTTP as its reader takes it: opened when it is first asked for, then read as its bytes come.

import { whenReady, type Pulled } from "../pulled.ts";
import type { AnswerStream } from "./answer-stream.ts";
import type { ProviderEvent, ReportedUsage } from "./provider.ts";

type Batch = readonly ProviderEvent[];
type Result = IteratorResult<Batch, void>;

const finished: Result = { done: true, value: undefined };

/** An answer whose head has come. */
export interface OpenedAnswer {
  /** What is told before anything of the answer is read. */
  readonly first: Batch;
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

export class HttpAnswer implements AsyncGenerator<Batch, void, undefined>, Pulled<Batch> {
  readonly #owner: AnswerOwner;
  #opening = false;
  #opened: OpenedAnswer | null = null;
  #toldFirst = false;
  /** What opening it failed with. */
  #failure: { readonly thrown: unknown } | null = null;
  #closed = false;
  #wake: () => void = () => {};

  constructor(owner: AnswerOwner) {
    this.#owner = owner;
  }

  ready(wake: () => void): boolean {
    if (this.#closed || this.#failure !== null) return true;
    if (this.#opened !== null) return !this.#toldFirst || this.#opened.stream === null || this.#opened.stream.ready(wake);
    this.#wake = wake;
    if (!this.#opening) void this.#open();
    return false;
  }

  take(): Batch | null {
    if (this.#closed) return null;
    try {
      if (this.#failure !== null) throw this.#failure.thrown;
      const batch = this.#next();
      if (batch === null) this.#close(null);
      return batch;
    } catch (error) {
      this.#close(this.#opened?.stream?.usage ?? null);
      throw this.#owner.thrown(error);
    }
  }

  /** Closes the socket, unless the answer was read to its end. */
  async close(): Promise<void> {
    this.#close(this.#opened?.stream?.usage ?? null);
  }

  async next(): Promise<Result> {
    for (;;) {
      await whenReady(this);
      const batch = this.take();
      if (batch === null) return finished;
      if (batch.length > 0) return { done: false, value: batch };
    }
  }

  async return(): Promise<Result> {
    await this.close();
    return finished;
  }

  async throw(error: unknown): Promise<Result> {
    await this.close();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #next(): Batch | null {
    if (!this.#toldFirst) {
      this.#toldFirst = true;
      return this.#opened?.first ?? null;
    }
    return this.#opened?.stream?.take() ?? null;
  }

  async #open(): Promise<void> {
    this.#opening = true;
    try {
      this.#opened = await this.#owner.open();
    } catch (thrown) {
      this.#failure = { thrown };
    }
    this.#wake();
  }

  #close(usage: ReportedUsage | null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#owner.close(usage);
    this.#wake();
  }
}
