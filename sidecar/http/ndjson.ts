// Decodes newline-delimited JSON from bytes cut anywhere. Only LF ends a line (a CR before it is white space to JSON), so
// that U+2028 and U+2029 stay where they are inside a string; Node's own line reader would split there.

import { StringDecoder } from "node:string_decoder";
import { MAX_RECORD_LENGTH, RecordTooLongError, type RecordDecoder, type RecordSink } from "./records.ts";

export class NdjsonDecoder implements RecordDecoder {
  readonly #line: RecordText;
  readonly #utf8 = new StringDecoder("utf8");
  #lines = 0;

  constructor(sink: RecordSink, limit: number = MAX_RECORD_LENGTH) {
    this.#line = new RecordText(sink, limit);
  }

  get lines(): number {
    return this.#lines;
  }

  push(bytes: Buffer): void {
    for (const [index, text] of this.#utf8.write(bytes).split("\n").entries()) {
      if (index > 0) {
        this.#lines += 1;
        this.#line.handOut();
      }
      this.#line.add(text);
    }
  }

  end(): void {
    this.#line.add(this.#utf8.end());
    this.#line.handOut();
  }
}

/** The whole body is one JSON record: a server that answered at once although a stream was asked for. */
export class WholeBodyDecoder implements RecordDecoder {
  /** One record is all it is. */
  readonly lines = 0;
  readonly #body: RecordText;
  readonly #utf8 = new StringDecoder("utf8");

  constructor(sink: RecordSink, limit: number = MAX_RECORD_LENGTH) {
    this.#body = new RecordText(sink, limit);
  }

  push(bytes: Buffer): void {
    this.#body.add(this.#utf8.write(bytes));
  }

  end(): void {
    this.#body.add(this.#utf8.end());
    this.#body.handOut();
  }
}

/** What has come of a record, up to the limit. */
class RecordText {
  readonly #sink: RecordSink;
  readonly #limit: number;
  #text = "";

  constructor(sink: RecordSink, limit: number) {
    this.#sink = sink;
    this.#limit = limit;
  }

  add(text: string): void {
    this.#text += text;
    if (this.#text.length > this.#limit) throw new RecordTooLongError(this.#limit);
  }

  /** The record is whole: the next one begins. Blank ones are passed over. */
  handOut(): void {
    // A byte order mark is white space to trim(), as is everything that a blank line can hold.
    const record = this.#text.trim();
    this.#text = "";
    if (record !== "") this.#sink(record, "");
  }
}
