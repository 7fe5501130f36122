// Decodes newline-delimited JSON from bytes cut anywhere. Only LF ends a line (a CR before it is white space to JSON), so
// that U+2028 and U+2029 stay where they are inside a string; Node's own line reader would split there.

import { StringDecoder } from "node:string_decoder";
import { MAX_RECORD_LENGTH, RecordTooLongError, type RecordDecoder, type RecordSink } from "./records.ts";

export class NdjsonDecoder implements RecordDecoder {
  readonly #sink: RecordSink;
  readonly #limit: number;
  readonly #utf8 = new StringDecoder("utf8");
  #line = "";

  constructor(sink: RecordSink, limit: number = MAX_RECORD_LENGTH) {
    this.#sink = sink;
    this.#limit = limit;
  }

  push(bytes: Buffer): void {
    const text = this.#utf8.write(bytes);
    let start = 0;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", start)) {
      const line = this.#line + text.slice(start, at);
      this.#line = "";
      start = at + 1;
      this.#readLine(line);
    }
    if (start < text.length) this.#line += text.slice(start);
    if (this.#line.length > this.#limit) throw new RecordTooLongError(this.#limit);
  }

  end(): void {
    const rest = this.#line + this.#utf8.end();
    this.#line = "";
    this.#readLine(rest);
  }

  #readLine(line: string): void {
    // A byte order mark is white space to trim(), as is everything that a blank line can hold.
    const record = line.trim();
    if (record !== "") this.#sink(record, "");
  }
}

/** The whole body is one JSON record: a server that answered at once although a stream was asked for. */
export class WholeBodyDecoder implements RecordDecoder {
  readonly #sink: RecordSink;
  readonly #limit: number;
  readonly #utf8 = new StringDecoder("utf8");
  #body = "";

  constructor(sink: RecordSink, limit: number = MAX_RECORD_LENGTH) {
    this.#sink = sink;
    this.#limit = limit;
  }

  push(bytes: Buffer): void {
    this.#body += this.#utf8.write(bytes);
    if (this.#body.length > this.#limit) throw new RecordTooLongError(this.#limit);
  }

  end(): void {
    const body = (this.#body + this.#utf8.end()).trim();
    this.#body = "";
    if (body !== "") this.#sink(body, "");
  }
}
