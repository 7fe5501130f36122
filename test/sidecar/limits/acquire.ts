import type { WorkClass } from "../../../sidecar/call-scope.ts";
import type { Place } from "../../../sidecar/limits/place.ts";
import type { Limiter, WaitEnd } from "../../../sidecar/limits/limiter.ts";

/** Waits for a place; `told` hears each end of the wait that it is told on the way. */
export async function acquire(
  limiter: Limiter,
  workClass: WorkClass,
  signal: AbortSignal = new AbortController().signal,
  told: (end: WaitEnd) => void = () => {},
): Promise<Place> {
  const free = limiter.tryAcquire(workClass);
  if (free !== undefined) return free;
  const wait = limiter.wait(workClass, signal, (end) => end);
  for (;;) {
    const step = await wait.next();
    if (step.done === true) return step.value;
    told(step.value);
  }
}
