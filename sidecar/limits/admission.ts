// When a request may go out: there is a place at its endpoint, and room in the budgets that it counts for. The prompt is made
// when the place is there, so that of a thousand files only those being answered are in memory.

import type { WorkClass } from "../call-scope.ts";
import type { ModelRequest } from "../providers/provider.ts";
import type { Limiter, Place, WaitEnd } from "./limiter.ts";
import type { Spending } from "./spending.ts";

export interface AdmissionOptions<T> {
  readonly limiter: Limiter;
  readonly workClass: WorkClass;
  readonly spending: Spending;
  /** May be called twice. */
  readonly build: () => Promise<ModelRequest>;
  readonly signal: AbortSignal;
  /** What is yielded while it waits. */
  readonly show: (end: WaitEnd) => T;
}

export interface Admitted {
  /** To be released by whoever gets it. */
  readonly place: Place;
  readonly request: ModelRequest;
}

/** Throws what `build` throws, what the limiter and the budgets refuse with, and the signal's reason; then nothing is held. */
export async function* admit<T>(options: AdmissionOptions<T>): AsyncGenerator<T, Admitted, undefined> {
  const { spending, build, signal, show } = options;
  let place = yield* placeFor(options);
  let handedOver = false;
  try {
    let request = await build();
    const need = await spending.need(request);
    if (need !== null && !spending.tryReserve(need)) {
      // Whoever waits for money needs no place, and a chat may need it.
      place.release();
      yield show(null);
      await spending.reserve(need, signal);
      place = yield* placeFor(options);
      request = await build();
    }
    handedOver = true;
    return { place, request };
  } finally {
    if (!handedOver) {
      place.release();
      spending.cancel();
    }
  }
}

async function* placeFor<T>({ limiter, workClass, signal, show }: AdmissionOptions<T>): AsyncGenerator<T, Place, undefined> {
  return limiter.tryAcquire(workClass) ?? (yield* limiter.wait(workClass, signal, show));
}
