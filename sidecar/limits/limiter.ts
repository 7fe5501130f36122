// An endpoint's limiter as those see it who have requests for the endpoint, and what is told of it to others.

import type { WorkClass } from "../call-scope.ts";
import type { ProviderError } from "../providers/provider.ts";
import type { Place, Standing } from "./place.ts";

/** What was learned of an endpoint. */
export type Learned =
  /** Milliseconds for which the provider wants nothing for this model. */
  | { readonly type: "wait"; readonly model: string; readonly waitMs: number }
  /** Requests at once that it bears. */
  | { readonly type: "size"; readonly size: number };

/** Who waits. Milliseconds from now until the endpoint's common wait ends; null: it is only for places that are taken. */
export type WaitEnd = number | null;

/** An endpoint's limiter, as whoever has requests for it sees it. */
export interface Limiter {
  /** The same object for all who have requests for this endpoint, whatever their bounds. */
  readonly endpoint: object;
  tryAcquire(workClass: WorkClass, standing?: Standing): Place | undefined;
  wait<T>(workClass: WorkClass, signal: AbortSignal, show: (end: WaitEnd) => T, standing?: Standing): AsyncGenerator<T, Place, undefined>;
  givenUp(workClass: WorkClass): ProviderError | undefined;
}
