// When to ask again, and after how long. Only before the first token: what a reader has seen is never taken back, and never
// paid for twice.

import type { ErrorInfo } from "../types.ts";

export interface RetryPolicy {
  /** Requests beyond the first. */
  readonly retries: number;
  /** Milliseconds before the first retry where the provider names no time; doubled each time. */
  readonly baseMs: number;
  /** Milliseconds. A wait that the provider names and that is longer is shown as an error, not waited for. */
  readonly capMs: number;
}

export const defaultRetryPolicy: RetryPolicy = { retries: 2, baseMs: 500, capMs: 60_000 };

/** Milliseconds to wait before asking again; null when the error stands. `retriesDone` counts from 0. */
export function retryDelay(error: ErrorInfo, retriesDone: number, policy: RetryPolicy, random: () => number = Math.random): number | null {
  if (!error.retryable || error.kind === "cancelled" || retriesDone >= policy.retries) return null;
  if (error.retryAfterMs !== undefined) return error.retryAfterMs <= policy.capMs ? Math.max(0, error.retryAfterMs) : null;
  // Half of the wait is chance, so that many requests refused at once do not come back at once.
  const most = Math.min(policy.capMs, policy.baseMs * 2 ** retriesDone);
  return most / 2 + (random() * most) / 2;
}
