// Reads a whole body within a bound: error answers and model lists, never streams.

import type { HttpExchange } from "./http-exchange.ts";

export interface WholeBody {
  readonly text: string;
  /** The body was longer than the bound; the rest was not read, and the connection was closed. */
  readonly cut: boolean;
}

/** `limit` in bytes. Rejects as `HttpExchange.read` does. */
export async function readWholeBody(exchange: HttpExchange, limit: number): Promise<WholeBody> {
  const pieces: Buffer[] = [];
  let size = 0;
  for (let read = await exchange.read(); read !== null; read = await exchange.read()) {
    for (const piece of read) {
      size += piece.length;
      pieces.push(piece);
    }
    if (size > limit) {
      exchange.abort(new Error(`The body is longer than ${limit} bytes.`));
      return { text: Buffer.concat(pieces).toString("utf8", 0, limit), cut: true };
    }
  }
  return { text: Buffer.concat(pieces).toString("utf8"), cut: false };
}
