// Counts in the client what it reads: every piece of an answer's body as its HTTP parser hands it on. A server in the same
// process can wait for it, and so knows that the client has read one piece before the next is on its way.

import { subscribe, unsubscribe } from "node:diagnostics_channel";

const CHANNEL = "undici:request:bodyChunkReceived";

export class ClientReads {
  #pieces = 0;
  #bytes = 0;
  #waiters: { readonly bytes: number; readonly resolve: () => void }[] = [];
  readonly #onPiece = (message: unknown): void => {
    if (!isPiece(message)) return;
    const { chunk } = message;
    this.#pieces += 1;
    this.#bytes += chunk.length;
    const due = this.#waiters.filter(({ bytes }) => bytes <= this.#bytes);
    this.#waiters = this.#waiters.filter(({ bytes }) => bytes > this.#bytes);
    for (const { resolve } of due) resolve();
  };

  constructor() {
    subscribe(CHANNEL, this.#onPiece);
  }

  get pieces(): number {
    return this.#pieces;
  }

  /** From now on it counts from nothing. */
  reset(): void {
    this.#pieces = 0;
    this.#bytes = 0;
    this.#waiters = [];
  }

  /** Resolves once so many bytes were read since the last reset. */
  async read(bytes: number): Promise<void> {
    if (this.#bytes >= bytes) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push({ bytes, resolve });
    await promise;
  }

  close(): void {
    unsubscribe(CHANNEL, this.#onPiece);
  }
}

function isPiece(message: unknown): message is { readonly chunk: Buffer } {
  return typeof message === "object" && message !== null && "chunk" in message && Buffer.isBuffer(message.chunk);
}
