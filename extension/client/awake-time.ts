// A time limit that tells a busy editor from a dead sidecar.

import type { Disposable } from "../dispose.ts";

/** Milliseconds between two looks. */
const STEP_MS = 250;

export interface AwakeLimit extends Disposable {
  /** Rejects when the time is over; stays pending after `dispose`. */
  readonly exceeded: Promise<never>;
}

/**
 * Counts only time in which this process could have read an answer: when the event loop stood still for a minute, one
 * step is counted, and what waits in the pipe is read before the next one.
 */
export function limitAwakeTime(limitMs: number, makeError: () => Error): AwakeLimit {
  let remaining = Math.ceil(limitMs / STEP_MS);
  const { promise, reject } = Promise.withResolvers<never>();
  // Nobody may be listening any more when the limit is disposed of or exceeded late.
  promise.catch(() => {});
  const timer = setInterval(() => {
    remaining -= 1;
    if (remaining > 0) return;
    clearInterval(timer);
    reject(makeError());
  }, STEP_MS);
  return { exceeded: promise, dispose: () => clearInterval(timer) };
}
