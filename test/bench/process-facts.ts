// What Linux tells of another process. NaN elsewhere: those figures are then left out.

import { readFileSync } from "node:fs";

const TICK_MS = 10;

/** Milliseconds of processor time of all threads so far, to a hundredth of a second. */
export function cpuMsOf(pid: number): number {
  const stat = read(pid, "stat");
  // The name of the program, in parentheses, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11] ?? Number.NaN) + Number(fields[12] ?? Number.NaN)) * TICK_MS;
}

/** Resident memory in MB. */
export function rssMbOf(pid: number): number {
  return (Number(/^VmRSS:\s+(\d+)/m.exec(read(pid, "status"))?.[1] ?? Number.NaN) * 1024) / 1e6;
}

function read(pid: number, file: string): string {
  if (process.platform !== "linux") return "";
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
