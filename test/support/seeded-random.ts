// Chance that is the same in every run with the same seed. (The moments at which processes run stay the machine's own.)

export type Random = () => number;

/** Random numbers from 0 to 1 that are the same in every run (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A whole number from 0 up to but not including `limit`. */
export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

/** A whole number from `low` to `high`, both included. */
export function between(random: Random, low: number, high: number): number {
  return low + below(random, high - low + 1);
}

/** Throws where there is nothing to choose from. */
export function oneOf<T>(random: Random, values: readonly T[]): T {
  const value = values[below(random, values.length)];
  if (value === undefined) throw new Error("There is nothing to choose from.");
  return value;
}

/** So many places inside of bytes of this length, in order. Two may be the same. */
export function randomCuts(random: Random, length: number, count: number): readonly number[] {
  return Array.from({ length: count }, () => below(random, length)).toSorted((one, other) => one - other);
}
