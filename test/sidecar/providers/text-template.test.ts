// Chunks that are read without being parsed are read as parsing would read them.

import assert from "node:assert/strict";
import { afterEach, describe, mock, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type DeltaField, DELTA_SHAPE } from "../../../sidecar/providers/openai-chat/delta-shape.ts";
import { ChatReader } from "../../../sidecar/providers/openai-chat/reader.ts";
import type { ProviderEvent } from "../../../sidecar/providers/provider.ts";
import { type RecordShape, TextTemplate } from "../../../sidecar/providers/text-template.ts";
import { MalformedRecord } from "../../../sidecar/providers/wire-adapter.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import type { JsonObject } from "../../../sidecar/types.ts";
import type { FakeWire } from "../../support/fake-provider-script.ts";
import { ADAPTERS, PROVIDER_OF_WIRE, wireTarget } from "../../support/wire-reading.ts";

const chunk = (text: string, more = ""): string =>
  `{"id":"c","choices":[{"index":0,"delta":{"content":${JSON.stringify(text)}},"finish_reason":null}]${more}}`;

function learned(data: string, text: string): TextTemplate<DeltaField> {
  const template = new TextTemplate<DeltaField>(DELTA_SHAPE);
  template.learn(data, "content", text, undefined);
  return template;
}

describe("A template", () => {
  test("gives the text of a chunk that differs in its text alone", () => {
    const template = learned(chunk("a"), "a");
    for (const text of ["b", " long text", 'quo"ted', "back\\slash", "line\nbreak", "é😀\u2028", "\\", '"', '"}']) {
      assert.deepEqual(template.match(chunk(text)), { field: "content", text, place: undefined, varied: undefined });
    }
  });

  test("does not match what differs elsewhere", () => {
    const template = learned(chunk("a"), "a");
    for (const data of [
      chunk("a", ',"usage":{"prompt_tokens":1}'),
      chunk("a").replace('"c"', '"d"'),
      chunk("a").replace("null", '"stop"'),
      chunk("a").replace('"content":"a"', '"content":null'),
      chunk("a").replace('"content":"a"', '"content":"a","tool_calls":[]'),
      chunk("a").replace('"content":"a"', '"content":"a","x":"b"'),
      "",
      "[DONE]",
    ]) {
      assert.equal(template.match(data), undefined, data);
    }
  });

  test("does not match a text of nothing, in whose place another field may be read", () => {
    assert.equal(learned(chunk("a"), "a").match(chunk("")), undefined);
    const thought = (text: string): string => `{"choices":[{"index":0,"delta":{"reasoning_content":"${text}","reasoning":"R"}}]}`;
    const reader = new ChatReader(wireTarget("openai-compatible"));
    const events: ProviderEvent[] = [];
    for (const text of ["a", "b", ""]) reader.readRecord(thought(text), "", events);
    assert.deepEqual(
      events,
      ["a", "b", "R"].map((text) => ({ type: "reasoning-delta", text })),
    );
  });

  test("does not match what is no JSON between the quotes", () => {
    const template = learned(chunk("X"), "X");
    for (const written of ["\n", "\\x", "\\", "\u0001", '"', '","x":"', "\\u12"]) {
      assert.equal(template.match(chunk("X").replace("X", () => written)), undefined, JSON.stringify(written));
    }
  });

  for (const [what, chunkWith] of [
    ["OpenAI's", (text: string, padding: string) => chunk(text, `,"obfuscation":"${padding}"`)],
    ["Mistral's", (text: string, padding: string) => chunk(text, `,"p":"${padding}"`)],
    ["one in the choice", (text: string, padding: string) => chunk(text).replace("null}", () => `null,"obfuscation":"${padding}"}`)],
    ["one between other fields", (text: string, padding: string) => chunk(text, `,"p":"${padding}","usage":null`)],
  ] as const) {
    test(`gives the text also where the padding is another one in each chunk: ${what}`, () => {
      const template = learned(chunkWith("a", "x"), "a");
      for (const text of ["b", 'quo"ted', "\\", '","obfuscation":"y', "é"]) {
        for (const padding of ["", "y", "long padding, with } and ]"]) {
          assert.deepEqual(
            template.match(chunkWith(text, padding)),
            { field: "content", text, place: undefined, varied: undefined },
            chunkWith(text, padding),
          );
        }
      }
      for (const padding of ["\\", '\\"', "\n", '","usage":{"prompt_tokens":1},"q":"', '"', "\u0001"]) {
        assert.equal(template.match(chunkWith("b", padding)), undefined, JSON.stringify(padding));
      }
      assert.equal(template.match(chunk("b")), undefined);
    });
  }

  test("takes nothing for padding that has its name elsewhere", () => {
    const inside = (text: string, padding: string): string => chunk(text, `,"usage":{"obfuscation":"${padding}"}`);
    const template = learned(inside("a", "x"), "a");
    assert.equal(template.match(inside("b", "y")), undefined);
    assert.deepEqual(template.match(inside("b", "x")), { field: "content", text: "b", place: undefined, varied: undefined });
  });

  test("is not misled by the same words in another place", () => {
    const decoy = (first: string, second: string): string =>
      `{"note":{"content":"${first}"},"choices":[{"index":0,"delta":{"content":"${second}"},"finish_reason":null}]}`;
    const template = learned(decoy("a", "a"), "a");
    assert.equal(template.match(decoy("b", "a")), undefined);
    assert.equal(template.match(decoy("a", "b")), undefined);
  });

  test("is given up on where every chunk holds something new", () => {
    const template = new TextTemplate<DeltaField>(DELTA_SHAPE);
    for (let count = 0; count < 200; count += 1) template.learn(chunk("a", `,"padding":"${count}"`), "content", "a", undefined);
    assert.equal(template.match(chunk("b", ',"padding":"199"')), undefined);
  });
});

