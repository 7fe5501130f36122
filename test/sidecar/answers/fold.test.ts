// The whole answer out of its events, read at any moment.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AnswerFold } from "../../../sidecar/answers/fold.ts";
import type { StreamEventBody } from "../../../sidecar/types.ts";

function folded(bodies: readonly StreamEventBody[]): AnswerFold {
  const fold = new AnswerFold("bench/model");
  fold.add(bodies.map((body, index) => ({ ...body, seq: index + 1 })));
  return fold;
}

const text = (words: string): StreamEventBody => ({ type: "text-delta", text: words });
const thought = (words: string): StreamEventBody => ({ type: "reasoning-delta", text: words });

describe("an answer is folded", () => {
  test("deltas of one kind that follow each other are one part, in the order in which they came", () => {
    const { content, reasoning, toolCalls, message } = folded([
      thought("Let me "),
      thought("see."),
      text("Look"),
      text("ing."),
      { type: "tool-call", id: "1", name: "look", arguments: "{}" },
      text("Done."),
    ]).result();
    const call = { type: "tool-call", id: "1", name: "look", arguments: "{}" } as const;
    assert.deepEqual(message.content, [
      { type: "reasoning", text: "Let me see." },
      { type: "text", text: "Looking." },
      call,
      { type: "text", text: "Done." },
    ]);
    assert.deepEqual([content, reasoning, toolCalls], ["Looking.Done.", "Let me see.", [call]]);
  });

  test("what has come can be read after each of thousands of deltas, and stays as it was read", () => {
    const fold = folded([]);
    const expected = Array.from({ length: 3000 }, (_, index) => `${index} `);
    let whole = "";
    let early: string | undefined;
    for (const [index, words] of expected.entries()) {
      fold.add([{ type: "text-delta", text: words, seq: index + 1 }]);
      whole += words;
      if (index % 97 !== 0) continue;
      const { content, message } = fold.result();
      assert.deepEqual([content, message.content], [whole, [{ type: "text", text: whole }]]);
      early ??= content;
    }
    assert.deepEqual([fold.result().content, early], [whole, "0 "]);
  });

  test("what is taken back is gone, and text on both sides of it is one part", () => {
    const { content, reasoning, message } = folded([
      text("Before"),
      thought("no text"),
      { type: "discard", what: "reasoning" },
      text(" and after."),
    ]).result();
    assert.deepEqual(message.content, [{ type: "text", text: "Before and after." }]);
    assert.deepEqual([content, reasoning], ["Before and after.", ""]);
  });

  test("a further attempt begins from nothing", () => {
    const { content, message } = folded([text("wrong"), { type: "attempt", number: 2, of: 3 }, text("right")]).result();
    assert.deepEqual([content, message.content], ["right", [{ type: "text", text: "right" }]]);
  });
});
