// The one wait of a model at an endpoint. When a provider says "not before then", that holds for all who ask that model: whoever
// waits is told the same end, and after it requests go out a few at a time, more with each that is accepted, since a crowd
// that comes back at once is refused at once. A chat goes first.

import { defaultRetryPolicy } from "../answers/retry.ts";
import type { WorkClass } from "../call-scope.ts";
import { ProviderError } from "../providers/provider.ts";
import type { ErrorInfo } from "../types.ts";

export interface WaitPolicy {
  /** Milliseconds to begin with, or what the provider names where that is longer; doubled with each refusal in a row. */
  readonly baseMs: number;
  /** Milliseconds. A longer wait is told, not waited for. */
  readonly capMs: number;
  /** Refusals of batch work in a row, beyond the first one, until nobody of it waits any more. */
  readonly batchRefusals: number;
}

/** Refusals in a row that still lengthen the wait. */
const MOST_DOUBLINGS = 10;

export class SharedWait {
  readonly #random: () => number;
  /** Named by the provider: for everybody. */
  #until = -Infinity;
  /** A guess: for batch work alone, since a chat has a person waiting for it. */
  #batchUntil = -Infinity;
  /** A wait over the cap, and what the provider said. */
  #tooLong: { readonly until: number; readonly error: ErrorInfo } | null = null;
  #refusalsInARow = 0;
  /** Of batch work alone: a chat beside it that is refused again and again says nothing about it. */
  #batchRefusalsInARow = 0;
  /** Until when no batch work is sent or waited for, since it was refused too often in a row, and what it is told. */
  #givenUp: { readonly until: number; readonly error: ErrorInfo } | null = null;
  /** Requests that may be without an answer at once; null: as many as there are places. */
  #unanswered: number | null = null;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** When this class of work may go on; undefined: now. */
  end(workClass: WorkClass, now: number): number | undefined {
    const end = workClass === "batch" ? Math.max(this.#until, this.#batchUntil) : this.#until;
    return end > now ? end : undefined;
  }

  get unanswered(): number | null {
    return this.#unanswered;
  }

  /** `first`: of those that were under way together. The others may only lengthen what the provider itself has named. */
  refused(now: number, error: ErrorInfo, policy: WaitPolicy, first: boolean): void {
    const { retryAfterMs } = error;
    if (first || retryAfterMs !== undefined) this.#unanswered = 1;
    // Beside a time that the provider names, too: one of no length would let the batch ask without a pause.
    if (first) {
      const most = Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(this.#refusalsInARow++, MOST_DOUBLINGS));
      this.#batchUntil = Math.max(this.#batchUntil, now + most / 2 + (this.#random() * most) / 2);
    }
    if (retryAfterMs === undefined) return;
    if (retryAfterMs <= policy.capMs) this.#until = Math.max(this.#until, now + retryAfterMs);
    else this.#tooLong = { until: Math.max(this.#tooLong?.until ?? 0, now + retryAfterMs), error };
  }

  /** Another process was told to wait for so long: as if it had been said here. */
  refusedElsewhere(now: number, retryAfterMs: number): void {
    const message = "The provider has asked another window to wait.";
    const error: ErrorInfo = { kind: "rate-limit", message, phase: "before-headers", retryable: true, retryAfterMs };
    this.refused(now, error, defaultRetryPolicy, false);
  }

  /**
   * A crowd of batch work was refused. All that wait share the allowed number of refusals in a row: if each of a thousand had
   * its own, an endpoint that refuses for ever would be asked for days. Afterwards a new batch may try as often.
   */
  batchRefused(now: number, error: ErrorInfo, policy: WaitPolicy): void {
    const told = this.#tooOften(error, policy);
    // Whoever sleeps after a refusal of its own wakes within the cap, and is to hear of it.
    if (told !== undefined) this.#givenUp = { until: now + policy.capMs, error: told };
  }

  /** The same for a server that is away. What is given then is for those who wait: whoever comes later may find it back. */
  batchFailed(error: ErrorInfo, policy: WaitPolicy): ProviderError | undefined {
    const told = this.#tooOften(error, policy);
    return told === undefined ? undefined : beforeHeaders(told);
  }

  #tooOften(error: ErrorInfo, { batchRefusals }: WaitPolicy): ErrorInfo | undefined {
    if (this.#batchRefusalsInARow++ < batchRefusals) return undefined;
    const message = `Nothing was taken on for ${this.#batchRefusalsInARow} times in a row, with a pause before each. ${error.message}`;
    this.#batchRefusalsInARow = 0;
    return { ...error, message };
  }

  /** What batch work is told that was refused or waits, after too many refusals in a row. */
  givenUp(now: number): ProviderError | undefined {
    if (this.#givenUp === null || this.#givenUp.until <= now) return undefined;
    return beforeHeaders(this.#givenUp.error);
  }

  /** A whole answer came, whenever it was asked for. */
  answered(): void {
    this.#batchRefusalsInARow = 0;
    this.#givenUp = null;
  }

  /** Nothing is left of a limit, which the provider said with an answer: the next request would be refused. */
  exhausted(now: number, forMs: number): void {
    this.#until = Math.max(this.#until, now + forMs);
    this.#unanswered = 1;
  }

  /** A request that went out after the last refusal was accepted. `size`: how many may run at once. */
  accepted(size: number): void {
    this.#refusalsInARow = 0;
    this.#tooLong = null;
    this.answered();
    if (this.#unanswered !== null) this.#unanswered = this.#unanswered + 1 >= size ? null : this.#unanswered + 1;
  }

  /** Why nobody is to wait at all: the provider's refusal, with what is left of its time. */
  tooLong(now: number): ProviderError | undefined {
    if (this.#tooLong === null) return undefined;
    const { until, error } = this.#tooLong;
    if (until <= now) {
      this.#tooLong = null;
      return undefined;
    }
    const { message, requestId: _requestId, ...info } = error;
    return new ProviderError(message, { ...info, phase: "before-headers", retryAfterMs: Math.ceil(until - now) });
  }
}

/** What was said to another request. */
function beforeHeaders({ message, requestId: _requestId, ...info }: ErrorInfo): ProviderError {
  return new ProviderError(message, { ...info, phase: "before-headers" });
}
