// Which name was meant by one that does not exist.

/** So many letters may be put in, left out or changed. */
const MOST_CHANGES = 2;
/** Characters. What is longer was no slip. */
const LONGEST = 100;

/** The known name that is nearest, whatever its letters' case; undefined where none is near. */
export function nearestName(given: string, known: readonly string[]): string | undefined {
  if (given.length > LONGEST) return undefined;
  const distances = known.map((name) => distance(name.toLowerCase(), given.toLowerCase()));
  const least = Math.min(...distances);
  return least <= MOST_CHANGES ? known[distances.indexOf(least)] : undefined;
}

/** Letters to be put in, left out or changed until one word is the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
