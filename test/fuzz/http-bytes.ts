// The bytes of an answer over HTTP/1.1.

import type { FakeWire } from "../support/fake-provider-script.ts";
import type { RawConnection } from "../support/raw-server.ts";

export interface Head {
  readonly status?: number;
  readonly type?: string;
  readonly length?: number;
  readonly chunked?: boolean;
  readonly more?: readonly string[];
}

/** Asks for the connection to be closed after the answer, so that no socket may be left. */
export function head({ status = 200, type, length, chunked: isChunked = false, more = [] }: Head): string {
  const lines = [
    `HTTP/1.1 ${status} Whatever`,
    ...(type === undefined ? [] : [`content-type: ${type}`]),
    ...(length === undefined ? [] : [`content-length: ${length}`]),
    ...(isChunked ? ["transfer-encoding: chunked"] : []),
    "connection: close",
    ...more,
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

export function chunked(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
}

export function typeOf(wire: FakeWire): string {
  return wire === "ollama" ? "application/x-ndjson" : "text/event-stream";
}

/** Each as a write of its own, one after the other. */
export async function piecewise(connection: RawConnection, pieces: readonly (Buffer | string)[]): Promise<void> {
  for (const piece of pieces) if (piece.length > 0 && !(await connection.write(piece))) return;
}

/**
 * The same bytes again and again until the client goes. Throws when it has taken more than `most`: then it has no limit,
 * and the server's words about that are in the error of the answer that never comes.
 */
export async function endlessly(connection: RawConnection, bytes: Buffer, most: number): Promise<void> {
  for (let sent = 0; await connection.write(bytes); sent += bytes.length) {
    if (sent > most) throw new Error(`The client has taken ${sent} bytes.`);
  }
}
