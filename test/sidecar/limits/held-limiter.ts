// A limiter whose time the test moves, and what a test does with it.

import assert from "node:assert/strict";
import type { Place } from "../../../sidecar/limits/place.ts";
import { EndpointLimiter } from "../../../sidecar/limits/endpoint-limiter.ts";
import type { Limiter } from "../../../sidecar/limits/limiter.ts";
import type { ErrorInfo } from "../../../sidecar/types.ts";
import { acquire } from "./acquire.ts";
import { HeldClock, noChance } from "./held-clock.ts";

/** Asks for a place and notes when it comes. */
export function asks(limiter: Limiter, workClass: "foreground" | "batch", admitted: string[], name: string): Promise<Place> {
  return acquire(limiter, workClass).then((place) => {
    admitted.push(name);
    return place;
  });
}

/** After what is under way in this turn of the event loop. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const policy = { baseMs: 500, capMs: 60_000, batchRefusals: 8 };

export function refusal(retryAfterMs?: number): ErrorInfo {
  const words = { kind: "rate-limit", message: "slow down", phase: "before-headers", retryable: true, status: 429 } as const;
  return { ...words, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** Its clock stands still until a test moves it. */
export function held(size: number): { readonly clock: HeldClock; readonly limiter: EndpointLimiter } {
  const clock = new HeldClock();
  return { clock, limiter: new EndpointLimiter(64, { start: size, clock, random: noChance }) };
}

/** A place that must be free. */
export function taken(limiter: EndpointLimiter, workClass: "foreground" | "batch" = "batch"): Place {
  const place = limiter.tryAcquire(workClass);
  assert.ok(place !== undefined, `a ${workClass} place is free`);
  return place;
}
