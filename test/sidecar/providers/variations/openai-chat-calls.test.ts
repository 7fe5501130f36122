// Calls of tools over chat completions whose pieces name no call, or the wrong one, or say what was said before.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../../sidecar/types.ts";
import { chunk, counted, stopped } from "./chat-records.ts";
import { CALLED, read, sse, TWICE, type Answer } from "./one-answer.ts";

const piece = (called: JsonObject, more: JsonObject = {}): JsonObject =>
  chunk({ tool_calls: [{ index: 0, type: "function", function: called, ...more }] });
const calledAs = (...tools: Answer["tools"]): Answer => ({ ...TWICE, tools });
const BERN = '{"city":"Bern"}';

/** The whole message at the end of a stream. */
const repeated = (message: JsonObject): JsonObject => chunk(null, {}, { delta: {}, message, finish_reason: "tool_calls" });
const bern: JsonObject = { id: "c1", type: "function", function: { name: "weather", arguments: BERN } };

const custom = (called: JsonObject, more: JsonObject = {}): JsonObject => chunk({ tool_calls: [{ index: 0, custom: called, ...more }] });

const OFFERED = ["weather", "get_weather", "a", "b", "ab", "sql"];

const FORMS: readonly (readonly [title: string, expected: Answer, pieces: readonly JsonObject[]])[] = [
  [
    "another name begins another call under one index and one id, its arguments in pieces",
    calledAs(["c1", "a", '{"n":1}'], ["c1_1", "b", '{"n":2}']),
    [
      piece({ name: "a", arguments: "" }, { id: "c1" }),
      piece({ arguments: '{"n":1}' }),
      piece({ name: "b", arguments: "" }, { id: "c1" }),
      piece({ arguments: '{"n"' }),
      piece({ arguments: ":2}" }, { id: "c1" }),
    ],
  ],
  [
    "a call that stands in the whole message alone, behind the text that came in pieces",
    { ...CALLED, text: "Let me see." },
    [chunk({ content: "Let me see." }), repeated({ role: "assistant", content: "Let me see.", tool_calls: [bern] })],
  ],
  [
    "a call in the older form in the whole message, behind the text",
    { ...CALLED, text: "Hm.", tools: [["call_0", "weather", BERN]] },
    [chunk({ content: "Hm." }), repeated({ content: "Hm.", function_call: { name: "weather", arguments: BERN } })],
  ],
  [
    "a call that the whole message repeats under another id",
    CALLED,
    [piece({ name: "weather", arguments: BERN }, { id: "c1" }), repeated({ content: "", tool_calls: [{ ...bern, id: "c9" }] })],
  ],
  [
    "a call of a custom tool, whose text is its input, with braces and quotes in its pieces",
    calledAs(["c1", "sql", '{"input":"select \\"a\\" {} {}"}'], ["c2", "b", '{"n":2}']),
    [
      custom({ name: "sql", input: "" }, { id: "c1", type: "custom" }),
      ...["select ", '"a"', " ", "{}", " ", "{}"].map((input) => custom({ input })),
      piece({ name: "b", arguments: '{"n":2}' }, { id: "c2", index: 1 }),
    ],
  ],
  [
    "quirk 39: one tool called twice with the same arguments under one index, with ids of their own",
    calledAs(["c1", "a", '{"n":1}'], ["c2", "a", '{"n":1}']),
    [piece({ name: "a", arguments: '{"n":1}' }, { id: "c1" }), piece({ name: "a", arguments: '{"n":1}' }, { id: "c2" })],
  ],
  [
    "another name begins another call under one index without ids",
    calledAs(["call_0", "a", '{"n":1}'], ["call_1", "b", '{"n":2}']),
    [piece({ name: "a" }), piece({ arguments: '{"n":1}' }), piece({ name: "b" }), piece({ arguments: '{"n":2}' })],
  ],
  [
    "another name begins another call also where neither has arguments",
    calledAs(["c1", "a", ""], ["c1_1", "b", ""]),
    [piece({ name: "a", arguments: "" }, { id: "c1" }), piece({ name: "b", arguments: "" }, { id: "c1" })],
  ],
  [
    "the pieces of a name that was offered are one call's",
    calledAs(["c1", "get_weather", BERN]),
    [
      piece({ name: "get", arguments: "" }, { id: "c1" }),
      piece({ name: "_wea" }, { id: "c1" }),
      piece({ name: "ther" }),
      piece({ arguments: BERN }),
    ],
  ],
  [
    "the pieces of a name that was offered, each with all that came before it, are one call's",
    calledAs(["c1", "get_weather", BERN]),
    [piece({ name: "get_" }, { id: "c1" }), piece({ name: "get_wea" }), piece({ name: "get_weather", arguments: BERN })],
  ],
  [
    "the pieces of a name that was offered are one call's also where the last piece is the name of another tool",
    calledAs(["c1", "get_weather", BERN]),
    [piece({ name: "get_", arguments: "" }, { id: "c1" }), piece({ name: "weather", arguments: BERN })],
  ],
  [
    "two names that were offered are two calls', though together they would be a third one's",
    calledAs(["c1", "a", ""], ["c1_1", "b", '{"n":2}']),
    [piece({ name: "a", arguments: "" }, { id: "c1" }), piece({ name: "b", arguments: '{"n":2}' }, { id: "c1" })],
  ],
  [
    "a name behind arguments begins another call, also where it could be the rest of the first one's",
    calledAs(["c1", "get", '{"n":1}'], ["c1_1", "_weather", '{"n":2}']),
    [piece({ name: "get", arguments: '{"n":1}' }, { id: "c1" }), piece({ name: "_weather", arguments: '{"n":2}' }, { id: "c1" })],
  ],
  [
    "a name that each piece repeats is that of one call",
    CALLED,
    [
      piece({ name: "weather", arguments: "" }, { id: "c1" }),
      piece({ name: "weather", arguments: '{"city":' }, { id: "c1" }),
      piece({ name: "weather", arguments: '"Bern"}' }),
    ],
  ],
  [
    "arguments that each piece repeats from the beginning",
    CALLED,
    [
      piece({ name: "weather", arguments: '{"city' }, { id: "c1" }),
      piece({ arguments: '{"city":"B' }),
      piece({ arguments: '{"city":"B' }),
      piece({ arguments: BERN }),
      piece({ arguments: BERN }),
    ],
  ],
  [
    "two calls under one index whose pieces repeat their arguments from the beginning",
    calledAs(["call_0", "a", '{"n":1}'], ["call_1", "a", '{"n":2}']),
    [
      piece({ name: "a", arguments: '{"n":' }),
      piece({ arguments: '{"n":1}' }),
      piece({ name: "a", arguments: '{"n":2' }),
      piece({ arguments: '{"n":2}' }),
    ],
  ],
  [
    "arguments whose second piece begins as the first by chance",
    calledAs(["c1", "a", '{"not":{"not":{}}}']),
    [piece({ name: "a", arguments: '{"not":' }, { id: "c1" }), piece({ arguments: '{"not":{}}}' })],
  ],
  ...[
    ["with other spacing", '{ "city": "Bern" }'],
    ["written as JSON once more", JSON.stringify(BERN)],
  ].map(([how = "", again = ""]): (typeof FORMS)[number] => [
    `arguments in pieces that are told again as a whole, ${how}`,
    CALLED,
    [
      piece({ name: "weather", arguments: '{"city":' }, { id: "c1" }),
      piece({ arguments: '"Bern"}' }),
      piece({ name: "weather", arguments: again }, { id: "c1" }),
    ],
  ]),
  [
    "an empty object in the place of arguments that follow under the same id",
    CALLED,
    [
      piece({ name: "weather", arguments: "{}" }, { id: "c1" }),
      piece({ arguments: '{"city":' }, { id: "c1" }),
      piece({ name: "weather", arguments: '"Bern"}' }, { id: "c1" }),
    ],
  ],
  [
    "a call without arguments and one with them, of the same tool and without ids",
    calledAs(["call_0", "a", "{}"], ["call_1", "a", '{"n":2}']),
    [piece({ name: "a", arguments: "{}" }), piece({ name: "a", arguments: '{"n":2}' })],
  ],
];

