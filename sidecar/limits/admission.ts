// When a request may go out: there is a place at its endpoint, and room in the budgets that it counts for. The prompt is made
// when the place is there, so that of a thousand files only those being answered are in memory.

import type { WorkClass } from "../call-scope.ts";
import type { ModelRequest } from "../providers/provider.ts";
import type { Place } from "./held-place.ts";
import type { Limiter, WaitEnd } from "./limiter.ts";
import type { Spending } from "./spending.ts";

export interface AdmissionOptions {
  readonly limiter: Limiter;
  readonly workClass: WorkClass;
  readonly spending: Spending;
  /** May be called twice. */
  readonly build: () => Promise<ModelRequest>;
  readonly signal: AbortSignal;
  /** Told while it waits. */
  readonly show: (end: WaitEnd) => void;
}

export interface Admitted {
  /** To be released by whoever gets it. */
  readonly place: Place;
  readonly request: ModelRequest;
}

/** Throws what `build` throws, what the limiter and the budgets refuse with, and the signal's reason; then nothing is held. */
export async function admit(options: AdmissionOptions): Promise<Admitted> {
  const { spending, build, signal, show } = options;
  let place = await placeFor(options);
  let handedOver = false;
  try {
    let request = await build();
    const need = await spending.need(request);
    if (need !== null && !spending.tryReserve(need)) {
      // Whoever waits for money needs no place, and a chat may need it.
      place.release();
      show(null);
      await spending.reserve(need, signal);
      place = await placeFor(options);
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

async function placeFor({ limiter, workClass, signal, show }: AdmissionOptions): Promise<Place> {
  const free = limiter.tryAcquire(workClass);
  if (free !== undefined) return free;
  const wait = limiter.wait(workClass, signal, show);
  let step = await wait.next();
  while (step.done !== true) step = await wait.next();
  return step.value;
}
