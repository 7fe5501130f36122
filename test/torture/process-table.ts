// Who runs, by the system's own list of processes and not by what anybody believes.

import { execFileSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";

export interface ListedProcess {
  readonly pid: number;
  readonly commandLine: string;
}

/** All processes with `text` on their command lines, zombies left out. On systems with `ps`: Linux, macOS. */
export function processesWith(text: string): readonly ListedProcess[] {
  const table = execFileSync("ps", ["-axwwo", "pid=,stat=,args="], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  return table.split("\n").flatMap((line) => {
    const [, pid = "", stat = "", commandLine = ""] = /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return commandLine.includes(text) && !stat.startsWith("Z") ? [{ pid: Number(pid), commandLine }] : [];
  });
}

/** Milliseconds until none of them is left. Rejects with those that are there after `patienceMs`. */
export async function untilGone(text: string, patienceMs: number): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const left = processesWith(text);
    const ms = performance.now() - startedAt;
    if (left.length === 0) return ms;
    if (ms > patienceMs) {
      throw new Error(`After ${Math.round(ms)} ms these are left over:\n${left.map((one) => `${one.pid} ${one.commandLine}`).join("\n")}`);
    }
    await delay(20);
  }
}