describe("Calls of tools over chat completions:", () => {
  for (const [title, expected, pieces] of FORMS)
    test(title, () => assert.deepEqual(read("openai-chat", sse(...pieces, stopped("tool_calls"), counted, "[DONE]"), OFFERED), expected));

  test("arguments that each piece repeats are told once also where the model did not finish them", () => {
    const pieces = [piece({ name: "weather", arguments: '{"city' }, { id: "c1" }), piece({ arguments: '{"city":"B' })];
    const { tools } = read("openai-chat", sse(...pieces, stopped("tool_calls"), "[DONE]"));
    assert.deepEqual(tools, [["c1", "weather", '{"city":"B']]);
  });

  for (const reason of ["length", "max_tokens", "content_filter"])
    test(`a call that an answer's end cut is no call, whatever had come of it: ${reason}`, () => {
      const whole = piece({ name: "weather", arguments: '{"city":"Bern"}' }, { id: "c1" });
      const told = (...pieces: readonly JsonObject[]): Answer["tools"] =>
        read("openai-chat", sse(...pieces, stopped(reason), "[DONE]")).tools;
      assert.deepEqual(told(whole), CALLED.tools);
      assert.deepEqual(told(whole, custom({ name: "sql", input: "select 1" }, { id: "c2", index: 1 })), CALLED.tools);
      for (const written of ["", "{", '{"dir":"/tmp', '{"dir":"/tmp"'])
        assert.deepEqual(told(whole, piece({ name: "cleanup", arguments: written }, { id: "c2", index: 1 })), CALLED.tools, written);
    });

  test("a call is told where the text stands in one choice and the call in the next, numbered or not", () => {
    const choice = (index: number | undefined, delta: JsonObject, reason: string | null = null): JsonObject =>
      index === undefined ? { delta, finish_reason: reason } : { index, delta, finish_reason: reason };
    const answer: Answer = { ...CALLED, text: "I look." };
    const [words, call] = [{ content: "I look." }, { tool_calls: [bern] }];
    for (const second of [1, undefined]) {
      const both = { choices: [choice(0, words, "tool_calls"), choice(second, call, "tool_calls")] };
      assert.deepEqual(read("openai-chat", sse(both, counted, "[DONE]")), answer, "in one record");
      const message = both.choices.map(({ delta, ...rest }) => ({ ...rest, message: delta ?? {} }));
      assert.deepEqual(read("openai-chat", sse({ choices: message }, counted, "[DONE]")), answer, "as a whole");
      const records = [choice(0, words), choice(second, call), choice(0, {}, "tool_calls")].map((one) => ({ choices: [one] }));
      assert.deepEqual(read("openai-chat", sse(...records, counted, "[DONE]")), answer, "one after the other");
    }
    const other = { choices: [choice(0, words), choice(1, call)] };
    assert.deepEqual(read("openai-chat", sse(other, stopped(), counted, "[DONE]")).tools, [], "of another answer");
  });
});
