// What the benchmark's process asks a client's process to do, and what it is told.

import type { Wire } from "./server/wires.ts";

interface ClientJob {
  readonly module: string;
  readonly wire: Wire;
  /** Of the server. */
  readonly origin: string;
  readonly readsText: boolean;
}

/** One stream as fast as it is taken, for about `ms` milliseconds. */
export interface FloodJob extends ClientJob {
  readonly figure: "flood";
  readonly ms: number;
}
export interface FloodResult {
  readonly chunksPerSecond: number;
  readonly cpuMsPer1000: number;
}

/** Short streams one after the other. */
export interface FirstTokenJob extends ClientJob {
  readonly figure: "first-token";
  readonly requests: number;
}
export interface FirstTokenResult {
  /** Milliseconds from the call to the first text, the median. */
  readonly firstTokenMs: number;
}

/** So many streams at once of so many pieces, one each step. */
export interface ConcurrentJob extends ClientJob {
  readonly figure: "concurrent";
  readonly streams: number;
  readonly pieces: number;
}
export interface ConcurrentResult {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** The most that was resident while the streams ran. */
  readonly rssMb: number;
}

/** So many endless streams, all of them aborted when each has begun. The process stays until it is let go. */
export interface CancelJob extends ClientJob {
  readonly figure: "cancel";
  readonly streams: number;
}
export interface CancelResult {
  /** By `clock`, before the first abort. */
  readonly abortedAt: number;
  /** Pieces of text that were handed to a reader after its abort. */
  readonly late: number;
}

export interface ImportJob {
  readonly figure: "import";
  readonly specifiers: readonly string[];
}
export interface ImportResult {
  readonly importMs: number;
}

export type Job = FloodJob | FirstTokenJob | ConcurrentJob | CancelJob | ImportJob;

export interface Results {
  readonly flood: FloodResult;
  readonly "first-token": FirstTokenResult;
  readonly concurrent: ConcurrentResult;
  readonly cancel: CancelResult;
  readonly import: ImportResult;
}

export type Reply =
  | { readonly type: "result"; readonly result: Results[keyof Results] }
  | { readonly type: "failed"; readonly why: string };
