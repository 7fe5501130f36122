// Answers over Anthropic's wire in forms that it allows, or that servers take the liberty of.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../../sidecar/types.ts";
import { readPieces } from "../../../support/wire-reading.ts";
import { PLAIN, read, sse, TWICE, type Answer } from "./one-answer.ts";

describe("Anthropic's wire:", () => {
  const start: JsonObject = {
    type: "message_start",
    message: { usage: { input_tokens: 9, output_tokens: 1, cache_read_input_tokens: null, cache_creation: null } },
  };
  const end = (reason = "end_turn"): readonly JsonObject[] => [
    { type: "message_delta", delta: { stop_reason: reason, stop_sequence: null }, usage: { input_tokens: null, output_tokens: 5 } },
    { type: "message_stop" },
  ];
  const opened = (block: JsonObject | null, more: JsonObject = {}): JsonObject => ({
    type: "content_block_start",
    content_block: block,
    ...more,
  });
  const grown = (delta: JsonObject | null, more: JsonObject = {}): JsonObject => ({ type: "content_block_delta", delta, ...more });
  const closed: JsonObject = { type: "content_block_stop" };
  const use = (n: number, more: JsonObject = {}): JsonObject => ({
    type: "tool_use",
    id: `c${n}`,
    name: n === 1 ? "a" : "b",
    input: {},
    ...more,
  });
  const forms: readonly (readonly [title: string, expected: Answer, records: readonly JsonObject[]])[] = [
    [
      "blocks without places",
      PLAIN,
      [
        start,
        opened({ type: "thinking", thinking: "" }),
        grown({ type: "thinking_delta", thinking: "Hm." }),
        closed,
        opened({ type: "text", text: "" }),
        grown({ type: "text_delta", text: "It is 7 °C." }),
        closed,
        ...end(),
      ],
    ],
    [
      "blocks that begin with their text, and are not ended",
      PLAIN,
      [
        start,
        opened({ type: "thinking", thinking: "Hm.", signature: null }, { index: 0 }),
        opened({ type: "text", text: "It is ", citations: null }, { index: 1 }),
        grown({ type: "text_delta", text: "7 °C." }, { index: 1 }),
        ...end(),
      ],
    ],
    [
      "null in every field that can be absent",
      PLAIN,
      [
        { type: "message_start", message: null },
        start,
        { type: "ping", error: null },
        opened(null),
        grown(null),
        opened({ type: "thinking", thinking: null }, { index: 1 }),
        grown({ thinking: "Hm.", text: null }, { index: 1 }),
        grown({ text: "It is 7 °C.", thinking: null, partial_json: null, signature: null }, { index: 2 }),
        { type: "message_delta", delta: null, usage: null },
        ...end(),
        { type: "message_delta", delta: { stop_reason: null } },
      ],
    ],
    [
      "calls without places that are not ended",
      TWICE,
      [
        start,
        opened(use(1)),
        grown({ type: "input_json_delta", partial_json: '{"n":1}' }),
        opened(use(2)),
        grown({ type: "input_json_delta", partial_json: '{"n":2}' }),
        ...end("tool_use"),
      ],
    ],
    [
      "calls whose beginning is told twice",
      TWICE,
      [1, 2]
        .reduce<readonly JsonObject[]>(
          (records, n) => [
            ...records,
            opened(use(n), { index: n }),
            opened(use(n), { index: n }),
            grown({ type: "input_json_delta", partial_json: `{"n":${n}}` }, { index: n }),
            { ...closed, index: n },
          ],
          [start],
        )
        .concat(end("tool_use")),
    ],
    [
      "calls with their input where they begin",
      TWICE,
      [
        start,
        opened(use(1, { input: { n: 1 } }), { index: 0 }),
        { ...closed, index: 0 },
        opened(use(2, { input: { n: 2 } }), { index: 1 }),
        grown({ type: "input_json_delta", partial_json: "" }, { index: 1 }),
        { ...closed, index: 1 },
        ...end("tool_use"),
      ],
    ],
    [
      "blocks of another kind at the place of one that was not ended",
      { ...PLAIN, tools: [["c1", "a", '{"n":1}']], finish: "tool-calls" },
      [
        start,
        opened({ type: "thinking", thinking: "" }),
        grown({ type: "thinking_delta", thinking: "Hm." }),
        grown({ type: "signature_delta", signature: "s" }),
        grown({ type: "text_delta", text: "It is " }),
        opened(use(1)),
        grown({ type: "input_json_delta", partial_json: '{"n":1}' }),
        grown({ type: "text_delta", text: "7 °C." }),
        ...end("tool_use"),
      ],
    ],
    [
      "text in a block of no kind",
      { ...PLAIN, reasoning: "" },
      [start, opened({}), grown({ type: "text_delta", text: "It is 7 °C." }), closed, ...end()],
    ],
    [
      "arguments under another number than their call's",
      { ...TWICE, text: "Hm.", tools: [["c1", "a", '{"n":1}']] },
      [
        start,
        opened({ type: "text", text: "" }, { index: 0 }),
        grown({ type: "text_delta", text: "Hm." }, { index: 0 }),
        { ...closed, index: 0 },
        opened(use(1), { index: 1 }),
        grown({ type: "input_json_delta", partial_json: '{"n"' }, { index: 0 }),
        grown({ type: "input_json_delta", partial_json: ":1}" }, { index: 0 }),
        { ...closed, index: 1 },
        ...end("tool_use"),
      ],
    ],
    [
      "a call that nobody announced, which has no name then",
      { ...TWICE, text: "Hm.", tools: [["toolu_0", "", '{"n":1}']] },
      [
        start,
        opened({ type: "text", text: "" }),
        grown({ type: "text_delta", text: "Hm." }),
        grown({ type: "input_json_delta", partial_json: '{"n"' }),
        grown({ type: "input_json_delta", partial_json: ":1}" }),
        ...end("tool_use"),
      ],
    ],
    [
      "calls without ids and places",
      {
        ...TWICE,
        tools: [
          ["toolu_0", "a", '{"n":1}'],
          ["toolu_0_1", "b", '{"n":2}'],
        ],
      },
      [
        start,
        opened(use(1, { id: null, input: { n: 1 } })),
        closed,
        opened(use(2, { id: "", input: { n: 2 } })),
        closed,
        ...end("tool_use"),
      ],
    ],
  ];
  for (const [title, expected, stream] of forms) test(title, () => assert.deepEqual(read("anthropic", sse(...stream)), expected));

  test("signs of life as data that is no JSON", () => {
    const said = [start, grown({ type: "text_delta", text: "It is 7 °C." }), ...end()];
    const stream = said.map((record) => `data: : keepalive\n\nevent: ping\ndata: ping\n\n${sse(record)}`).join("");
    assert.deepEqual(read("anthropic", stream), { ...PLAIN, reasoning: "" });
  });

  const call = (n: number, written: string, isClosed = true): readonly JsonObject[] => [
    opened(use(n), { index: n }),
    ...(written === "" ? [] : [grown({ type: "input_json_delta", partial_json: written }, { index: n })]),
    ...(isClosed ? [{ ...closed, index: n }] : []),
  ];
  const told = (...records: readonly JsonObject[]): Answer["tools"] => read("anthropic", sse(start, ...records)).tools;
  const [FIRST = ["", "", ""], SECOND = ["", "", ""]] = TWICE.tools;

  for (const reason of ["max_tokens", "model_context_window_exceeded", "refusal"])
    test(`a call that an answer's end cut is no call, whatever had come of it: ${reason}`, () => {
      for (const written of ["", '{"n', '{"n":2'])
        for (const isClosed of [true, false])
          assert.deepEqual(told(...call(1, '{"n":1}'), ...call(2, written, isClosed), ...end(reason)), [FIRST], `${written} ${isClosed}`);
      assert.deepEqual(told(...call(1, '{"n":1}'), ...call(2, '{"n":2}'), ...end(reason)), TWICE.tools);
      // What another block follows was not cut.
      assert.deepEqual(told(...call(1, ""), ...call(2, "{"), ...end(reason)), [["c1", "a", ""]]);
    });

  test("a call without arguments is one where the model ended it, in its place", () => {
    for (const stop of [end("tool_use"), [{ type: "message_stop" }], end("pause_turn")])
      assert.deepEqual(told(...call(1, ""), ...call(2, '{"n":2}'), ...call(1, "", false), ...stop), [
        ["c1", "a", ""],
        SECOND,
        ["c1_1", "a", ""],
      ]);
    const cut = readPieces("anthropic", [Buffer.from(sse(start, ...call(1, "")))]);
    assert.deepEqual(
      cut.events.filter((event) => event.type === "tool-call"),
      [],
    );
  });

  const announced = (stop_reason: string | null): JsonObject => ({
    type: "message_start",
    message: {
      content: [{ type: "thinking", thinking: "Hm." }, { type: "text", text: "It is 7 °C." }, use(1, { input: { n: 1 } })],
      stop_reason,
      usage: { input_tokens: 9, output_tokens: 5 },
    },
  });

  test("a message that begins with all of its content, as that of a call from code that runs at Anthropic, is read where no block follows, and once where one does", () => {
    const all: Answer = { ...PLAIN, tools: [FIRST], finish: "tool-calls" };
    assert.deepEqual(read("anthropic", sse(announced("tool_use"), { type: "message_stop" })), all);
    assert.deepEqual(read("anthropic", sse(announced(null), ...end("tool_use"))), all);
    assert.deepEqual(read("anthropic", sse(announced("tool_use"))), all);
    assert.equal(read("anthropic", sse(announced(null))).finish, null, "cut");
    const blocks = [opened({ type: "thinking", thinking: "Hm." }), closed, opened({ type: "text", text: "It is 7 °C." }), closed];
    assert.deepEqual(read("anthropic", sse(announced(null), ...blocks, ...call(1, '{"n":1}'), ...end("tool_use"))), all);
  });

  test("arguments that come as an object are those of the call", () => {
    const whole = grown({ type: "input_json_delta", partial_json: { n: 1 } });
    assert.deepEqual(told(opened(use(1)), whole, closed, ...end("tool_use")), [FIRST]);
    assert.deepEqual(told(opened(use(1)), whole, ...end("max_tokens")), [FIRST]);
  });

  test("a first piece that repeats what its block began with is read once, and later ones as often as they come", () => {
    const stream = (first: string, ...pieces: readonly string[]): string =>
      sse(
        start,
        opened({ type: "thinking", thinking: first }),
        ...pieces.map((thinking) => grown({ type: "thinking_delta", thinking })),
        closed,
        opened({ type: "text", text: first }),
        ...pieces.map((text) => grown({ type: "text_delta", text })),
        closed,
        ...end(),
      );
    for (const [expected, ...pieces] of [
      ["Hello", "Hel", "Hel", "lo"],
      ["Hello", "Hel", "lo"],
      ["Hello", "", "Hel", "lo"],
      ["hahaha", "ha", "ha", "ha", "ha"],
      ["haha", "", "ha", "ha"],
    ] as const) {
      const [first = "", ...rest] = pieces;
      const { text, reasoning } = read("anthropic", stream(first, ...rest));
      assert.deepEqual([text, reasoning], [expected, expected]);
    }
  });
});
