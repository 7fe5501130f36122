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

  test("is none where the response is incomplete, since its arguments may stop anywhere", () => {
    const events = read("openai-responses", [added, piece('{"n"'), completed([], "incomplete")]);
    assert.deepEqual(
      events.map((event) => event.type),
      ["finish"],
    );
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
