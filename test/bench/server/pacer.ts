// Steps each of many streams every 20 ms from the moment it began, by one timer that follows the clock: timers of their own
// would drift, and a late one would make the client that is measured look late.

/** Milliseconds between two steps of a stream. */
export const STEP_MS = 20;

export interface Paced {
  /** False: there is nothing more to send. */
  step(): boolean;
}

export class Pacer {
  /** By the millisecond of their beginning, modulo the step, so that they stay spread as the requests came. */
  readonly #slots: readonly Map<Paced, number>[] = Array.from({ length: STEP_MS }, () => new Map());
  #count = 0;
  /** The last millisecond that was worked off. */
  #done = 0;
  #timer: NodeJS.Timeout | undefined;

  /** The first step is 20 ms from now. */
  add(stream: Paced): void {
    const now = Math.floor(performance.now());
    this.#slots[now % STEP_MS]?.set(stream, now + STEP_MS);
    this.#count += 1;
    if (this.#count > 1) return;
    this.#done = now;
    this.#wait();
  }

  remove(stream: Paced): void {
    for (const slot of this.#slots) if (slot.delete(stream)) this.#count -= 1;
  }

  #wait(): void {
    this.#timer = setTimeout(() => this.#run(), 1);
  }

  #run(): void {
    const now = Math.floor(performance.now());
    while (this.#done < now) {
      this.#done += 1;
      for (const [stream, from] of this.#slots[this.#done % STEP_MS] ?? []) {
        if (this.#done >= from && !stream.step()) this.remove(stream);
      }
    }
    if (this.#count > 0) this.#wait();
    else clearTimeout(this.#timer);
  }
}
