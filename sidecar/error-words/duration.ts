// A span of time in the words of a person.

/** For people: the largest unit that fits, rounded up so that nobody comes too early. */
export function duration(ms: number): string {
  const units: readonly (readonly [number, string])[] = [
    [86_400_000, "day"],
    [3_600_000, "hour"],
    [60_000, "minute"],
    [1_000, "second"],
  ];
  const [size, unit] = units.find(([size]) => ms > size * 1.5) ?? [1_000, "second"];
  const count = Math.ceil(ms / size);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
