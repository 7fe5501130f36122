import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LinesDecoder, NdjsonDecoder, WholeBodyDecoder } from "../../../sidecar/http/ndjson.ts";
import { RecordTooLongError, type RecordDecoder, type RecordSink } from "../../../sidecar/http/records.ts";
import { SseDecoder } from "../../../sidecar/http/sse.ts";
import { bytesOneByOne, cutAt, offsetsInsideCharacters } from "../../support/wire-reading.ts";

type CreateDecoder = (sink: RecordSink) => RecordDecoder;
/** A record's data, or its event's name and its data. */
type Expected = readonly (string | readonly [event: string, data: string])[];

function decode(create: CreateDecoder, pieces: Iterable<Buffer>): Expected {
  const records: (string | readonly [string, string])[] = [];
  const decoder = create((data, event) => records.push(event === "" ? data : [event, data]));
  for (const piece of pieces) decoder.push(piece);
  decoder.end();
  return records;
}

/** Whole, byte by byte, and cut in two at every place: always the same records. */
function checkDecoding(create: CreateDecoder, bytes: Buffer, expected: Expected): void {
  assert.deepEqual(decode(create, [bytes]), expected, "whole");
  assert.deepEqual(decode(create, bytesOneByOne(bytes)), expected, "byte by byte");
  for (let at = 1; at < bytes.length; at += 1) assert.deepEqual(decode(create, cutAt(bytes, [at])), expected, `cut at ${at}`);
}

const sse: CreateDecoder = (sink) => new SseDecoder(sink);
const ndjson: CreateDecoder = (sink) => new NdjsonDecoder(sink);

const SSE_CASES: readonly (readonly [title: string, text: string, expected: Expected])[] = [
  ["an event ends with an empty line", 'data: {"a":1}\n\ndata: {"a":2}\n\n', ['{"a":1}', '{"a":2}']],
  ["quirk 6: the space after the colon may be missing", 'data:{"a":1}\n\n', ['{"a":1}']],
  ["only one space belongs to the framing", "data:  x\n\n", [" x"]],
  ["lines may end with CR LF", 'data: {"a":1}\r\n\r\ndata: 2\r\n\r\n', ['{"a":1}', "2"]],
  ["lines may end with CR alone", "data: 1\r\rdata: 2\r\r", ["1", "2"]],
  ["several data lines are one value", "data: a\ndata: b\n\n", ["a\nb"]],
  ["CR LF is one line's end, also between the lines of one value", "data: a\r\ndata: b\r\n\r\n", ["a\nb"]],
  ["an event's name travels with its data and is then forgotten", "event: ping\ndata: 1\n\ndata: 2\n\n", [["ping", "1"], "2"]],
  ["quirk 5: comments are passed over", ": OPENROUTER PROCESSING\n\n: keep-alive\n\ndata: 1\n\n", ["1"]],
  ["quirk 5: id, retry and unknown fields are passed over", "id: 7\nretry: 100\ndatabase: x\ndata: 1\n\n", ["1"]],
  ["an event without data is none", "event: ping\n\ndata:\n\ndata\n\ndata: 1\n\n", ["1"]],
  ["a byte order mark at the beginning is none of the data's", "\ufeffdata: 1\n\n", ["1"]],
  ["a byte order mark elsewhere is a character", "data: \ufeff1\n\n", ["\ufeff1"]],
  ["quirk 4: U+2028 and U+2029 end no line", 'data: {"t":"a\u2028b\u2029c\u0085d"}\n\n', ['{"t":"a\u2028b\u2029c\u0085d"}']],
  ["the last event needs no empty line", "data: 1\n\ndata: 2\n", ["1", "2"]],
  ["the last line needs no end", "data: 1\n\ndata: 2", ["1", "2"]],
  ["quirk 6: JSON on a line of its own after an empty data line is a record", 'data:\n {"a":1}\n\n', ['{"a":1}']],
  ["JSON on a line of its own is a record", 'data: 1\n\n{"error":"x"}\n', ["1", '{"error":"x"}']],
  ["JSON on a line of its own ends the event before it", 'data: 1\n{"error":"x"}\n\n', ["1", '{"error":"x"}']],
  [
    "JSON over several lines of its own is one record",
    '{\n  "a": {\n    "b": 1\n  }\n}\ndata: 1\n\n',
    ['{\n  "a": {\n    "b": 1\n  }\n}', "1"],
  ],
  [
    "JSON over several lines of which only the first says that it is data is one record",
    'data: {\r\n  "a": 1\r\n}\r\n\r\n',
    ['{\n  "a": 1\n}'],
  ],
  ["JSON over several lines that is cut is what came of it", '{\n  "a": 1,\n', ['{\n  "a": 1,']],
  ["quirk 3: characters of two, three and four bytes survive, cut anywhere", "data: é€😀漢字\n\n", ["é€😀漢字"]],
  ["nothing comes out of nothing", "", []],
];

