// One request in an endpoint's waiting line.

import type { ProviderError } from "../providers/provider.ts";
import type { Bound, Place, Standing } from "./place.ts";

export class Waiter {
  readonly bound: Bound;
  readonly standing: Standing;
  /** Its number among all who have joined; see `ModelLines`. */
  turn = 0;
  #place: Place | null = null;
  #error: ProviderError | null = null;
  #changed = Promise.withResolvers<void>();

  constructor(bound: Bound, standing: Standing) {
    this.bound = bound;
    this.standing = standing;
  }

  admit(place: Place): void {
    this.#place = place;
    this.wake();
  }

  fail(error: ProviderError): void {
    this.#error = error;
    this.wake();
  }

  wake(): void {
    this.#changed.resolve();
  }

  /** Once: whoever takes it releases it. Throws what the wait has failed with. */
  takePlace(): Place | null {
    if (this.#error !== null) throw this.#error;
    const place = this.#place;
    this.#place = null;
    return place;
  }

  /** What came and was not taken goes to the next one. */
  abandon(): void {
    this.#place?.release();
    this.#place = null;
  }

  /** Resolves at once where something has changed since the last call. */
  async changed(): Promise<void> {
    await this.#changed.promise;
    this.#changed = Promise.withResolvers<void>();
  }
}
