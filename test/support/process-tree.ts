// The processes below one, as Linux tells of them in /proc: what a browser test needs to find the sidecar that an editor started,
// and to see what each process was handed on its command line and in its environment.

import { readdirSync, readFileSync } from "node:fs";

export interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  readonly commandLine: readonly string[];
  /** As it was when the process started. */
  readonly environment: string;
}

/** Why a test that looks at processes cannot run here; false where it can. The value of a test's `skip`. */
export const noProcessTree: string | false = process.platform === "linux" ? false : "Only Linux tells of other processes in /proc.";

/** All descendants of the process, and itself. */
export function processTree(root: number): readonly RunningProcess[] {
  const everyone = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (readProcess(Number(name)) ?? []) : []));
  const below = new Map<number, RunningProcess>();
  const add = (one: RunningProcess): void => {
    below.set(one.pid, one);
    for (const child of everyone) if (child.parent === one.pid && !below.has(child.pid)) add(child);
  };
  const first = everyone.find(({ pid }) => pid === root);
  if (first !== undefined) add(first);
  return Array.from(below.values());
}

/** The process id of the one sidecar below this process. */
export function sidecarPid(root: number): number {
  const found = processTree(root).filter(({ commandLine }) => commandLine.some((part) => part.endsWith("/dist/sidecar.mjs")));
  const [sidecar] = found;
  if (sidecar === undefined || found.length > 1) throw new Error(`There are ${found.length} sidecars below process ${root}.`);
  return sidecar.pid;
}

/** Undefined for one that ended meanwhile, and for one that belongs to somebody else. */
function readProcess(pid: number): RunningProcess | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const parent = Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1]);
    if (/^State:\s*Z/m.test(status)) return undefined;
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
    return { pid, parent, commandLine, environment: readFileSync(`/proc/${pid}/environ`, "utf8") };
  } catch {
    return undefined;
  }
}
