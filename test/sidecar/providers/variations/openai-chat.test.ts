// Chat completions in forms that the wire allows, or that servers take the liberty of.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { asItems, asObject } from "../../../../sidecar/providers/json-fields.ts";
import { readPieces } from "../../../support/wire-reading.ts";
import type { JsonObject } from "../../../../sidecar/types.ts";
import { chunk, counted, said, stopped } from "./chat-records.ts";
import { CALLED, PLAIN, read, sse, TWICE, type Answer } from "./one-answer.ts";

describe("Chat completions:", () => {
  const nothing: JsonObject = {
    content: null,
    reasoning_content: null,
    reasoning: null,
    refusal: null,
    tool_calls: null,
    function_call: null,
    audio: null,
    annotations: null,
    reasoning_details: null,
  };
  const nulls = (one: JsonObject): JsonObject => ({
    usage: null,
    error: null,
    service_tier: null,
    system_fingerprint: null,
    prompt_progress: null,
    ...one,
  });
  const call = (piece: JsonObject | null, more: JsonObject = {}): JsonObject =>
    chunk({ tool_calls: [{ index: 0, type: "function", function: piece, ...more }] });

  const forms: readonly (readonly [title: string, expected: Answer, records: readonly (JsonObject | string)[]])[] = [
    [
      "null in every field that can be absent",
      PLAIN,
      [
        nulls(chunk(null)),
        nulls(chunk({ ...nothing, role: "assistant", reasoning_content: "Hm." }, {}, { logprobs: null, usage: null, text: null })),
        nulls(chunk({ ...nothing, content: "It is " })),
        nulls(chunk({ ...nothing, content: "7 °C." })),
        nulls(stopped("stop", nothing)),
        nulls({ ...counted, choices: null }),
        "[DONE]",
      ],
    ],
    [
      "the rest of a call under a new id without a name",
      CALLED,
      [
        call({ name: "weather", arguments: '{"city":' }, { id: "c1" }),
        call({ arguments: '"Bern"}' }, { id: "c2" }),
        stopped("tool_calls"),
        counted,
        "[DONE]",
      ],
    ],
    [
      "no choices before, between and behind",
      PLAIN,
      [
        { choices: [] },
        {},
        ...said.flatMap((one) => [one, { choices: [] }]),
        stopped(),
        counted,
        { choices: [] },
        { choices: [], usage: null },
        "[DONE]",
      ],
    ],
    [
      "other choices beside and behind the first",
      PLAIN,
      [
        ...said.map((one) => ({
          ...one,
          choices: [
            {
              index: 1,
              delta: { content: "other", tool_calls: [{ index: 0, id: "x", function: { name: "f", arguments: "{}" } }] },
              finish_reason: "length",
            },
            ...(Array.isArray(one["choices"]) ? one["choices"] : []),
          ],
        })),
        stopped(),
        chunk({ content: "other" }, {}, { index: 1, finish_reason: "length" }),
        counted,
        "[DONE]",
      ],
    ],
    [
      "content as a list of parts",
      PLAIN,
      [
        said[0] ?? {},
        chunk({ content: [] }),
        chunk({ content: [{ type: "text", text: "It is " }, { type: "text", text: "7 " }, { type: "unknown" }, null] }),
        chunk({ content: [{ type: "text", text: "°C." }] }),
        stopped(),
        counted,
        "[DONE]",
      ],
    ],
    [
      "content as one part, and as a list of texts",
      PLAIN,
      [
        said[0] ?? {},
        chunk({ content: { type: "text", text: "It is " } }),
        chunk({ content: ["7 ", "°C."] }),
        stopped(),
        counted,
        "[DONE]",
      ],
    ],
    [
      "a whole message beside an empty delta",
      PLAIN,
      [
        {
          ...counted,
          choices: [
            { index: 0, delta: {}, message: { role: "assistant", reasoning: "Hm.", content: "It is 7 °C." }, finish_reason: "stop" },
          ],
        },
        "[DONE]",
      ],
    ],
    [
      "a whole message that repeats what its deltas said",
      PLAIN,
      [
        ...said.map((one) => ({
          ...one,
          choices: asItems(one["choices"]).map((choice) => ({ ...asObject(choice), message: { content: "It" } })),
        })),
        { ...counted, choices: [{ index: 0, delta: {}, message: { content: "It is 7 °C." }, finish_reason: "stop" }] },
        "[DONE]",
      ],
    ],
    [
      "one call in the place of a list",
      CALLED,
      [
        chunk({ tool_calls: { id: "c1", function: { name: "weather", arguments: '{"city":"Bern"}' } } }),
        stopped("stop"),
        counted,
        "[DONE]",
      ],
    ],
    [
      "reasoning as parts of the content's list, with a summary or without",
      PLAIN,
      [
        chunk({ content: [{ type: "reasoning", summary: [{ type: "summary_text", text: "H", signature: "" }] }] }),
        chunk({ content: [{ type: "reasoning", text: "m." }] }),
        chunk({
          content: [
            { type: "reasoning", summary: [] },
            { type: "text", text: "It is " },
          ],
        }),
        chunk({ content: "7 °C." }),
        stopped(),
        counted,
        "[DONE]",
      ],
    ],
    [
      "reasoning as an object",
      PLAIN,
      [
        chunk({ role: "assistant", reasoning_content: { text: "H" } }),
        chunk({ reasoning_content: { text: "m.", signature: "s" } }),
        chunk({ reasoning_content: { signature: "s" } }),
        ...said.slice(1),
        stopped(),
        counted,
        "[DONE]",
      ],
    ],
    [
      "usage in every chunk, from nothing on",
      PLAIN,
      [
        ...said.map((one, at) => ({ ...one, usage: { prompt_tokens: 9, completion_tokens: at } })),
        { ...stopped(), usage: { prompt_tokens: 9, completion_tokens: 5 } },
        "[DONE]",
      ],
    ],
    [
      "a finish reason with more content in and behind its chunk",
      PLAIN,
      [...said.slice(0, 2), stopped("stop", { content: "7 " }), chunk({ content: "°C." }), counted, "[DONE]"],
    ],
    [
      "a whole message instead of deltas",
      PLAIN,
      [
        {
          ...counted,
          choices: [
            { index: 0, message: { role: "assistant", reasoning: "Hm.", content: "It is 7 °C.", tool_calls: [] }, finish_reason: "stop" },
          ],
        },
        "[DONE]",
      ],
    ],
    [
      "arguments as an object",
      CALLED,
      [call({ name: "weather", arguments: { city: "Bern" } }, { id: "c1" }), stopped("stop"), counted, "[DONE]"],
    ],
    [
      "null for what a piece of a call does not repeat",
      CALLED,
      [
        call({ name: "weather", arguments: null }, { id: "c1" }),
        call({ name: null, arguments: '{"city":' }, { id: null, type: null }),
        call({ name: "", arguments: '"Bern"}' }, { id: "" }),
        call(null),
        stopped("tool_calls"),
        counted,
        "[DONE]",
      ],
    ],
    [
      "calls of nothing",
      PLAIN,
      [
        ...said,
        chunk({ tool_calls: [{}] }),
        chunk({ tool_calls: [{ index: 0, id: null, function: { name: null, arguments: "" } }, null] }),
        stopped(),
        counted,
        "[DONE]",
      ],
    ],
    [
      "calls without ids and places",
      {
        ...TWICE,
        tools: [
          ["call_0", "a", '{"n":1}'],
          ["call_1", "b", '{"n":2}'],
        ],
      },
      [
        chunk({ tool_calls: [{ function: { name: "a", arguments: '{"n":' } }] }),
        chunk({ tool_calls: [{ function: { arguments: "1}" } }] }),
        chunk({ tool_calls: [{ function: { name: "b", arguments: '{"n":2}' } }] }),
        stopped("tool_calls"),
        counted,
        "[DONE]",
      ],
    ],
    [
      "calls of one tool under one index, without ids and each whole",
      {
        ...CALLED,
        tools: [
          ["call_0", "weather", '{"city":"Bern"}'],
          ["call_1", "weather", '{"city":"Basel"}'],
          ["call_2", "weather", '{"city":"Chur"}'],
        ],
      },
      [
        call({ name: "weather", arguments: '{"city":"Bern"}' }, { id: "" }),
        call({ name: "weather", arguments: '{"city":' }, { id: "" }),
        call({ arguments: '"Basel"}' }),
        call({ name: "", arguments: '{"city":"Chur"}' }),
        stopped("stop"),
        counted,
        "[DONE]",
      ],
    ],
    [
      "calls of two tools under one index and one id",
      { ...TWICE, tools: [["c1", "a", '{"n":1}'] as const, ["c1_1", "b", '{"n":2}'] as const] },
      [
        call({ name: "a", arguments: '{"n":1}' }, { id: "c1" }),
        call({ name: "b", arguments: '{"n":2}' }, { id: "c1" }),
        stopped("stop"),
        counted,
        "[DONE]",
      ],
    ],
    [
      "a call that is told of again as a whole",
      CALLED,
      [
        call({ name: "weather", arguments: '{"city":"Bern"}' }, { id: "c1" }),
        call({ name: "weather", arguments: '{"city":"Bern"}' }, { id: "c1" }),
        stopped("tool_calls"),
        counted,
        "[DONE]",
      ],
    ],
    [
      "quirk 39: calls under one index are told apart by their ids, also where their arguments come in pieces",
      TWICE,
      [
        call({ name: "a", arguments: "" }, { id: "c1" }),
        call({ arguments: '{"n":1}' }),
        call({ name: "b", arguments: "" }, { id: "c2" }),
        call({ arguments: '{"n"' }),
        call({ arguments: ":2}" }),
        stopped("tool_calls"),
        counted,
        "[DONE]",
      ],
    ],
    [
      "an empty object in the place of arguments that follow",
      CALLED,
      [
        call({ name: "weather", arguments: "{}" }, { id: "c1" }),
        call({ arguments: '{"city":' }),
        call({ arguments: '"Bern"}' }),
        stopped("tool_calls"),
        counted,
        "[DONE]",
      ],
    ],
    [
      "arguments with braces in their text, cut between them",
      { ...CALLED, tools: [["c1", "weather", '{"code":"f(){}{g()}{}"}'] as const] },
      [
        call({ name: "weather", arguments: '{"code":"f(){}' }, { id: "c1" }),
        call({ arguments: "{g()}" }),
        call({ arguments: '{}"}' }),
        stopped("tool_calls"),
        counted,
        "[DONE]",
      ],
    ],
    [
      "signs of life as records",
      PLAIN,
      [...said.flatMap((one) => [{ type: "ping" }, { object: "heartbeat" }, one]), stopped(), counted, "[DONE]"],
    ],
  ];
  for (const [title, expected, stream] of forms) test(title, () => assert.deepEqual(read("openai-chat", sse(...stream)), expected));

  test("messages in the place of deltas, each with what is new or with all that came, or once more at the end", () => {
    const message = (content: string, finish_reason: string | null = null): JsonObject => ({
      choices: [
        { index: 0, message: { role: "assistant", reasoning_content: content === "It is " ? "Hm." : null, content }, finish_reason },
      ],
    });
    const long = "It is 7 °C. ".repeat(9);
    for (const [words, text] of [
      [["It is ", "7 °C."], PLAIN.text],
      [["It is ", "It is 7", "It is 7 °C."], PLAIN.text],
      [["It is ", "It is 7 °C."], PLAIN.text],
      [["It is ", long, "7 °C."], `It is ${long}7 °C.`],
    ] as const) {
      const records = words.map((one, at) => message(one, at === words.length - 1 ? "stop" : null));
      assert.deepEqual(read("openai-chat", sse(...records, counted, "[DONE]")), { ...PLAIN, text });
    }
    const twice = sse(message(long), message(long, "stop"), counted, "[DONE]");
    assert.deepEqual(read("openai-chat", twice), { ...PLAIN, reasoning: "", text: long });
    const others = { choices: [{ message: { content: "mine" }, finish_reason: "stop" }, { message: { content: "not mine" } }] };
    assert.equal(read("openai-chat", sse(others, counted, "[DONE]")).text, "mine");
  });

  // Without an end it is asked for again, as an answer with an empty body is.
  test("nothing but the mark of the end is no answer", () => {
    assert.deepEqual(read("openai-chat", sse("[DONE]")), { text: "", reasoning: "", tools: [], tokens: null, finish: null });
  });

  for (const [what, delta] of [
    ["a picture", { images: [{ type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } }] }],
    ["sound", { audio: { id: "audio_1", data: "UklGRg==" } }],
  ] as const) {
    test(`${what} beside the text is told of, and the text is whole, also where the next record has its form`, () => {
      const [first = {}, ...rest] = said;
      const stream = sse(first, chunk({ content: "", ...delta }), ...rest, chunk({ content: "", ...delta }), stopped(), counted, "[DONE]");
      assert.deepEqual(read("openai-chat", stream), PLAIN);
      const { events } = readPieces("openai-chat", [Buffer.from(stream)]);
      const warnings = events.filter(({ type }) => type === "warning");
      assert.equal(warnings.length, 2);
      for (const warning of warnings) assert.partialDeepStrictEqual(warning, { code: "media-left-out" });
      assert.match(JSON.stringify(warnings), new RegExp(`holds ${what}`, "u"));
    });
  }

  test("the words of an answer in sound are its text, once", () => {
    const spoken = (audio: JsonObject, content: string | null = null): JsonObject => chunk({ content, audio });
    const [first = {}] = said;
    const words = [spoken({ id: "audio_1", transcript: "It is " }), spoken({ transcript: "7 °C." }, ""), spoken({ data: "UklGRg==" })];
    assert.deepEqual(read("openai-chat", sse(first, ...words, stopped(), counted, "[DONE]")), PLAIN);
    const both = [spoken({ transcript: "It is " }, "It is "), spoken({ transcript: "7 °C." }, "7 °C.")];
    assert.deepEqual(read("openai-chat", sse(first, ...both, stopped(), counted, "[DONE]")), PLAIN);
  });
});