describe("Server-sent events", () => {
  for (const [title, text, expected] of SSE_CASES) {
    test(title, () => checkDecoding(sse, Buffer.from(text), expected));
  }

  test("a line longer than the limit is refused, with the limit named, before it ends", () => {
    const decoder = new SseDecoder(() => {}, 1000);
    decoder.push(Buffer.from(`data: ${"x".repeat(900)}`));
    assert.throws(
      () => decoder.push(Buffer.from("x".repeat(200))),
      (error) => error instanceof RecordTooLongError && error.message.includes("1000"),
    );
  });

  test("an event of many lines longer than the limit is refused", () => {
    const decoder = new SseDecoder(() => {}, 1000);
    const line = Buffer.from(`data: ${"x".repeat(100)}\n`);
    assert.throws(() => {
      for (let count = 0; count < 20; count += 1) decoder.push(line);
    }, RecordTooLongError);
  });

  test("comments without end cost no memory and hit no limit", () => {
    const seen: string[] = [];
    const decoder = new SseDecoder((data) => seen.push(data), 1000);
    for (let count = 0; count < 500; count += 1) decoder.push(Buffer.from(": keep-alive\n\n"));
    decoder.push(Buffer.from("data: 1\n\n"));
    assert.deepEqual(seen, ["1"]);
  });
});

const NDJSON_CASES: readonly (readonly [title: string, text: string, expected: Expected])[] = [
  ["each line is a record", '{"a":1}\n{"a":2}\n', ['{"a":1}', '{"a":2}']],
  ["the last line needs no end", '{"a":1}\n{"a":2}', ['{"a":1}', '{"a":2}']],
  ["lines may end with CR LF", '{"a":1}\r\n{"a":2}\r\n', ['{"a":1}', '{"a":2}']],
  ["empty lines are none", '\n\n{"a":1}\n \n{"a":2}\n\n', ['{"a":1}', '{"a":2}']],
  ["quirk 4: U+2028 and U+2029 end no line", '{"t":"a\u2028b\u2029c"}\n', ['{"t":"a\u2028b\u2029c"}']],
  ["quirk 3: characters of two, three and four bytes survive, cut anywhere", '{"t":"é€😀"}\n{"t":"漢"}', ['{"t":"é€😀"}', '{"t":"漢"}']],
];

describe("Newline-delimited JSON", () => {
  for (const [title, text, expected] of NDJSON_CASES) {
    test(title, () => checkDecoding(ndjson, Buffer.from(text), expected));
  }

  test("a line longer than the limit is refused, before it ends and when it came as a whole", () => {
    for (const end of ["", "\n"]) {
      const decoder = new NdjsonDecoder(() => {}, 1000);
      assert.throws(() => decoder.push(Buffer.from(`${"x".repeat(1001)}${end}`)), RecordTooLongError);
    }
  });
});

test("Server-sent events under the label of newline-delimited JSON are read as what they are, and lines as lines", () => {
  const labelled: CreateDecoder = (sink) => new LinesDecoder(sink);
  checkDecoding(labelled, Buffer.from("data: é\n\ndata: 2\n\n"), ["é", "2"]);
  for (const [, text, expected] of NDJSON_CASES) checkDecoding(labelled, Buffer.from(text), expected);
});

test("Indented JSON under the label of newline-delimited JSON is one record", () => {
  const labelled: CreateDecoder = (sink) => new LinesDecoder(sink);
  for (const record of ['{\n  "a": 1,\n  "b": {}\n}', '{ \r\n\t"é": 1\r\n}'])
    checkDecoding(labelled, Buffer.from(`\n${record}\n`), [record]);
  checkDecoding(labelled, Buffer.from(`\ufeff{\n  "a": 1\n}`), ['{\n  "a": 1\n}']);
});

describe("A whole body", () => {
  test("quirk 5: one record is all it is, with blank lines before it passed over", () => {
    checkDecoding((sink) => new WholeBodyDecoder(sink), Buffer.from('\n\n\n{\n "a": "é€"\n}\n'), ['{\n "a": "é€"\n}']);
  });

  test("that begins as server-sent events do is read as those, whatever it is called", () => {
    const whole: CreateDecoder = (sink) => new WholeBodyDecoder(sink);
    checkDecoding(whole, Buffer.from("data: é\n\ndata: 2\n\n"), ["é", "2"]);
    checkDecoding(whole, Buffer.from("\r\n\nevent: x\ndata:1\n\n"), [["x", "1"]]);
    checkDecoding(whole, Buffer.from("\ufeffevent: x\ndata:1\n\n"), [["x", "1"]]);
    checkDecoding(whole, Buffer.from(": wait\n\ndata:1\n\n"), ["1"]);
    checkDecoding(whole, Buffer.from("data:1"), ["1"]);
    // What is neither is left to whoever reads the record.
    for (const text of ["{}", "database: down", "events", '"data: 1"']) checkDecoding(whole, Buffer.from(text), [text]);
  });

  test("is handed out event by event where it is that, and its lines are counted", () => {
    const records: string[] = [];
    const decoder = new WholeBodyDecoder((data) => records.push(data));
    decoder.push(Buffer.from("data: 1\n\nda"));
    assert.deepEqual([records, decoder.lines], [["1"], 2]);
  });

  test("longer than the limit is refused", () => {
    const decoder = new WholeBodyDecoder(() => {}, 1000);
    assert.throws(() => decoder.push(Buffer.from("x".repeat(1001))), RecordTooLongError);
  });
});

test("the offsets inside characters are those of continuation bytes", () => {
  assert.deepEqual(offsetsInsideCharacters(Buffer.from("aé😀")), [2, 4, 5, 6]);
});
