// How many requests may run at once at one endpoint. Every request of the process goes through its endpoint's limiter,
// whether it comes from a chat, from `gather` or from a bare `Promise.all`.

import type { WorkClass } from "./call-scope.ts";

/** The right to run one request. Giving it back twice does nothing. */
export interface Place {
  release(): void;
}

interface Waiter {
  readonly workClass: WorkClass;
  readonly admit: (place: Place) => void;
}

/** First in, first out, with removal from the middle at no cost: thousands may wait, and be aborted, at once. */
class WaitingLine {
  #next = 0;
  #first = 0;
  readonly #waiters = new Map<number, Waiter>();

  get length(): number {
    return this.#waiters.size;
  }

  join(waiter: Waiter): number {
    const ticket = this.#next++;
    this.#waiters.set(ticket, waiter);
    return ticket;
  }

  leave(ticket: number): void {
    this.#waiters.delete(ticket);
  }

  shift(): Waiter | undefined {
    while (this.#first < this.#next) {
      const waiter = this.#waiters.get(this.#first);
      this.#waiters.delete(this.#first++);
      if (waiter !== undefined) return waiter;
    }
    return undefined;
  }
}

/**
 * `size` requests at once. While all of them are batch work, one place beside them is kept for the foreground, so that a
 * chat never waits behind a batch, not even at an endpoint of size 1. Foreground work alone never exceeds `size`.
 */
export class Limiter {
  #size: number;
  readonly #active: Record<WorkClass, number> = { foreground: 0, batch: 0 };
  readonly #waiting: Record<WorkClass, WaitingLine> = { foreground: new WaitingLine(), batch: new WaitingLine() };

  constructor(size: number) {
    this.#size = atLeastOne(size);
  }

  get size(): number {
    return this.#size;
  }

  get active(): number {
    return this.#active.foreground + this.#active.batch;
  }

  get waiting(): number {
    return this.#waiting.foreground.length + this.#waiting.batch.length;
  }

  /** Takes effect at once for those who wait; what runs goes on. */
  resize(size: number): void {
    this.#size = atLeastOne(size);
    this.#admitWaiting();
  }

  /** A place if one is free and nobody of the same class waits for it. */
  tryAcquire(workClass: WorkClass): Place | undefined {
    return this.#waiting[workClass].length === 0 && this.#hasPlace(workClass) ? this.#take(workClass) : undefined;
  }

  /** Waits for a place, in order. Rejects with the signal's reason, and leaves the line, when it is aborted meanwhile. */
  acquire(workClass: WorkClass, signal: AbortSignal): Promise<Place> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const free = this.tryAcquire(workClass);
    if (free !== undefined) return Promise.resolve(free);
    return new Promise((resolve, reject) => {
      const line = this.#waiting[workClass];
      const abandon = (): void => {
        line.leave(ticket);
        reject(signal.reason);
      };
      const admit = (place: Place): void => {
        signal.removeEventListener("abort", abandon);
        resolve(place);
      };
      const ticket = line.join({ workClass, admit });
      signal.addEventListener("abort", abandon, { once: true });
    });
  }

  #hasPlace(workClass: WorkClass): boolean {
    if (this.active < this.#size) return true;
    return workClass === "foreground" && this.#active.foreground === 0 && this.active === this.#size;
  }

  #take(workClass: WorkClass): Place {
    this.#active[workClass]++;
    let held = true;
    return {
      release: () => {
        if (!held) return;
        held = false;
        this.#active[workClass]--;
        this.#admitWaiting();
      },
    };
  }

  #admitWaiting(): void {
    for (const workClass of ["foreground", "batch"] as const) {
      const line = this.#waiting[workClass];
      while (line.length > 0 && this.#hasPlace(workClass)) line.shift()?.admit(this.#take(workClass));
    }
  }
}

function atLeastOne(size: number): number {
  return Number.isFinite(size) ? Math.max(1, Math.floor(size)) : 1;
}
