// The sidecars among a process's children, by the process table and not by what anybody believes.

import { execFileSync } from "node:child_process";

export interface ChildProcess {
  readonly pid: number;
  readonly commandLine: string;
}

/** Children of this process, zombies left out. On systems with `ps`: Linux, macOS. */
export function children(parent = process.pid): readonly ChildProcess[] {
  const table = execFileSync("ps", ["-axo", "pid=,ppid=,stat=,args="], { encoding: "utf8", maxBuffer: 16 * 1024 * 1024 });
  return table.split("\n").flatMap((line) => {
    const [, pid = "", ppid = "", stat = "", commandLine = ""] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    const isOurs = Number(ppid) === parent && !stat.startsWith("Z") && !commandLine.startsWith("ps ");
    return isOurs ? [{ pid: Number(pid), commandLine }] : [];
  });
}

export function sidecars(parent = process.pid): readonly ChildProcess[] {
  return children(parent).filter(({ commandLine }) => commandLine.includes("sidecar.mjs"));
}
