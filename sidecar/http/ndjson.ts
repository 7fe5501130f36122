// Decodes newline-delimited JSON from bytes cut anywhere. Only LF ends a line (a CR before it is white space to JSON), so
// that U+2028 and U+2029 stay where they are inside a string; Node's own line reader would split there.

import { MAX_RECORD_LENGTH, RecordTooLongError, type RecordDecoder, type RecordSink } from "./records.ts";
import { SseDecoder } from "./sse.ts";
import { Utf8Text } from "./utf8-text.ts";

export class NdjsonDecoder implements RecordDecoder {
  readonly #line: RecordText;
  readonly #utf8 = new Utf8Text();
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

/** Bytes that tell a field of a server-sent event from JSON, and JSON over several lines from lines, a byte order mark and all. */
const BEGINNING_LENGTH = 9;
/** In Latin-1, where a byte is a character: the first three are the byte order mark. */
const SSE_BEGINNING = /^(?:\u00ef\u00bb\u00bf)?[\t\n\r ]*(?:data|event|id|retry)?:/u;
/** No line of JSON ends behind the bracket that opens it. */
const INDENTED_BEGINNING = /^(?:\u00ef\u00bb\u00bf)?[\t\n\r ]*\{[\t\r ]*\n/u;

/**
 * For a body whose label says that it is JSON of some kind. Servers exist that put these labels on server-sent events too, or that of
 * lines on one record over several of them; those are recognised by how they begin.
 */
class LabelledDecoder implements RecordDecoder {
  readonly #labelled: RecordDecoder;
  readonly #sink: RecordSink;
  readonly #limit: number;
  #beginning = Buffer.alloc(0);
  #decoder: RecordDecoder | undefined;

  /** `labelled`: for what the label says. */
  constructor(labelled: RecordDecoder, sink: RecordSink, limit: number) {
    this.#labelled = labelled;
    this.#sink = sink;
    this.#limit = limit;
  }

  get lines(): number {
    return this.#decoder?.lines ?? 0;
  }

  get stray(): string {
    return this.#decoder?.stray ?? "";
  }

  push(bytes: Buffer): void {
    if (this.#decoder !== undefined) {
      this.#decoder.push(bytes);
      return;
    }
    this.#beginning = Buffer.concat([this.#beginning, bytes]);
    const { length } = this.#beginning.toString("latin1").trimStart();
    // White space before the answer is nothing in either form.
    if (length === 0) this.#beginning = Buffer.alloc(0);
    else if (length >= BEGINNING_LENGTH) this.#decide();
  }

  end(): void {
    (this.#decoder ?? this.#decide()).end();
  }

  #decide(): RecordDecoder {
    const beginning = this.#beginning.toString("latin1");
    const decoder = SSE_BEGINNING.test(beginning)
      ? new SseDecoder(this.#sink, this.#limit)
      : INDENTED_BEGINNING.test(beginning)
        ? new OneRecordDecoder(this.#sink, this.#limit)
        : this.#labelled;
    this.#decoder = decoder;
    decoder.push(this.#beginning);
    this.#beginning = Buffer.alloc(0);
    return decoder;
  }
}

/** Each line is a record. */
export class LinesDecoder extends LabelledDecoder {
  constructor(sink: RecordSink, limit: number = MAX_RECORD_LENGTH) {
    super(new NdjsonDecoder(sink, limit), sink, limit);
  }
}

/** The body is one record: a server that answered at once although a stream was asked for. */
export class WholeBodyDecoder extends LabelledDecoder {
  constructor(sink: RecordSink, limit: number = MAX_RECORD_LENGTH) {
    super(new OneRecordDecoder(sink, limit), sink, limit);
  }
}

class OneRecordDecoder implements RecordDecoder {
  /** One record is all it is. */
  readonly lines = 0;
  readonly #body: RecordText;
  readonly #utf8 = new Utf8Text();

  constructor(sink: RecordSink, limit: number) {
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
