// Chat completions whose reasoning stands where servers put it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ADAPTERS, foldEvents, readPieces, wireTarget } from "../../../support/wire-reading.ts";
import { asObject } from "../../../../sidecar/providers/json-fields.ts";
import type { ProviderEvent } from "../../../../sidecar/providers/provider.ts";
import type { JsonObject } from "../../../../sidecar/types.ts";
import { chunk, counted, said, stopped } from "./chat-records.ts";
import { PLAIN, read, sse } from "./one-answer.ts";

describe("The reasoning of a chat completion:", () => {
  const detail = (text: string, more: JsonObject = {}): JsonObject => ({
    reasoning_details: [{ type: "reasoning.text", index: 0, text, ...more }],
  });

  const forms: readonly (readonly [title: string, records: readonly JsonObject[]])[] = [
    [
      "a list, of parts and of texts",
      [
        chunk({ reasoning: [{ type: "text", text: "H" }, null] }),
        chunk({ reasoning_content: ["m"], reasoning: ["m"] }),
        chunk({ reasoning: ["."] }),
      ],
    ],
    [
      "its details alone, as a text and as a summary",
      [
        chunk({ content: "", ...detail("H", { format: "MiniMax-response-v1" }) }),
        chunk({ reasoning: null, reasoning_details: [{ type: "reasoning.encrypted", data: "gAAA" }, null] }),
        chunk({ reasoning: "", reasoning_details: [{ type: "reasoning.summary", summary: "m." }] }),
      ],
    ],
    [
      "its details once more, beside it and behind it",
      [chunk({ reasoning: "H", ...detail("H") }), chunk({ reasoning: "m." }), chunk({ reasoning: null, ...detail("Hm.") })],
    ],
  ];
  for (const [title, thought] of forms) {
    test(title, () => {
      assert.deepEqual(read("openai-chat", sse(...thought, ...said.slice(1), stopped(), counted, "[DONE]")), PLAIN);
    });
  }

  test("Claude's details alone are kept to go back, and are no reasoning of the answer", () => {
    const thought = detail("Hm.", { format: "anthropic-claude-v1" });
    const stream = sse(chunk({ content: "", ...thought }), ...said.slice(1), stopped(), counted, "[DONE]");
    assert.deepEqual(read("openai-chat", stream), { ...PLAIN, reasoning: "" });
    const { events } = readPieces("openai-chat", [Buffer.from(stream)]);
    const kept = events.find((event) => event.type === "opaque")?.data;
    assert.deepEqual(kept, { wire: "openai-chat", reasoningDetails: thought["reasoning_details"] });
  });

  const MINIMAX = { model: "MiniMax-M2.7" };
  const thought = (words: string): JsonObject => chunk({ content: "", ...detail(words, { format: "MiniMax-response-v1" }) }, MINIMAX);
  const worded = (words: string): JsonObject => chunk({ content: words }, MINIMAX);
  const ended: readonly (JsonObject | string)[] = [stopped(), counted, "[DONE]"];

  for (const [title, thoughts, words] of [
    ["repeated with what follows it", ["H", "Hm", "Hm."], ["It", "It is ", "It is ", "It is 7", "It is 7 °C."]],
    ["repeated in two pieces", ["Hm."], ["It is ", "It is 7 °C."]],
    ["new alone", ["H", "m", "."], ["It ", "is ", "7 ", "°C."]],
    ["repeated where it is thought, and new where it is said", ["H", "Hm", "Hm."], ["It is ", "7 °C."]],
    ["told in one piece", ["Hm."], ["It is 7 °C."]],
  ] as const) {
    test(`MiniMax's text is read once where each piece is ${title}`, () => {
      const stream = sse(...thoughts.map(thought), ...words.map(worded), ...ended);
      assert.deepEqual(read("openai-chat", stream), PLAIN);
      const { events } = readPieces("openai-chat", [Buffer.from(stream)]);
      const back = asObject(events.find((event) => event.type === "opaque")?.data)?.["reasoningDetails"];
      assert.deepEqual(back, [text("Hm.", { format: "MiniMax-response-v1" })], "what goes back is not repeated either");
      const named = thoughts.map((one) => chunk({ reasoning_content: one, content: null }, MINIMAX));
      assert.deepEqual(read("openai-chat", sse(...named, ...words.map(worded), ...ended)), PLAIN);
    });
  }

  test("pieces that begin alike by chance lose nothing, and are not looked at where nobody repeats them", () => {
    const pieces = (model: string, ...words: readonly string[]): string =>
      read("openai-chat", sse(...words.map((one) => chunk({ content: one }, { model })), ...ended)).text;
    assert.equal(pieces("MiniMax-M2.7", "a", "and", " so on", " and on"), "aand so on and on");
    assert.equal(pieces("MiniMax-M2.7", "ha", "ha", "haha"), "hahahaha");
    assert.equal(pieces("gpt-5", "ha", "haha", "hahaha"), "hahahahahaha");
    // Figures, a sound twice, lines and blanks begin alike oftener than words do.
    for (const words of [
      ["1", "1234"],
      ["2", "25"],
      ["ha", "haha"],
      ["=", "==", "===\n", "Title"],
      [" ", "    ", "        x"],
    ]) {
      assert.equal(pieces("MiniMax-M2.7", ...words), words.join(""));
    }
    assert.equal(pieces("MiniMax-M2.7", "1", "11", "111", "1", "2", "11"), "1111111211");
  });

  test("a whole message behind what it repeats is not read again, whether that came in messages or in deltas", () => {
    const message = (content: string, finish_reason: string | null = null): JsonObject => ({
      choices: [{ index: 0, message: { role: "assistant", content }, finish_reason }],
    });
    const delta = (content: string): JsonObject => ({ choices: [{ index: 0, delta: { content } }] });
    for (const pieces of [
      [message(""), delta("He"), delta("llo")],
      [message("He"), delta("llo")],
      [message("He"), message("llo")],
      [message(""), message("He"), message("llo")],
    ]) {
      assert.equal(read("openai-chat", sse(...pieces, message("Hello", "stop"), "[DONE]")).text, "Hello");
    }
  });

  test("MiniMax is known by the form of its details too, where a gateway names the model", () => {
    const named = ["H", "Hm", "Hm."].map((one) => chunk(detail(one, { format: "MiniMax-response-v1" }), { model: "fast" }));
    const stream = sse(...named, chunk({ content: "It is " }), chunk({ content: "It is 7 °C." }), ...ended);
    assert.deepEqual(read("openai-chat", stream), PLAIN);
  });

  test("the last piece is not lost where the answer is cut, or ends without another", () => {
    assert.equal(read("openai-chat", sse(worded("It is"), worded("It is 7"))).text, "It is 7");
    const whole = {
      ...stopped(),
      object: "chat.completion",
      choices: [{ index: 0, finish_reason: "stop", message: { content: "It is 7" } }],
    };
    const { text: words, finish } = read("openai-chat", sse(worded("It is"), worded("It is 7"), whole));
    assert.deepEqual([words, finish], ["It is 7", "stop"]);
  });

  test("Alibaba's text is read once, whatever its model, where each piece repeats what came before it", () => {
    const target = { ...wireTarget("openai-compatible"), baseUrl: new URL("https://coding.dashscope.aliyuncs.com/v1") };
    const reader = ADAPTERS["openai-chat"].createReader(target);
    const out: ProviderEvent[] = [];
    for (const one of ["It", "It is ", "It is 7 °C."]) reader.readRecord(JSON.stringify(chunk({ content: one })), "", out);
    reader.readRecord(JSON.stringify(stopped()), "", out);
    reader.end(out);
    assert.equal(foldEvents(out).text, PLAIN.text);
  });

  const kept = (...details: readonly JsonObject[]): unknown => {
    const records = details.map((one) => chunk({ content: "", reasoning_details: [one] }));
    const { events } = readPieces("openai-chat", [Buffer.from(sse(...records, ...said.slice(1), stopped(), "[DONE]"))]);
    const data = asObject(events.find((event) => event.type === "opaque")?.data);
    return data?.["reasoningDetails"];
  };
  const text = (words: string | null | undefined, more: JsonObject = {}): JsonObject => ({
    type: "reasoning.text",
    ...(words === undefined ? {} : { text: words }),
    index: 0,
    ...more,
  });
  const signed = { type: "reasoning.text", text: "Hm.", index: 0, signature: "s" };

  for (const [title, last] of [
    ["without a text", text(undefined, { signature: "s" })],
    ["with none for its text", text(null, { signature: "s" })],
    ["with an empty text", text("", { signature: "s" })],
  ] as const) {
    test(`a signature that comes ${title} goes back with what it signs`, () => {
      assert.deepEqual(kept(text("H"), text("m."), last), [signed]);
      const between = text("Oh.", { index: 1 });
      assert.deepEqual(kept(text("Hm."), between, last), [signed, between]);
    });
  }

  test("a signature of nothing that came stays by itself, and so does that of another text", () => {
    const alone = text(undefined, { signature: "s" });
    const other = text(undefined, { signature: "t", index: 1 });
    assert.deepEqual(kept(alone), [alone]);
    assert.deepEqual(kept(text("Hm."), other), [text("Hm."), other]);
    assert.deepEqual(kept(text("Hm."), alone, alone), [signed, alone]);
  });

  test("thoughts under one number, each of them signed, stay as many as they are", () => {
    const end = (signature: string): JsonObject => text(undefined, { signature });
    const second = { ...signed, text: "Oh.", signature: "t" };
    assert.deepEqual(kept(text("H"), text("m."), end("s"), text("O"), text("h."), end("t")), [signed, second]);
    assert.deepEqual(kept(text("H", { signature: "s" }), text("m.", { signature: "s" })), [signed]);
  });
});
