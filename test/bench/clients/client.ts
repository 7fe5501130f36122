// What a client must do to be measured.

import type { Wire } from "../server/wires.ts";

/**
 * Reads one stream to its end. `onText` is called for each piece of text that is not empty; by a client that understands no
 * text, for each piece of bytes. Aborting closes the connection; whether the promise then resolves or rejects is the client's
 * own affair.
 */
export type ReadStream = (onText: () => void, signal: AbortSignal) => Promise<void>;

export interface OpenOptions {
  /** To be followed by the path of the wire, as the client's users write it. */
  readonly baseUrl: string;
  readonly wire: Wire;
  /** How many streams will be read at once. */
  readonly atOnce: number;
}

export interface BenchClient {
  /** Made once for each address, as the client's documentation advises. */
  open(options: OpenOptions): ReadStream;
}

export const PROMPT = "Say something about a fox.";
export const MODEL = "bench-model";
/** Sent nowhere but to the benchmark's own server. */
export const KEY = "bench-key";
