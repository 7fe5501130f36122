// Text from bytes that may be cut inside a character. Nearly every read ends behind a line, where nothing is cut: the decoder
// that keeps the beginning of a character takes as much memory as all else of a stream's reading, and is made when it is needed.

import { StringDecoder } from "node:string_decoder";

const FIRST_NON_ASCII = 0x80;

export class Utf8Text {
  #decoder: StringDecoder | null = null;

  /** What can be said so far; bytes that are no UTF-8 become U+FFFD. */
  write(bytes: Buffer): string {
    if (this.#decoder === null) {
      // Not `bytes.at(-1)`: on bytes it is a call that takes half as long as making the text.
      if ((bytes[bytes.length - 1] ?? 0) < FIRST_NON_ASCII) return bytes.toString("utf8");
      this.#decoder = new StringDecoder("utf8");
    }
    return this.#decoder.write(bytes);
  }

  /** What is left of a character that was cut. */
  end(): string {
    return this.#decoder?.end() ?? "";
  }
}
