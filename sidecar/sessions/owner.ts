// Who writes a running answer: one sidecar. Several windows share one database, and only what a dead one has left may be
// touched by another.

import { processExists } from "../process-exists.ts";
import { signOfLifeMs } from "./store.ts";

export interface Owner {
  /** Unique to this run of the process, unlike its pid. */
  readonly instance: string;
  readonly pid: number;
}

/**
 * Milliseconds without a sign of life after which a process of that pid is taken for another that has the number now. An owner
 * that was only asleep takes its answer back with its next sign of life.
 */
const silenceMs = 6 * signOfLifeMs;

export function isDead(pid: number, signOfLifeAt: number, now: number): boolean {
  return !processExists(pid) || now - signOfLifeAt > silenceMs;
}
