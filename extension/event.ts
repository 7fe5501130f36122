// A small event that needs neither the editor nor the JSON-RPC library, so that the modules that only pass news along
// can be loaded at activation and be tested without an editor.

import { type Disposable, toDisposable } from "./dispose.ts";

export type Event<T> = (listener: (value: T) => void) => Disposable;

/** Listeners are called in the order in which they came. One that throws stops none of the others. */
export class Emitter<T> implements Disposable {
  readonly #listeners = new Set<(value: T) => void>();

  readonly event: Event<T> = (listener) => {
    // A wrapper for each registration: the same function may listen twice and must then be ended twice.
    const registration = (value: T): void => listener(value);
    this.#listeners.add(registration);
    return toDisposable(() => this.#listeners.delete(registration));
  };

  fire(value: T): void {
    // A copy: a listener may end itself or add another one, who then hears only what comes next.
    for (const listener of Array.from(this.#listeners)) {
      try {
        listener(value);
      } catch (error) {
        // Surfaces as an uncaught error, which the host logs with its stack, instead of ending the caller's work halfway.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  dispose(): void {
    this.#listeners.clear();
  }
}
