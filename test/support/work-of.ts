// What something costs, whatever else the machine does meanwhile.

/** Milliseconds of the processor that this thread spends on it. */
export function workOf(work: () => unknown): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}
