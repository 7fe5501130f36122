const STEPS = [
  ["minute", 60_000],
  ["hour", 3_600_000],
  ["day", 86_400_000],
] as const;

/** How long ago `then` was, in the words of the language: minutes, hours, up to a week in days, then the date. Times in milliseconds. */
export function timeAgo(then: number, now: number, language: string): string {
  const passed = Math.max(0, now - then);
  if (passed >= 7 * STEPS[2][1]) return new Date(then).toLocaleDateString(language, { dateStyle: "medium" });
  const [unit, length] = STEPS.findLast(([, length]) => passed >= length) ?? STEPS[0];
  return new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" }).format(-Math.floor(passed / length), unit);
}
