// What the benchmark's process asks the client at the other end of the sidecar's pipe to measure, and what it is told.

interface SidecarJob {
  /** The built `sidecar.mjs`. */
  readonly sidecar: string;
  /** For Node, before the bundle. */
  readonly sidecarFlags: readonly string[];
  /** Of the stream server. */
  readonly origin: string;
}

/** Many answers at once, each as fast as it is taken. */
export interface HopFloodJob extends SidecarJob {
  readonly figure: "hop-flood";
  readonly streams: number;
  readonly pieces: number;
}
export interface HopFloodResult {
  readonly tokensPerSecond: number;
  readonly sidecarCpuMsPer1000: number;
  readonly clientCpuMsPer1000: number;
}

/** Short answers one after the other, each in a conversation of its own. */
export interface HopFirstTokenJob extends SidecarJob {
  readonly figure: "hop-first-token";
  readonly requests: number;
  /** Null: conversations are kept in memory. */
  readonly storeFolder: string | null;
}
export interface HopFirstTokenResult {
  /** Milliseconds from sending the question to the first text, the median. */
  readonly firstTokenMs: number;
}

/**
 * An answer of 5,000 tokens a second, and one of 50 beside it. For so many seconds the reader of the first acknowledges nothing
 * (`reader`), or the whole pipe is not read (`pipe`), or nobody stalls (`none`); then both are read to the end.
 */
export interface HopStallJob extends SidecarJob {
  readonly figure: "hop-stall";
  readonly what: "reader" | "pipe" | "none";
  readonly seconds: number;
}
export interface HopStallResult {
  /** By how much the sidecar's resident memory grew: a running answer is held whole in any case. */
  readonly grownMb: number;
  /** Of what was sent to the other reader meanwhile. */
  readonly otherPart: number;
}

export type HopJob = HopFloodJob | HopFirstTokenJob | HopStallJob;

export interface HopResults {
  readonly "hop-flood": HopFloodResult;
  readonly "hop-first-token": HopFirstTokenResult;
  readonly "hop-stall": HopStallResult;
}

export type HopReply =
  | { readonly type: "result"; readonly result: HopResults[keyof HopResults] }
  | { readonly type: "failed"; readonly why: string };
