// One answer over HTTP as its reader takes it: opened when it is first asked for, then read as its bytes come.

import { PulledBatches } from "../pulled.ts";
import type { AnswerStream } from "./answer-stream.ts";
import type { ProviderEvent, ReportedUsage } from "./provider.ts";

type Batch = readonly ProviderEvent[];

/** An answer whose head has come. */
export interface OpenedAnswer {
  /** What is told before anything of the answer is read. */
  readonly first: Batch;
  /** Null: nothing follows. */
  readonly stream: AnswerStream | null;
}

export interface AnswerOwner {
  /** Called once, when the answer is first asked for. Does not throw: what it fails with, the promise is rejected with. */
  open(): Promise<OpenedAnswer>;
  /** What is thrown in place of what was met. */
  thrown(error: unknown): unknown;
  /** Called once, however it ended. With the figures that had come, where it was broken off. */
  close(usage: ReportedUsage | null): void;
}

export class HttpAnswer extends PulledBatches<ProviderEvent> {
  readonly #owner: AnswerOwner;
  #opening = false;
  #opened: OpenedAnswer | null = null;
  #toldFirst = false;
  /** What opening it failed with. */
  #failure: { readonly thrown: unknown } | null = null;
  #closed = false;
  #wake: () => void = () => {};

  constructor(owner: AnswerOwner) {
    super();
    this.#owner = owner;
  }

  ready(wake: () => void): boolean {
    if (this.#closed || this.#failure !== null) return true;
    if (this.#opened !== null) return !this.#toldFirst || this.#opened.stream === null || this.#opened.stream.ready(wake);
    this.#wake = wake;
    if (!this.#opening) this.#open();
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

  #next(): Batch | null {
    if (!this.#toldFirst) {
      this.#toldFirst = true;
      return this.#opened?.first ?? null;
    }
    return this.#opened?.stream?.take() ?? null;
  }

  #open(): void {
    this.#opening = true;
    this.#owner.open().then(
      (opened) => {
        this.#opened = opened;
        this.#wake();
      },
      (thrown: unknown) => {
        this.#failure = { thrown };
        this.#wake();
      },
    );
  }

  #close(usage: ReportedUsage | null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#owner.close(usage);
    this.#wake();
  }
}
