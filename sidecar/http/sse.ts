// Decodes server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) from bytes cut anywhere.
//
// Written for this project because the parsers at hand take text, not bytes, have no bound on a line, and drop what some
// servers send: JSON on a line of its own, without `data:`. Comments and the fields `id` and `retry` carry no answer and
// are passed over. Lines end with LF, CRLF or CR and with nothing else: U+2028 is an ordinary character inside JSON.

import { MAX_RECORD_LENGTH, RecordTooLongError, type RecordDecoder, type RecordSink } from "./records.ts";
import { Utf8Text } from "./utf8-text.ts";

const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;
const SPACE = 32;
const COLON = 58;
const BYTE_ORDER_MARK = 0xfeff;
/** UTF-16 units, about. */
const MOST_STRAY = 8192;
/** Fields that carry nothing of an answer. */
const OTHER_FIELD = /^(?:id|retry|event)(?::|$)/u;

export class SseDecoder implements RecordDecoder {
  readonly #sink: RecordSink;
  readonly #limit: number;
  readonly #utf8 = new Utf8Text();
  /** The beginning of a line whose end has not come yet. */
  #line = "";
  /** The data lines of the event under way, joined; null before the first. */
  #data: string | null = null;
  #event = "";
  /** The data so far is the beginning of an object whose lines stand there by themselves. */
  #isOpen = false;
  #started = false;
  #stray = "";
  #lines = 0;
  /** The last character so far was a CR: a LF that follows belongs to the same line end. */
  #afterCarriageReturn = false;

  constructor(sink: RecordSink, limit: number = MAX_RECORD_LENGTH) {
    this.#sink = sink;
    this.#limit = limit;
  }

  get lines(): number {
    return this.#lines;
  }

  get stray(): string {
    return this.#stray;
  }

  push(bytes: Buffer): void {
    this.#text(this.#utf8.write(bytes));
  }

  end(): void {
    this.#text(this.#utf8.end());
    const rest = this.#line;
    this.#line = "";
    if (rest !== "") this.#readLine(rest, 0, rest.length);
    this.#dispatch();
  }

  #text(received: string): void {
    if (received === "") return;
    let text = received;
    if (!this.#started) {
      this.#started = true;
      if (text.charCodeAt(0) === BYTE_ORDER_MARK) text = text.slice(1);
    }
    if (this.#afterCarriageReturn) {
      this.#afterCarriageReturn = false;
      if (text.charCodeAt(0) === LINE_FEED) text = text.slice(1);
    }
    if (text.includes("\r")) this.#splitAtAnyLineEnd(text);
    else this.#splitAtLineFeeds(text);
  }

  /** The common case: one search for each line. */
  #splitAtLineFeeds(text: string): void {
    let start = 0;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", start)) {
      this.#endLine(text, start, at);
      start = at + 1;
    }
    this.#keep(text, start);
  }

  #splitAtAnyLineEnd(text: string): void {
    let start = 0;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code !== LINE_FEED && code !== CARRIAGE_RETURN) continue;
      this.#endLine(text, start, at);
      if (code === CARRIAGE_RETURN) {
        if (at + 1 === text.length) this.#afterCarriageReturn = true;
        else if (text.charCodeAt(at + 1) === LINE_FEED) at += 1;
      }
      start = at + 1;
    }
    this.#keep(text, start);
  }

  #endLine(text: string, start: number, end: number): void {
    this.#lines += 1;
    if (this.#line === "") {
      this.#readLine(text, start, end);
      return;
    }
    const line = this.#line + text.slice(start, end);
    this.#line = "";
    this.#readLine(line, 0, line.length);
  }

  #keep(text: string, start: number): void {
    if (start < text.length) this.#line += start === 0 ? text : text.slice(start);
    if (this.#line.length > this.#limit) throw new RecordTooLongError(this.#limit);
  }

  #readLine(text: string, start: number, end: number): void {
    if (start === end) {
      this.#dispatch();
    } else if (text.startsWith("data", start)) {
      this.#readData(text, start, end);
    } else if (text.startsWith("event:", start)) {
      this.#event = text.slice(valueStart(text, start + 6, end), end);
    } else if (text.charCodeAt(start) !== COLON) {
      this.#readBareJson(text.slice(start, end));
    }
  }

  #readData(text: string, start: number, end: number): void {
    // A line of the four letters alone is an empty data line; `database: …` is a field that nobody knows.
    if (end - start > 4 && text.charCodeAt(start + 4) !== COLON) return;
    this.#addData(end - start <= 5 ? "" : text.slice(valueStart(text, start + 5, end), end));
  }

  #addData(value: string): void {
    this.#data = this.#data === null ? value : `${this.#data}\n${value}`;
    if (this.#data.length > this.#limit) throw new RecordTooLongError(this.#limit);
  }

  /**
   * No field's name begins with a brace, but some servers put JSON on a line of its own: after an empty `data:` line
   * (0xPlaygrounds/rig#534), or an error in the middle of a stream. By the standard it would be lost. So would what earlier
   * versions of llama.cpp's server, and what is built on them, wrote as a field of its own: `error: {…}`. And so would JSON that is
   * indented over several lines, from its opening brace to the closing one at the beginning of a line.
   */
  #readBareJson(line: string): void {
    if (this.#isOpen || this.#data === "{") {
      this.#isOpen = true;
      this.#addData(line);
      if (line.startsWith("}")) this.#dispatch();
      return;
    }
    const isError = line.startsWith("error:");
    const text = (isError ? line.slice(6) : line).trimStart();
    if (!text.startsWith("{") || this.#stray.startsWith("[")) {
      this.#addStray(line);
      return;
    }
    this.#dispatch();
    if (text === "{") this.#addData(text);
    else this.#sink(text, isError ? "error" : "");
  }

  /** Plain words in the place of an answer, or a list of JSON over several lines. */
  #addStray(line: string): void {
    if (this.#stray.length < MOST_STRAY && !OTHER_FIELD.test(line)) this.#stray += `${line.slice(0, MOST_STRAY)}\n`;
  }

  #dispatch(): void {
    const data = this.#data;
    const event = this.#event;
    this.#data = null;
    this.#event = "";
    this.#isOpen = false;
    if (data !== null && data !== "") this.#sink(data, event);
  }
}

/** One space after the colon belongs to the framing, further ones to the value. */
function valueStart(text: string, at: number, end: number): number {
  return at < end && text.charCodeAt(at) === SPACE ? at + 1 : at;
}
