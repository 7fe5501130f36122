// Answers whose items come in another form than piece by piece, or in two forms at once: each is told of once.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ProviderEvent } from "../../../sidecar/providers/provider.ts";
import type { JsonObject } from "../../../sidecar/types.ts";
import type { FakeWire } from "../../support/fake-provider-script.ts";
import { readPieces } from "../../support/wire-reading.ts";

function read(wire: FakeWire, records: readonly JsonObject[]): readonly ProviderEvent[] {
  const { events, failure } = readPieces(wire, [Buffer.from(records.map((record) => `data: ${JSON.stringify(record)}\n\n`).join(""))]);
  assert.equal(failure, null);
  return events.map((event) => JSON.parse(JSON.stringify(event)));
}

const kept = (item: JsonObject): ProviderEvent => ({ type: "opaque", provider: "openai", data: { wire: "openai-responses", item } });
const completed = (output: readonly JsonObject[], status = "completed"): JsonObject => ({
  type: `response.${status}`,
  response: { id: "r", object: "response", status, output },
});
const done = (index: number, item: JsonObject): JsonObject => ({ type: "response.output_item.done", output_index: index, item });

const REASONING: JsonObject = {
  id: "rs",
  type: "reasoning",
  summary: [
    { type: "summary_text", text: "First." },
    { type: "summary_text", text: "Then." },
  ],
  encrypted_content: "gA+/=",
};
const MESSAGE: JsonObject = { id: "m", type: "message", content: [{ type: "output_text", text: "Hi" }] };
const CALL: JsonObject = { id: "f", type: "function_call", call_id: "c1", name: "go", arguments: '{"n":1}' };

const WHOLE: readonly ProviderEvent[] = [
  { type: "reasoning-delta", text: "First.\n\nThen." },
  kept(REASONING),
  { type: "text-delta", text: "Hi" },
  kept({ type: "message", id: "m" }),
  { type: "tool-call", id: "c1", name: "go", arguments: '{"n":1}' },
  kept({ type: "function_call", id: "f", call_id: "c1" }),
  { type: "finish", finishReason: "tool-calls", rawFinishReason: "completed" },
];

describe("An answer of the Responses API tells of every item once:", () => {
  const output = [REASONING, MESSAGE, CALL];
  const items = output.map((item, index) => done(index, item));

  test("in a whole response", () => {
    assert.deepEqual(read("openai-responses", [{ id: "r", object: "response", status: "completed", output }]), WHOLE);
  });

  test("in a terminal event alone", () => {
    assert.deepEqual(read("openai-responses", [completed(output)]), WHOLE);
  });

  test("in items that are done without having grown", () => {
    assert.deepEqual(read("openai-responses", [...items, completed([])]), WHOLE);
  });

  test("in items that are done and repeated at the end, under other ids and places too", () => {
    assert.deepEqual(read("openai-responses", [...items, completed(output)]), WHOLE);
    const moved = [CALL, { ...MESSAGE, id: "m9" }, { ...MESSAGE, id: "m10" }, { ...REASONING, id: "rs9" }];
    assert.deepEqual(read("openai-responses", [...items, completed(moved)]), WHOLE);
  });

  test("in reasoning that grew, was done, and is repeated at the end", () => {
    const summary = { type: "response.reasoning_summary_text.delta", item_id: "rs", output_index: 0, delta: "First.\n\nThen." };
    assert.deepEqual(read("openai-responses", [summary, ...items, completed(output)]), WHOLE);
    // By the id where the places differ.
    assert.deepEqual(read("openai-responses", [{ ...summary, output_index: 7 }, ...items, completed(output)]), WHOLE);
  });

  test("in reasoning that is shown open: what was thought rather than its summary, and nothing to send back", () => {
    const open = { id: "rs", type: "reasoning", summary: REASONING["summary"], content: [{ type: "reasoning_text", text: "Hm." }] };
    const told: readonly ProviderEvent[] = [
      { type: "reasoning-delta", text: "Hm." },
      { type: "finish", finishReason: "stop", rawFinishReason: "completed" },
    ];
    assert.deepEqual(read("openai-responses", [completed([open])]), told);
    assert.deepEqual(read("openai-responses", [done(0, open), completed([open])]), told);
  });
});

