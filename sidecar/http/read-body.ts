// Reads a whole body within a bound: error answers and model lists, never streams.

import type { HttpExchange } from "./http-exchange.ts";

export interface WholeBody {
  readonly text: string;
  /** There was more: beyond the bound, where the connection was closed, or after a failure. */
  readonly cut: boolean;
}

export interface BodySoFar extends WholeBody {
  /** What reading broke off with; undefined where it came to the end, or to the bound. */
  readonly failure?: unknown;
}

/** `limit` in bytes. Rejects as `HttpExchange.read` does. */
export async function readWholeBody(exchange: HttpExchange, limit: number): Promise<WholeBody> {
  const { failure, ...body } = await readBodySoFar(exchange, limit);
  if (failure !== undefined) throw failure;
  return body;
}

/** `limit` in bytes. Never rejects: what came before a failure stays. */
export async function readBodySoFar(exchange: HttpExchange, limit: number): Promise<BodySoFar> {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
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
  } catch (error) {
    return { text: Buffer.concat(pieces).toString("utf8"), cut: true, failure: error ?? new Error("The body broke off.") };
  }
  return { text: Buffer.concat(pieces).toString("utf8"), cut: false };
}
