// Reads JSON-RPC messages in the framing of the Language Server Protocol (`Content-Length: N`, an empty line, N bytes of
// UTF-8 JSON) from a stream of bytes cut anywhere. Unlike vscode-jsonrpc's own reader it is bounded: headers and bodies have
// a largest size, and a stream that breaks the framing is given up at once, since nothing after it can be trusted to be a frame.

import type { Readable } from "node:stream";
import { AbstractMessageReader, type DataCallback, type Disposable, type Message } from "vscode-jsonrpc/node";
import { isTooDeep, MAX_JSON_DEPTH } from "../json-depth.ts";

/** Bytes. A frame's headers are some twenty bytes long. */
const maxHeaderBytes = 4096;
/** Bytes. Room for a question with a dozen pasted images. */
export const maxBodyBytes = 64 * 1024 * 1024;

const endOfHeaders = Buffer.from("\r\n\r\n");

export class FrameReader extends AbstractMessageReader {
  readonly #stream: Readable;
  readonly #maxBodyBytes: number;
  /** What was read and not yet understood, in pieces: joined once, when a frame is whole. */
  #pieces: Buffer[] = [];
  #held = 0;
  /** Bytes of the body that is being gathered; null while headers are read. */
  #bodyBytes: number | null = null;
  #broken = false;

  constructor(stream: Readable, limit = maxBodyBytes) {
    super();
    this.#stream = stream;
    this.#maxBodyBytes = limit;
  }

  /** Calls `callback` with each message, in order. A broken frame fires `onError`, then `onClose`, and ends the reading. */
  listen(callback: DataCallback): Disposable {
    const onData = (piece: Buffer): void => this.#take(piece, callback);
    const onError = (error: Error): void => this.fireError(error);
    const onClose = (): void => this.fireClose();
    // A half-open pipe has nothing more to say: its end counts as its close.
    this.#stream.on("data", onData).on("error", onError).once("end", onClose).once("close", onClose);
    return {
      dispose: () => void this.#stream.off("data", onData).off("error", onError).off("end", onClose).off("close", onClose),
    };
  }

  #take(piece: Buffer, callback: DataCallback): void {
    if (this.#broken) return;
    this.#pieces.push(piece);
    this.#held += piece.length;
    try {
      for (let message = this.#next(); message !== undefined; message = this.#next()) callback(message);
    } catch (error) {
      this.#broken = true;
      this.#pieces = [];
      this.fireError(error);
      this.fireClose();
    }
  }

  /** The next message where one is whole. Throws on a broken frame. */
  #next(): Message | undefined {
    if (this.#bodyBytes === null) {
      if (this.#held === 0) return undefined;
      const held = this.#join();
      const end = held.subarray(0, maxHeaderBytes).indexOf(endOfHeaders);
      if (end < 0) {
        if (this.#held >= maxHeaderBytes) throw new Error(`The headers of a frame are longer than ${maxHeaderBytes} bytes.`);
        return undefined;
      }
      this.#bodyBytes = this.#readLength(held.toString("latin1", 0, end));
      this.#keep(held.subarray(end + endOfHeaders.length));
    }
    if (this.#held < this.#bodyBytes) return undefined;
    const held = this.#join();
    const body = held.toString("utf8", 0, this.#bodyBytes);
    this.#keep(held.subarray(this.#bodyBytes));
    this.#bodyBytes = null;
    if (isTooDeep(body)) throw new Error(`A frame's JSON is nested deeper than ${MAX_JSON_DEPTH} levels.`);
    const message: unknown = JSON.parse(body);
    if (!isMessage(message)) throw new Error("A frame holds no JSON-RPC message.");
    return message;
  }

  #readLength(headers: string): number {
    const length = /^content-length:[ \t]*(\d+)[ \t]*$/im.exec(headers)?.[1];
    if (length === undefined) throw new Error("A frame has no Content-Length.");
    if (Number(length) > this.#maxBodyBytes) {
      throw new Error(`A frame announces ${length} bytes; at most ${this.#maxBodyBytes} are taken.`);
    }
    return Number(length);
  }

  #join(): Buffer {
    const [only] = this.#pieces;
    if (only !== undefined && this.#pieces.length === 1) return only;
    const joined = Buffer.concat(this.#pieces, this.#held);
    this.#pieces = [joined];
    return joined;
  }

  #keep(rest: Buffer): void {
    this.#pieces = rest.length > 0 ? [rest] : [];
    this.#held = rest.length;
  }
}

function isMessage(value: unknown): value is Message {
  return typeof value === "object" && value !== null && "jsonrpc" in value && value.jsonrpc === "2.0";
}