describe("Text of the Responses API that came in pieces is told once,", () => {
  const piece = (delta: string, part: number, item = "m"): JsonObject => ({
    type: "response.output_text.delta",
    item_id: item,
    output_index: 1,
    content_index: part,
    delta,
  });
  const whole = (text: string, part: number): JsonObject => ({
    type: "response.output_text.done",
    item_id: "m",
    output_index: 1,
    content_index: part,
    text,
  });
  const item = (id: string, ...texts: readonly string[]): JsonObject => ({
    type: "message",
    id,
    content: texts.map((text) => ({ type: "output_text", text })),
  });
  const told = (...records: readonly JsonObject[]): string =>
    read("openai-responses", records)
      .flatMap((event) => (event.type === "text-delta" || event.type === "text-gap" ? [event.text] : []))
      .join("");

  for (const [title, records] of [
    [
      "where its parts are counted on from the item before",
      [piece("Hello", 1), piece(" there", 1), whole("Hello there", 1), done(1, item("m", "Hello there"))],
    ],
    [
      "where each piece is counted as a part",
      [piece("Hello", 0), piece(" there", 1), whole("Hello there", 2), done(1, item("m", "Hello there"))],
    ],
    ["where its item has another id and place at its end", [piece("Hello", 0), piece(" there", 0), done(2, item("n", "Hello there"))]],
    ["where the parts of its item are numbered otherwise", [piece("Hello", 4), piece(" there", 5), done(7, item("n", "Hello", " there"))]],
  ] as const) {
    test(title, () => assert.equal(told(...records, completed([item("n", "Hello there")])), "Hello there"));
  }

  test("and other text beside it as well", () => {
    const two = [piece("Hello", 1), piece(" there", 1), done(1, item("m", "Hello there")), done(2, item("n", "Over there"))];
    assert.equal(told(...two, completed([])), "Hello there\n\nOver there");
    assert.equal(told(...two.slice(0, 2), done(2, item("n", "Over there")), completed([])), "Hello there\n\nOver there");
    // The same words again, in a message of their own.
    assert.equal(told(...two.slice(0, 3), done(2, item("n", "Hello there")), completed([])), "Hello there\n\nHello there");
  });
});

describe("A call of the Responses API that was begun and never said to be done", () => {
  const added = { type: "response.output_item.added", output_index: 1, item: { ...CALL, arguments: "" } };
  const piece = (delta: string): JsonObject => ({ type: "response.function_call_arguments.delta", output_index: 1, delta });
  const begun = [added, piece('{"n"'), piece(":1}")];
  const called: ProviderEvent = { type: "tool-call", id: "c1", name: "go", arguments: '{"n":1}' };
  const finish: ProviderEvent = { type: "finish", finishReason: "tool-calls", rawFinishReason: "completed" };

  test("is told of when the response is complete", () => {
    assert.deepEqual(read("openai-responses", [...begun, completed([])]), [called, finish]);
  });

  test("has the arguments that are told of whole, without pieces", () => {
    const whole = { type: "response.function_call_arguments.done", output_index: 1, arguments: '{"n":1}' };
    assert.deepEqual(read("openai-responses", [added, whole, completed([])]), [called, finish]);
    assert.deepEqual(read("openai-responses", [...begun, whole, completed([])]), [called, finish]);
  });

  test("is told of once where the end repeats it, and where another place says that it is done", () => {
    assert.deepEqual(read("openai-responses", [...begun, completed([CALL])]), [called, finish]);
    assert.deepEqual(read("openai-responses", [...begun, done(0, CALL), completed([])]), [called, finish]);
  });

  test("is told of once where the end repeats it at another place, under another id or without its arguments", () => {
    const other = { ...CALL, id: "g", call_id: "c9" };
    for (const repeated of [{ ...CALL, arguments: "" }, { ...CALL, arguments: "{}" }, other, { ...other, arguments: '{ "n": 1 }' }])
      assert.deepEqual(read("openai-responses", [...begun, completed([repeated])]), [called, finish], JSON.stringify(repeated));
    // Where nothing came of its arguments, the end has them.
    assert.deepEqual(read("openai-responses", [added, completed([CALL])]), [called, finish]);
  });

  test("is none where the response is incomplete, since its arguments may stop anywhere", () => {
    const events = read("openai-responses", [added, piece('{"n"'), completed([], "incomplete")]);
    assert.deepEqual(
      events.map((event) => event.type),
      ["finish"],
    );
  });
});

