/** Milliseconds on a clock that all processes of this machine share; unlike `performance.now()`, which each counts for itself. */
export function clock(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
