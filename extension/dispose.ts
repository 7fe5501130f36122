// Ownership of everything that must end: a listener, a timer, a process. Each owner holds one store.

export interface Disposable {
  dispose(): unknown;
}

/**
 * Ends everything added to it, once, newest first. What is added after the end is ended at once, so that work that
 * finishes late leaks nothing. Everything is ended even if one throws; then one AggregateError tells of all that threw.
 */
export class DisposableStore implements Disposable {
  #items: Set<Disposable> | null = new Set();

  get isDisposed(): boolean {
    return this.#items === null;
  }

  add<T extends Disposable>(item: T): T {
    if (this.#items === null) item.dispose();
    else this.#items.add(item);
    return item;
  }

  dispose(): void {
    if (this.#items === null) return;
    const items = [...this.#items].toReversed();
    this.#items = null;
    const errors: unknown[] = [];
    for (const item of items) {
      try {
        item.dispose();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, "Not everything could be ended cleanly.");
  }
}

/** A function as something to be ended. */
export function toDisposable(end: () => unknown): Disposable {
  return { dispose: end };
}