describe("Calls of the Responses API", () => {
  const told = (...records: readonly JsonObject[]): readonly (readonly string[])[] =>
    read("openai-responses", records).flatMap((event) =>
      event.type === "tool-call" ? [[event.id, `${event.name} ${event.arguments}`]] : [],
    );
  const item = (call_id: string | null, args = "", more: JsonObject = {}): JsonObject => ({
    type: "function_call",
    id: call_id === null || call_id === "" ? call_id : `fc_${call_id}`,
    call_id,
    name: "rm",
    arguments: args,
    ...more,
  });
  const added = (of: JsonObject, place = 0): JsonObject => ({ type: "response.output_item.added", output_index: place, item: of });
  const whole = (args: string, place = 0): JsonObject => ({
    type: "response.function_call_arguments.done",
    output_index: place,
    arguments: args,
  });
  const piece = (delta: string): JsonObject => ({ type: "response.function_call_arguments.delta", output_index: 0, delta });
  const X = '{"path":"x"}';

  test("have the arguments that came before the item that is done has none, as LM Studio sends them", () => {
    for (const none of ["{}", " { } ", "", null, {}]) {
      for (const came of [[whole(X)], [piece('{"path"'), piece(':"x"}')], [piece(X), whole("{}")], [whole("{}"), whole(X)]]) {
        const records = [added(item("a")), ...came, done(0, { ...item("a"), arguments: none }), completed([])];
        assert.deepEqual(told(...records), [["a", `rm ${X}`]], JSON.stringify(none));
      }
    }
    // Nothing that was no object, and nothing of another call.
    assert.deepEqual(told(added(item("a")), piece('{"path'), done(0, item("a", "{}")), completed([])), [["a", "rm {}"]]);
    assert.deepEqual(told(whole(X), done(0, item("a")), done(0, item("b", "{}")), completed([])), [
      ["a", `rm ${X}`],
      ["b", "rm {}"],
    ]);
  });

  test("are told once where the whole response gives them other ids, places and spaces, as vLLM does", () => {
    const stream = [added(item("a")), whole(X), done(0, item("a", X)), done(1, item("b", "{}")), done(2, item("c", "{}"))];
    const expected = [
      ["a", `rm ${X}`],
      ["b", "rm {}"],
      ["c", "rm {}"],
    ];
    const again = [MESSAGE, item("d", "{}"), item("e", '{ "path": "x" }'), item("f", "{}")];
    assert.deepEqual(told(...stream, completed(again)), expected);
    // By the place, where the text is another as well.
    assert.deepEqual(told(...stream, completed([item("d", '{"path":"y"}'), item("b", "{}"), item("c", "{}")])), expected);
    // One that is told nowhere else is no repetition.
    assert.deepEqual(told(...stream, completed([...again, item("g", "{}")])), [...expected, ["g", "rm {}"]]);
    assert.deepEqual(told(...stream, completed([item("g", X), item("a", X), item("b", "{}"), item("c", "{}")])), [
      ...expected,
      ["g", `rm ${X}`],
    ]);
  });

  test("are told once where only some of their items have the call's id", () => {
    const bare = item("a", X, { call_id: null });
    assert.deepEqual(told(added(bare), done(3, item("a", X)), completed([bare])), [["a", `rm ${X}`]]);
  });

  test("are told once where they, the response's beginning or its end are repeated", () => {
    const created: JsonObject = { type: "response.created", response: { id: "r" } };
    const once = done(0, item("a", X));
    for (const records of [
      [created, once, once],
      [created, once, done(0, item("a", '{"path": "x"}'))],
      [created, once, created],
      [created, once, completed([item("a", X)])],
    ]) {
      assert.deepEqual(told(...records, completed([item("a", X)])), [["a", `rm ${X}`]]);
    }
  });

  test("have ids of their own where the server gives them none, or all the same", () => {
    for (const none of ["", null]) {
      const calls = [1, 2].map((n) => item(none, `{"n":${n}}`));
      const expected = [
        ["call_0", 'rm {"n":1}'],
        ["call_1", 'rm {"n":2}'],
      ];
      const bare = (records: readonly JsonObject[]): readonly JsonObject[] => records.map(({ output_index: _place, ...rest }) => rest);
      const stream = calls.map((call, place) => done(place, call));
      for (const records of [stream, bare(stream)]) {
        assert.deepEqual(told(...records, completed([])), expected);
        assert.deepEqual(told(...records, completed(calls)), expected);
      }
    }
    assert.deepEqual(told(done(0, item("a", "{}")), done(1, item("a", X)), completed([])), [
      ["a", "rm {}"],
      ["a_1", `rm ${X}`],
    ]);
  });
});

describe("Tool calls of chat completions", () => {
  const pieces = (...calls: readonly JsonObject[]): JsonObject => ({ choices: [{ index: 0, delta: { tool_calls: calls } }] });
  const piece = (index: number, id: string, args: string, name = "w"): JsonObject => ({ index, id, function: { name, arguments: args } });
  const end: JsonObject = { choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }] };
  const calls = (records: readonly JsonObject[]): readonly (readonly string[])[] =>
    read("openai-chat", [...records, end]).flatMap((event) => (event.type === "tool-call" ? [[event.id, event.arguments]] : []));

  test("with one id and several indexes are several calls, each with an id of its own", () => {
    assert.deepEqual(calls([pieces(piece(0, "x", '{"a":1}')), pieces(piece(1, "x", '{"b":2}'))]), [
      ["x", '{"a":1}'],
      ["x_1", '{"b":2}'],
    ]);
    assert.deepEqual(calls([pieces(piece(0, "x", "{}"), piece(1, "x", "{}"), piece(2, "x_1", "{}"))]), [
      ["x", "{}"],
      ["x_2", "{}"],
      ["x_1", "{}"],
    ]);
  });

  test("whose pieces repeat the id and the index are one call", () => {
    assert.deepEqual(
      calls([pieces(piece(0, "x", '{"a"')), pieces(piece(1, "x", "{")), pieces(piece(0, "x", ":1}")), pieces(piece(1, "x", "}"))]),
      [
        ["x", '{"a":1}'],
        ["x_1", "{}"],
      ],
    );
  });

  test("without an id have one that no other call was given", () => {
    assert.deepEqual(calls([pieces(piece(0, "", "{}"), piece(1, "call_0", "{}"))]), [
      ["call_1", "{}"],
      ["call_0", "{}"],
    ]);
  });
});
