// Who writes a running answer: one sidecar. Several windows share one database, and only what a dead one has left may be
// touched by another.

import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { processExists } from "../process-exists.ts";
import { signOfLifeMs } from "./store.ts";

export interface Owner {
  /** Unique to this run of the process, unlike its pid. */
  readonly instance: string;
  readonly pid: number;
}

/** An owner as it is on record. */
export interface RecordedOwner {
  readonly pid: number;
  /** Null: recorded before this was. */
  readonly host: string | null;
  /** See `processStart`. */
  readonly processStart: string | null;
  /** Unix time in milliseconds. */
  readonly signOfLifeAt: number;
}

/** Milliseconds without a sign of life after which an owner is taken for dead of which nothing else can be known. */
const silenceMs = 6 * signOfLifeMs;
/** The same for a process of another machine that may have nothing to say. */
const foreignSilenceMs = 86_400_000;

/**
 * A process is known by its number and the time of its start. Where that cannot be had, and for a process of another machine,
 * which may share the folder, the signs of life decide; an owner that was only asleep then takes its answer back with its
 * next one.
 */
export function isDead({ pid, host, processStart: start, signOfLifeAt }: RecordedOwner, now: number): boolean {
  const isSilent = now - signOfLifeAt > silenceMs;
  if (host !== null && host !== hostname()) return isSilent;
  if (!processExists(pid)) return true;
  const startOfThatPid = start === null ? null : processStart(pid);
  return startOfThatPid === null ? isSilent : startOfThatPid !== start;
}

/**
 * Whether the process is certainly gone. Unlike `isDead` it takes a silent one for alive: an owner without running answers gives
 * no signs of life.
 */
export function hasEnded({ pid, host, processStart: start, signOfLifeAt }: RecordedOwner, now: number): boolean {
  if (host !== null && host !== hostname()) return now - signOfLifeAt > foreignSilenceMs;
  if (!processExists(pid)) return true;
  const startOfThatPid = start === null ? null : processStart(pid);
  return startOfThatPid !== null && startOfThatPid !== start;
}

/**
 * When a process was started, as a mark to be compared: on Linux the boot's id and the clock ticks since. Null elsewhere: other
 * systems tell it only through programs that take longer than all the rest of a start.
 */
export function processStart(pid: number): string | null {
  if (process.platform !== "linux") return null;
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The program's name, in parentheses, may hold anything. After it the 20th field is the 22nd of all: the start.
    const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return ticks === undefined ? null : `${boot} ${ticks}`;
  } catch {
    return null;
  }
}