/** What may vary in these tests: a time, a number, counts. */
const RECORD: RecordShape<"text"> = {
  textOf: (record, field) => record[field],
  varying: [
    { name: "at", kind: "text", valueOf: (record) => record["at"] },
    { name: "number", kind: "count", valueOf: (record) => record["number"] },
    { name: "counts", kind: "object", valueOf: (record) => record["counts"] },
  ],
};

/** The text and what varied of `data`, after `first` was learned; undefined: no match. */
function matched(first: string, data: string): readonly [text: string, varied: JsonObject | undefined] | undefined {
  const template = new TextTemplate<"text">(RECORD);
  template.learn(first, "text", "a", undefined);
  const match = template.match(data);
  return match === undefined ? undefined : [match.text, match.varied];
}

describe("A template of records in which something varies", () => {
  test("passes over a time and a number, before the text and behind it", () => {
    const early = '{"at":"10:00","text":"a","number":1}';
    assert.deepEqual(matched(early, '{"at":"10:00:01.5","text":"b","number":1234}'), ["b", undefined]);
    const late = '{"number":9,"text":"a","at":"10:00"}';
    assert.deepEqual(matched(late, '{"number":10,"text":"b","at":""}'), ["b", undefined]);
  });

  test("gives an object that stands behind the text", () => {
    for (const rest of ["", ',"x":[]', ',"y":{}']) {
      const record = (text: string, counts: string): string => `{"text":${JSON.stringify(text)},"counts":${counts}${rest}}`;
      const first = record("a", '{"in":1,"out":{"all":0}}');
      for (const text of ["b", '"', "\\", '","counts":', '\\"counts":{}']) {
        assert.deepEqual(
          matched(first, record(text, '{"in":1,"out":{"all":22,"s":"}"}}')),
          [text, { in: 1, out: { all: 22, s: "}" } }],
          text,
        );
      }
    }
  });

  test("is not misled by an object that is none, or that holds more than one", () => {
    const first = '{"text":"a","counts":{"in":1}}';
    for (const counts of ["1", "null", "[]", '{"in":1', '{"in":1},"text":"c"', '{"in":1},"counts":{"in":2}', '{"in":01}']) {
      assert.equal(matched(first, `{"text":"b","counts":${counts}}`), undefined, counts);
    }
  });

  test("does not match a number that JSON would not write, nor one that is more than a number", () => {
    for (const number of ["", "01", "-1", "1.5", "1e3", '"1"', "1234567890123456", '1,"x":2']) {
      assert.equal(matched('{"number":1,"text":"a"}', `{"number":${number},"text":"b"}`), undefined, number);
      assert.equal(matched('{"text":"a","number":1}', `{"text":"b","number":${number}}`), undefined, number);
    }
    // Learned as it stands, since it is none.
    assert.equal(matched('{"number":1.5,"text":"a"}', '{"number":2.5,"text":"b"}'), undefined);
    assert.deepEqual(matched('{"number":1.5,"text":"a"}', '{"number":1.5,"text":"b"}'), ["b", undefined]);
  });

  test("does not match a time that hides another field", () => {
    for (const at of ['10","text":"c","z":"', "\\", '\\"', "\n", '"']) {
      assert.equal(matched('{"at":"10:00","text":"a"}', `{"at":"${at}","text":"b"}`), undefined, at);
    }
  });

  test("takes nothing for what varies that has its name elsewhere", () => {
    assert.equal(matched('{"x":{"at":"10"},"text":"a"}', '{"x":{"at":"11"},"text":"b"}'), undefined);
    assert.equal(matched('{"text":"a","x":{"counts":{"in":1}}}', '{"text":"b","x":{"counts":{"in":2}}}'), undefined);
    assert.equal(matched('{"text":"a","at":"1","at":"2"}', '{"text":"b","at":"3","at":"2"}'), undefined);
  });

  test("passes over blanks before the last brace, where nothing but braces follows the text", () => {
    for (const blanks of ["", " ", "        "]) {
      assert.deepEqual(matched('{"text":"a"   }', `{"text":"b"${blanks}}`), ["b", undefined]);
    }
    assert.equal(matched('{"text":"a","x":" }"  }', '{"text":"b","x":" }" }'), undefined);
    assert.equal(matched('{"text":"a" }', '{"text":"b"\t}'), undefined);
  });

  test("tells what its owner wanted to be told of the record that was learned from", () => {
    const template = new TextTemplate<"text", number>(RECORD);
    template.learn('{"text":"a","i":0}', "text", "a", 7);
    assert.equal(template.match('{"text":"b","i":0}')?.place, 7);
    // What cannot be learned from leaves the template as it is, and what is told with it.
    template.learn('{"words":"a","i":1}', "text", "a", 8);
    assert.equal(template.match('{"text":"b","i":0}')?.place, 7);
  });
});

