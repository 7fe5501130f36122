// Reads a whole body within a bound: error answers and model lists, never streams.

import type { HttpExchange } from "./http-exchange.ts";
import { unpacked } from "./packed-body.ts";

export interface WholeBody {
  readonly text: string;
  /** There was more: beyond the bound, where the connection was closed, or in a form that cannot be read. */
  readonly cut: boolean;
}

export interface BytesSoFar {
  /** No more than the bound. */
  readonly bytes: Buffer;
  readonly cut: boolean;
  /** What reading broke off with; undefined where it came to the end, or to the bound. */
  readonly failure?: unknown;
}

/** `limit` in bytes, of what is packed and of what it holds. `packed`: how it is compressed, if it is. Rejects as `HttpExchange.read` does. */
export async function readWholeBody(exchange: HttpExchange, limit: number, packed?: string): Promise<WholeBody> {
  const { bytes, cut, failure } = await readBytesSoFar(exchange, limit);
  if (failure !== undefined) throw failure;
  const body = packed === undefined ? bytes : unpacked(bytes, packed, limit);
  return { text: body?.toString("utf8") ?? "", cut: cut || body === null };
}

/** `limit` in bytes. Never rejects: what came before a failure stays. */
export async function readBytesSoFar(exchange: HttpExchange, limit: number): Promise<BytesSoFar> {
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
        return { bytes: Buffer.concat(pieces).subarray(0, limit), cut: true };
      }
    }
  } catch (error) {
    return { bytes: Buffer.concat(pieces), cut: true, failure: error ?? new Error("The body broke off.") };
  }
  return { bytes: Buffer.concat(pieces), cut: false };
}
