// The events of one answer between the messages that bring them and the generator that hands them on.

import type { ProviderEvent } from "../providers/provider.ts";
import type { ErrorPhase } from "../types.ts";

export class AnswerQueue {
  readonly #onWhole: () => void;
  #batches: (readonly ProviderEvent[])[] = [];
  #wake: (() => void) | undefined;
  #failure: { readonly error: unknown } | undefined;
  #anyToken = false;
  #ended = false;

  /** `onWhole`: see `RequestContext`. */
  constructor(onWhole: () => void = () => {}) {
    this.#onWhole = onWhole;
  }

  /** The other side has ended the answer: there is nothing left to cancel. */
  get ended(): boolean {
    return this.#ended;
  }

  get phase(): ErrorPhase {
    return this.#anyToken ? "mid-stream" : "before-first-token";
  }

  push(events: readonly ProviderEvent[]): void {
    this.#anyToken ||= events.some((event) => event.type === "text-delta");
    this.#batches.push(events);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
    this.#onWhole();
  }

  /** What was pushed before is still handed on. The first failure counts. */
  fail(error: unknown, ended = false): void {
    this.#failure ??= { error };
    this.#ended ||= ended;
    this.#wake?.();
    this.#onWhole();
  }

  async *batches(): AsyncGenerator<readonly ProviderEvent[], void, undefined> {
    for (;;) {
      const gathered = this.#batches.flat();
      this.#batches = [];
      if (gathered.length > 0) yield gathered;
      else if (this.#failure !== undefined) throw this.#failure.error;
      else if (this.#ended) return;
      else {
        const woken = Promise.withResolvers<void>();
        this.#wake = woken.resolve;
        await woken.promise;
      }
    }
  }
}
