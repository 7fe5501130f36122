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

  const said: Answer = { ...PLAIN, reasoning: "" };
  const created: JsonObject = { type: "response.created", response: { id: "r", status: "in_progress" } };

  test("a response that is called done has ended as it says, and one that had ended before is not ended again", () => {
    const ended = (status: string, more: JsonObject = {}): JsonObject => ({ type: "response.done", response: { status, usage, ...more } });
    const text = delta("output_text", { delta: "It is 7 °C." });
    assert.deepEqual(read("openai-responses", sse(created, text, ended("completed"), "[DONE]")), said);
    const cut = { incomplete_details: { reason: "max_output_tokens" } };
    assert.deepEqual(read("openai-responses", sse(created, text, ended("incomplete", cut), "[DONE]")), { ...said, finish: "length" });
    assert.deepEqual(read("openai-responses", sse(text, incomplete([]), { type: "response.done" })), { ...said, finish: "length" });
  });

  const part = (type: string, text: string, content_index = 0): JsonObject => ({
    type: "response.content_part.done",
    item_id: "m",
    output_index: 0,
    content_index,
    part: type === "refusal" ? { type, refusal: text } : { type, text },
  });

  test("a text is told where it comes in parts that are done alone, and once where it comes otherwise too", () => {
    const parts = [part("reasoning_text", "no text"), part("output_text", "It is "), part("output_text", "7 °C.", 1)];
    assert.deepEqual(read("openai-responses", sse(created, ...parts, completed())), said);
    const pieces = [0, 1].map((at) =>
      delta("output_text", { item_id: "m", output_index: 0, content_index: at, delta: ["It is ", "7 °C."][at] }),
    );
    assert.deepEqual(read("openai-responses", sse(created, ...pieces, ...parts, completed())), said);
    const refused = read("openai-responses", sse(created, part("refusal", "No."), completed()));
    assert.deepEqual([refused.text, refused.finish], ["No.", "content-filter"]);
  });

  test("messages are paragraphs also where their server gives all of them one place", () => {
    const message = (id: string, text: string): readonly JsonObject[] => [
      delta("output_text", { item_id: id, output_index: 0, content_index: 0, delta: text }),
      done({ type: "message", id, content: [{ type: "output_text", text }] }, { output_index: 0 }),
    ];
    const { events } = readPieces("openai-responses", [
      Buffer.from(sse(...message("m1", "First."), ...message("m2", "Second."), completed())),
    ]);
    assert.deepEqual(
      events.flatMap((event) => (event.type === "text-delta" || event.type === "text-gap" ? [event.text] : [])),
      ["First.", "\n\n", "Second."],
    );
  });

  const warningsOf = (...records: readonly JsonObject[]): readonly string[] => {
    const { events } = readPieces("openai-responses", [Buffer.from(sse(...records))]);
    return events.flatMap((event) => (event.type === "warning" ? [`${event.code}: ${event.message ?? ""}`] : []));
  };
  const picture: JsonObject = { type: "image_generation_call", id: "ig", status: "completed", result: "iVBORw0KGgo=" };

  test("a picture in an answer is told of, wherever it comes, and none is where none was made", () => {
    const told = ["media-left-out: The answer holds a picture, which Parley cannot show. Its text is whole."];
    assert.deepEqual(warningsOf(created, done(picture), completed()), told);
    assert.deepEqual(warningsOf(created, completed([picture])), told);
    assert.deepEqual(warningsOf({ object: "response", status: "completed", output: [picture] }), told);
    assert.deepEqual(warningsOf(created, done({ ...picture, status: "failed", result: null }), completed()), []);
  });

  test("sound in an answer is told of, and the words of it are its text, once", () => {
    for (const name of ["output_audio_transcript", "audio_transcript", "audio.transcript"]) {
      const whole: JsonObject = { type: `response.${name}.done`, transcript: "It is 7 °C." };
      const words = [delta(name, { delta: "It is " }), delta(name, { delta: "7 °C." }), whole];
      assert.deepEqual(read("openai-responses", sse(created, ...words, completed())), said, name);
      assert.deepEqual(read("openai-responses", sse(created, whole, completed())), said, name);
    }
    const spoken = { type: "message", content: [{ type: "output_audio", transcript: "It is 7 °C.", data: "UklGRg==" }] };
    assert.deepEqual(read("openai-responses", sse(created, completed([spoken]))), said);
    const told = ["media-left-out: The answer holds sound, which Parley cannot show. Its text is whole."];
    assert.deepEqual(warningsOf(created, completed([spoken])), told);
    assert.deepEqual(warningsOf(created, delta("output_audio", { delta: "UklGRg==" }), completed()), told);
    assert.deepEqual(warningsOf(created, delta("audio", { delta: "UklGRg==" }), completed()), told);
  });
});