describe("What a template costs", () => {
  test("is one look at a record, however many braces stand in the strings of what varies", () => {
    const parse = mock.method(JSON, "parse");
    const record = `{"text":"a","counts":{"x":"${"}".repeat(10_000)}"}}`;
    assert.deepEqual(matched(record, record.replace('"a"', '"b"'))?.[0], "b");
    mock.restoreAll();
    assert.ok(parse.mock.callCount() < 10, `${parse.mock.callCount()} times something was parsed`);
  });

  test("is no memory beside that of the texts: none of them keeps the record that it stood in", () => {
    setFlagsFromString("--expose-gc");
    const collect: unknown = runInNewContext("gc");
    assert.ok(typeof collect === "function");
    const template = new TextTemplate<"text">(RECORD);
    const record = (text: string): string => `{"text":"${text}","pad":"${"x".repeat(100_000)}"}`;
    template.learn(record("a"), "text", "a", undefined);
    collect();
    const before = process.memoryUsage().heapUsed;
    const texts = Array.from({ length: 1000 }, (_, at) => template.match(record(`a text of more than a few letters ${at}`))?.text);
    collect();
    const grown = (process.memoryUsage().heapUsed - before) / 1e6;
    assert.equal(texts.at(-1), "a text of more than a few letters 999");
    assert.ok(grown < 20, `${grown} MB for 1,000 texts out of 100 MB of records`);
  });
});

