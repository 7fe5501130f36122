// Answers of the Responses API in forms that the wire allows, or that servers take the liberty of.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../../sidecar/types.ts";
import { readPieces } from "../../../support/wire-reading.ts";
import { PLAIN, read, sse, TWICE, type Answer } from "./one-answer.ts";

describe("The Responses API:", () => {
  const usage: JsonObject = { input_tokens: 9, output_tokens: 5, input_tokens_details: null, output_tokens_details: null };
  const completed = (output: JsonObject["output"] = []): JsonObject => ({
    type: "response.completed",
    response: { status: "completed", error: null, incomplete_details: null, usage, output },
  });
  const delta = (type: string, more: JsonObject): JsonObject => ({ type: `response.${type}.delta`, ...more });
  const done = (item: JsonObject, more: JsonObject = {}): JsonObject => ({ type: "response.output_item.done", item, ...more });
  const function_call = (n: number, args: JsonObject["args"] = `{"n":${n}}`): JsonObject => ({
    type: "function_call",
    id: `f${n}`,
    call_id: `c${n}`,
    name: n === 1 ? "a" : "b",
    arguments: args,
  });
  const forms: readonly (readonly [title: string, expected: Answer, records: readonly JsonObject[]])[] = [
    [
      "no places and no ids",
      PLAIN,
      [
        delta("reasoning_text", { delta: "Hm." }),
        delta("output_text", { delta: "It is " }),
        delta("output_text", { delta: "7 °C." }),
        done({ type: "message", content: [{ type: "output_text", text: "It is 7 °C." }] }),
        completed(),
      ],
    ],
    [
      "null in every field that can be absent",
      PLAIN,
      [
        { type: "response.created", response: null },
        { type: "response.output_item.added", item: null, output_index: null },
        delta("reasoning_summary_text", { delta: "Hm.", item_id: null, output_index: null, summary_index: null, obfuscation: null }),
        delta("output_text", { delta: null, logprobs: null }),
        delta("output_text", { delta: "It is 7 °C.", item_id: null, content_index: null }),
        { type: "response.output_text.done", text: null },
        done({ type: "message", id: null, content: null, phase: null }),
        { type: "unheard.of", error: null },
        completed(null),
      ],
    ],
    [
      "arguments as objects",
      TWICE,
      [
        done(function_call(1, { n: 1 }), { output_index: 0 }),
        { type: "response.function_call_arguments.done", output_index: 1, arguments: { n: 2 } },
        done(function_call(2, null), { output_index: 1 }),
        completed(),
      ],
    ],
    [
      "calls without places, one after the other",
      TWICE,
      [1, 2]
        .flatMap((n) => [
          { type: "response.output_item.added", item: function_call(n, "") },
          delta("function_call_arguments", { item_id: `f${n}`, delta: '{"n":' }),
          delta("function_call_arguments", { item_id: `f${n}`, delta: `${n}}` }),
          done(function_call(n, "")),
        ])
        .concat(completed()),
    ],
    [
      "a message whose content is a text",
      PLAIN,
      [delta("reasoning_text", { delta: "Hm." }), done({ type: "message", content: "It is 7 °C." }), completed()],
    ],
    [
      "a call that the limit cut",
      { ...PLAIN, text: "", reasoning: "", finish: "length" },
      [
        { type: "response.output_item.added", item: function_call(1, ""), output_index: 0 },
        delta("function_call_arguments", { delta: '{"n', output_index: 0 }),
        done({ ...function_call(1, '{"n'), status: "incomplete" }, { output_index: 0 }),
        {
          type: "response.incomplete",
          response: {
            status: "incomplete",
            incomplete_details: { reason: "max_output_tokens" },
            usage,
            output: [{ ...function_call(1, '{"n'), status: "incomplete" }],
          },
        },
      ],
    ],
  ];
  for (const [title, expected, stream] of forms) {
    test(title, () => assert.deepEqual(read("openai-responses", sse(...stream)), expected));
    test(`${title}, with the types as names of the events alone`, () => {
      const named = stream
        .map(({ type, ...rest }) => `event: ${JSON.stringify(type).slice(1, -1)}\r\ndata: ${JSON.stringify(rest)}\r\n\r\n`)
        .join("");
      assert.deepEqual(read("openai-responses", named), expected);
    });
  }

  const incomplete = (output: readonly JsonObject[]): JsonObject => ({
    type: "response.incomplete",
    response: { status: "incomplete", incomplete_details: { reason: "max_output_tokens" }, usage, output },
  });
  const toldCalls = (...records: readonly JsonObject[]): Answer["tools"] => read("openai-responses", sse(...records)).tools;

  test("a call that an answer's end cut is no call, also where its server says that it is complete", () => {
    const whole = { ...function_call(1), status: "completed" };
    for (const written of ["", '{"n', '{"n":2']) {
      const cut = { ...function_call(2, written), status: "completed" };
      const items = [done(whole, { output_index: 0 }), done(cut, { output_index: 1 })];
      assert.deepEqual(toldCalls(...items, incomplete([whole, cut])), [["c1", "a", '{"n":1}']], written);
      assert.deepEqual(toldCalls(...items, incomplete([])), [["c1", "a", '{"n":1}']], written);
      assert.deepEqual(toldCalls(incomplete([whole, cut])), [["c1", "a", '{"n":1}']], written);
    }
  });

  test("a call without arguments is one where the response is complete, or goes on, in its place", () => {
    const [first, second] = [function_call(1, ""), function_call(2)];
    const both: Answer["tools"] = [
      ["c1", "a", ""],
      ["c2", "b", '{"n":2}'],
    ];
    const items = [done(first, { output_index: 0 }), done(second, { output_index: 1 })];
    assert.deepEqual(toldCalls(...items, completed()), both);
    assert.deepEqual(toldCalls(...items, incomplete([first, second])), both);
    assert.deepEqual(toldCalls(done(first), completed([first])), [["c1", "a", ""]]);
  });

  const endedAs = (response: JsonObject, more: JsonObject = {}): readonly JsonObject[] => [
    delta("output_text", { delta: "It is 7 °C." }),
    done({ ...function_call(1, '{"n":1'), status: "completed" }, { output_index: 1 }),
    { type: "response.completed", response: { usage, output: [], ...response }, ...more },
  ];

  test("quirk 26: a response that is called completed, and says of itself that it is not, ended as it says", () => {
    const cut: Answer = { ...PLAIN, reasoning: "", finish: "length" };
    const limited = { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };
    assert.deepEqual(read("openai-responses", sse(...endedAs(limited))), cut);
    assert.deepEqual(read("openai-responses", sse(...endedAs({ status: "incomplete" }))), cut);
    const filtered = { status: "incomplete", incomplete_details: { reason: "content_filter" } };
    assert.deepEqual(read("openai-responses", sse(...endedAs(filtered))), { ...cut, finish: "content-filter" });
    assert.deepEqual(read("openai-responses", sse(...endedAs({ status: "cancelled" }))), { ...cut, finish: "error" });

    const failed = endedAs({ status: "failed", error: { code: "server_error", message: "The engine died" } });
    const { events, failure } = readPieces("openai-responses", [Buffer.from(sse(...failed))]);
    assert.deepEqual(failure?.payload, { message: "The engine died", code: "server_error" });
    assert.equal(events.at(-1)?.type, "usage");

    const [text = {}, , end = {}] = endedAs({ status: "in_progress" });
    assert.equal(read("openai-responses", sse(text, end)).finish, "stop", "a status that nobody set at the end");
  });
});
