// When to ask again, and after how long. Only before the first token: what a reader has seen is never taken back, and never
// paid for twice.

import type { WorkClass } from "../call-scope.ts";
import { isFinalStatus } from "../providers/error-kinds.ts";
import type { ErrorInfo } from "../types.ts";

export interface RetryPolicy {
  /** Requests beyond the first. */
  readonly retries: number;
  /**
   * The same for batch work that is refused for being too many, or that nobody is there for, which says nothing about the request,
   * and for which nobody sits waiting. Refused so often in a row, without an answer between them, all batch work that waits at the endpoint fails.
   */
  readonly batchRefusals: number;
  /** Milliseconds before the first retry, or what the provider names where that is longer; doubled each time. */
  readonly baseMs: number;
  /** Milliseconds. A wait that the provider names and that is longer is shown as an error, not waited for. */
  readonly capMs: number;
  /** Milliseconds between two questions to a server that is reading its model from the disk, and for how long to ask. */
  readonly loadingMs: number;
  readonly loadingCapMs: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  retries: 2,
  batchRefusals: 8,
  baseMs: 500,
  capMs: 60_000,
  loadingMs: 1_000,
  loadingCapMs: 15 * 60_000,
};

export interface Retry {
  readonly phase: "retrying" | "loading-model";
  readonly delayMs: number;
}

/** The provider has too much to do, or was asked too much: fewer requests at once would go through. */
export function isRefusal({ kind, providerCode }: ErrorInfo): boolean {
  return (kind === "rate-limit" || kind === "overloaded") && providerCode !== "loading-model";
}

/** The retries of one answer. */
export class Retries {
  readonly #workClass: WorkClass;
  readonly #random: () => number;
  #done = 0;
  #loadingSince: number | null = null;

  constructor(workClass: WorkClass, random: () => number = Math.random) {
    this.#workClass = workClass;
    this.#random = random;
  }

  /** Null when the error stands. `isServerFault`: it says nothing about the request; see `Place.failed`. */
  after(error: ErrorInfo, policy: RetryPolicy, isServerFault = false): Retry | null {
    if ((!error.retryable && !isServerFault) || error.kind === "cancelled" || isFinalStatus(error.status)) return null;
    // llama.cpp's server refuses with 503 while it loads, for minutes if the model is large: that is no failed attempt.
    if (error.providerCode === "loading-model") return this.#whileLoading(policy);
    const most = this.#workClass === "batch" && (isRefusal(error) || isServerFault) ? policy.batchRefusals : policy.retries;
    if (this.#done >= most) return null;
    const delayMs = this.#delay(error, policy);
    if (delayMs > policy.capMs) return null;
    this.#done++;
    return { phase: "retrying", delayMs };
  }

  #whileLoading(policy: RetryPolicy): Retry | null {
    this.#loadingSince ??= performance.now();
    const passed = performance.now() - this.#loadingSince;
    return passed + policy.loadingMs > policy.loadingCapMs ? null : { phase: "loading-model", delayMs: policy.loadingMs };
  }

  #delay({ retryAfterMs }: ErrorInfo, { baseMs, capMs }: RetryPolicy): number {
    // Half of the wait is chance, so that many requests refused at once do not come back at once.
    const most = Math.min(capMs, baseMs * 2 ** this.#done);
    // A server that names no time at all, or one that is over, is not to be asked over and over without a pause.
    return Math.max(retryAfterMs ?? 0, most / 2 + (this.#random() * most) / 2);
  }
}