describe("A reader with templates", () => {
  afterEach(() => mock.restoreAll());

  /** The events of so many records, and what was read of usage. */
  function read(wire: FakeWire, records: readonly (readonly [event: string, data: string])[]): readonly unknown[] {
    const events: ProviderEvent[] = [];
    const reader = ADAPTERS[wire].createReader(wireTarget(PROVIDER_OF_WIRE[wire]), []);
    const usages = records.map(([event, data]) => {
      reader.readRecord(data, event, events);
      return reader.usage;
    });
    reader.end(events);
    return [events, usages, reader.started, reader.finished];
  }

  const pieces = ["", "a", " b", '"', "\\", "\n", "é", "😀", "\u2028", "x".repeat(300), '","finish_reason":"stop', '"}'];
  type Shape = (text: string, count: number) => readonly [event: string, data: string];
  const json = JSON.stringify;
  const grows = (index: number, delta: string, blanks: number): readonly [string, string] => [
    "content_block_delta",
    `{"type":"content_block_delta","index":${index},"delta":{${delta}}${" ".repeat(blanks)}}`,
  ];
  const shapes: Readonly<Record<FakeWire, readonly Shape[]>> = {
    "openai-chat": [
      (text) => ["", chunk(text)],
      (text) => ["", chunk(text, ',"usage":null')],
      (text, count) => ["", chunk(text, `,"usage":{"prompt_tokens":9,"completion_tokens":${count},"total_tokens":${count + 9}}`)],
      (text, count) => ["", chunk(text, `,"usage":{"prompt_tokens":9,"prompt_tokens_details":{"cached_tokens":${count % 9}}},"x":1`)],
      (text) => ["", chunk(text, `,"obfuscation":"${"o".repeat(text.length % 7)}"`)],
      (text) => ["", chunk(text, `,"p":${json(text)}`)],
      (text) => ["", `{"id":"c","choices":[{"index":0,"delta":{"reasoning_content":${json(text)}},"finish_reason":null}]}`],
      (text) => ["", `{"choices":[{"delta":{"reasoning":${json(text)},"content":""},"index":0}],"id":"c"}`],
      (text) => ["", `{"choices":[{"delta":{"role":"assistant","content":${json(text)}},"index":0}],"created":${text.length}}`],
      (text) => ["", `{"choices":[{"delta":{"content":${json(text)},"reasoning":${json(text)}},"index":0}]}`],
    ],
    "openai-responses": [
      (text, count) => ["response.output_text.delta", textGrows("m1", 0, text, count, `,"obfuscation":"${"o".repeat(count % 7)}"`)],
      (text, count) => ["response.output_text.delta", textGrows("m1", 1, text, count, ',"logprobs":[]')],
      (text, count) => ["response.output_text.delta", textGrows("m2", 0, text, count, `,"obfuscation":${json(text)}`)],
      (text, count) => ["", textGrows("m2", 0, text, count, "")],
      (text, count) => [
        "response.reasoning_text.delta",
        `{"type":"response.reasoning_text.delta","item_id":"r","output_index":0,"content_index":0,"sequence_number":${count},"delta":${json(text)}}`,
      ],
      (text) => ["response.refusal.delta", `{"type":"response.refusal.delta","item_id":"m1","content_index":0,"delta":${json(text)}}`],
    ],
    anthropic: [
      (text, count) => grows(0, `"type":"text_delta","text":${json(text)}`, count % 5),
      (text, count) => grows(1, `"type":"text_delta","text":${json(text)}`, count % 5),
      (text, count) => grows(1, `"type":"thinking_delta","thinking":${json(text)}`, count % 5),
      (text) => grows(2, `"type":"input_json_delta","partial_json":${json(text)}`, 0),
      (text) => grows(1, `"type":"thinking_delta","thinking":${json(text)},"signature":"s"`, 0),
      (_, count) => [
        "content_block_start",
        `{"type":"content_block_start","index":${count % 2},"content_block":{"type":"text","text":""}}`,
      ],
      (_, count) => ["content_block_stop", `{"type":"content_block_stop","index":${count % 2}}`],
    ],
    ollama: [
      (text, count) => [
        "",
        `{"model":"m","created_at":"10:${count}Z","message":{"role":"assistant","content":${json(text)}},"done":false}`,
      ],
      (text, count) => ["", `{"model":"m","created_at":"10:${count}Z","message":{"content":"","thinking":${json(text)}},"done":false}`],
      (text, count) => ["", `{"model":"m","created_at":"10:${count}Z","response":${json(text)},"done":false}`],
      (text, count) => ["", `{"model":"m","message":{"content":${json(text)}},"eval_count":${count},"done":false}`],
      (text) => ["", `{"model":"m","message":{"content":${json(text)},"tool_calls":[{"function":{"name":"f","arguments":{}}}]}}`],
    ],
  };

  for (const wire of ["openai-chat", "openai-responses", "anthropic", "ollama"] as const) {
    test(`reads 3,000 random records as one without them: ${wire}`, () => {
      const random = seededRandom(1);
      const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] ?? assert.fail();
      let shape = pick(shapes[wire]);
      const records = Array.from({ length: 3000 }, (_, count) => {
        if (random() < 0.05) shape = pick(shapes[wire]);
        return shape(pick(pieces) + pick(pieces), count);
      });
      const matches = mock.method(TextTemplate.prototype, "match");
      const withTemplates = read(wire, records);
      const unparsed = matches.mock.calls.filter(({ result }) => result !== undefined).length;
      assert.ok(unparsed > 300, `${unparsed} were read without being parsed`);
      mock.method(TextTemplate.prototype, "match", () => undefined);
      assert.deepEqual(withTemplates, read(wire, records));
    });
  }

  test("applies the figures of a record that is read without being parsed, also where it is not they that vary", () => {
    const counted = (text: string, output: number): readonly [string, string] => [
      "",
      `{"usage":{"prompt_tokens":9,"completion_tokens":${output}},${chunk(text).slice(1)}`,
    ];
    const tier = (text: string, usage: string): readonly [string, string] => ["", chunk(text, `,"service_tier":"flex","usage":${usage}`)];
    for (const records of [
      [counted("a", 2), counted("b", 2), counted("c", 9), counted("d", 2)],
      [["", chunk("a")], tier("b", "{}"), tier("c", '{"prompt_tokens":9,"completion_tokens":2}')],
    ] as const) {
      const withTemplates = read("openai-chat", records);
      mock.method(TextTemplate.prototype, "match", () => undefined);
      assert.deepEqual(withTemplates, read("openai-chat", records));
      mock.restoreAll();
    }
  });

  test("still refuses what is no JSON after it has learned", () => {
    const reader = new ChatReader(wireTarget("vllm"));
    const events: ProviderEvent[] = [];
    reader.readRecord(chunk("X"), "", events);
    assert.throws(() => reader.readRecord(chunk("X").replace("X", "\\x"), "", events), MalformedRecord);
  });
});

function textGrows(item: string, part: number, text: string, number: number, more: string): string {
  return `{"type":"response.output_text.delta","sequence_number":${number},"item_id":"${item}","output_index":0,"content_index":${part},"delta":${JSON.stringify(text)}${more}}`;
}
