// Time as the limits see it, so that tests can hold it still.

export interface Clock {
  /** Milliseconds from some beginning; never runs backwards. */
  now(): number;
  /** Runs something once after so many milliseconds, unless what is returned is called before. */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
