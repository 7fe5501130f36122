// When a request may go out: there is a place at its endpoint, and room in the budgets that it counts for. The prompt is made
// when the place is there, so that of a thousand files only those being answered are in memory. A prompt that asks a model first
// parks the place meanwhile.
//
// Nobody waits in a circle: who has a place waits for the provider alone; who has room reserved, for a place, as one who has
// begun; who has parked one, for its prompt; and what has begun comes before what begins, and needs no place that is parked.

import type { Slot, WorkClass } from "../call-scope.ts";
import type { ModelRequest } from "../providers/provider.ts";
import type { Place, Standing } from "./place.ts";
import type { Limiter, WaitEnd } from "./limiter.ts";
import type { PromptMaking } from "./prompt-making.ts";
import type { Spending } from "./spending.ts";

export interface AdmissionOptions {
  readonly limiter: Limiter;
  readonly workClass: WorkClass;
  readonly spending: Spending;
  /** The making of the prompt that the request is asked in. */
  readonly within: PromptMaking | undefined;
  /** Hears that the request waits in the endpoint's line. */
  readonly slot: Slot | undefined;
  /** Others come first who have not been sent yet, though the request has: see `AnswerRun`. */
  readonly comesLast: boolean;
  /** The request's prompt was made before, and is kept: the fewer wait with one, the less is in memory. */
  readonly isMade: boolean;
  /** May be called several times. Calls `asks` when it is to wait for other requests. */
  readonly build: (asks: () => void) => ModelRequest | Promise<ModelRequest>;
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
  const { within, isMade, comesLast, spending, build, signal, show } = options;
  const standing = within?.ask() === true || (isMade && !comesLast) ? "begun" : "begins";
  // Also where one is free the prompt is made a turn later: what is done with it right after the call still counts.
  let place = await placeFor(options, standing);
  let handedOver = false;
  const asks = (): void => {
    place.park();
    spending.cancel();
  };
  try {
    for (;;) {
      const request = await build(asks);
      if (place.isParked) {
        const parked = place;
        place = await placeFor(options, "begun");
        parked.release();
      }
      const need = spending.isCounted ? await spending.need(request) : null;
      if (need === null || spending.tryReserve(need)) {
        handedOver = true;
        return { place, request };
      }
      // Whoever waits for money needs no place, and a chat may need it.
      place.release();
      show(null);
      await spending.reserve(need, signal);
      place = await placeFor(options, "begun");
    }
  } finally {
    if (!handedOver) {
      place.release();
      spending.cancel();
    }
  }
}

function placeFor(options: AdmissionOptions, standing: Standing): Place | Promise<Place> {
  return options.limiter.tryAcquire(options.workClass, standing) ?? waitedFor(options, standing);
}

async function waitedFor({ limiter, workClass, slot, signal, show }: AdmissionOptions, standing: Standing): Promise<Place> {
  const goesOn = slot?.waits();
  try {
    const wait = limiter.wait(workClass, signal, show, standing);
    let step = await wait.next();
    while (step.done !== true) step = await wait.next();
    return step.value;
  } finally {
    goesOn?.();
  }
}
