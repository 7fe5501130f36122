// Waiting for something that can be called off.

/** Who follows a signal, of those that are followed. */
const followers = new WeakMap<AbortSignal, Followers>();

/** One listener for them all: a signal goes through its listeners for each one that comes, and for each that leaves. */
class Followers {
  readonly #signal: AbortSignal;
  readonly #all = new Set<() => void>();
  readonly #tell = (): void => {
    // Whoever leaves meanwhile is not told.
    for (const follower of this.#all) {
      this.#all.delete(follower);
      follower();
    }
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(follower: () => void): void {
    if (this.#all.size === 0) this.#signal.addEventListener("abort", this.#tell, { once: true });
    this.#all.add(follower);
  }

  delete(follower: () => void): void {
    this.#all.delete(follower);
    if (this.#all.size === 0) this.#signal.removeEventListener("abort", this.#tell);
  }
}

/**
 * Calls `follower` when the signal is aborted, which thousands may follow at once. Gives what ends that. The follower does not throw.
 */
export function followSignal(signal: AbortSignal, follower: () => void): () => void {
  const all = followers.get(signal) ?? new Followers(signal);
  followers.set(signal, all);
  all.add(follower);
  return () => all.delete(follower);
}

/** As the promise, or rejected with the signal's reason as soon as it is aborted; what the promise stands for goes on. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    // Nobody will hear how it ends.
    Promise.resolve(promise).catch(() => {});
    throw signal.reason;
  }
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
