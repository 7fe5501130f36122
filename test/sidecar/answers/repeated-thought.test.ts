// A thought that comes by itself, and between tags in the text as well, as MiniMax sends it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ThinkText } from "../../../sidecar/answers/thinking/think-text.ts";
import type { ProviderEvent } from "../../../sidecar/providers/provider.ts";
import { finish, text } from "../scripted-provider.ts";
import { everyCut, folded, told } from "./cut-answers.ts";

const thought = (value: string): ProviderEvent => ({ type: "reasoning-delta", text: value });
const LONG = "The user asks for the sum of two and two, which everybody knows. ".repeat(8);
const CUT: ProviderEvent = { type: "finish", finishReason: "length", rawFinishReason: "length" };

/** One chunk brings both: what is thought first, the text after it. */
function toldInChunks(...chunks: readonly (readonly [thought: string, text: string])[]): ReturnType<typeof folded> {
  const thinking = new ThinkText("none");
  const events = chunks.flatMap(([one, other]) => [
    ...thinking.read([...(one === "" ? [] : [thought(one)]), ...(other === "" ? [] : [text(other)])]),
  ]);
  return folded([...events, ...thinking.read([finish])]);
}

describe("A thought that comes by itself and in the text", () => {
  test("is told once, and its tags are no part of the text, in pieces that come together", () => {
    const expected = { reasoning: "The user asks.", text: "Four." };
    assert.deepEqual(toldInChunks(["The user", "<think>The user"], [" asks.", " asks."], ["", "</think>\n\nFour."]), expected);
    assert.deepEqual(toldInChunks(["The user", "<think>\nThe user"], [" asks.", " asks.\n</think>\n\nFour."]), expected);
    assert.deepEqual(toldInChunks(["The user asks.", "<think>\nThe user asks.\n</think>\n\nFour."]), expected);
  });

  test("is told once where the opening tag comes alone before it", () => {
    const expected = { reasoning: "The user asks.", text: "Four." };
    assert.deepEqual(
      toldInChunks(["", "<think>\n"], ["The user", "The user"], [" asks.", " asks."], ["", "\n</think>\n\nFour."]),
      expected,
    );
    assert.deepEqual(toldInChunks(["", "<think>"], ["The user asks.", ""], ["", "</think>\n\nFour."]), expected);
  });

  for (const words of ["I add.", LONG]) {
    test(`is told once, wherever a text of ${words.length} characters is cut`, () => {
      for (const pieces of everyCut(`\n<think>\n${words}\n</think>\n\nFour.`)) {
        const seen = told([thought(words), ...pieces]);
        assert.deepEqual(seen, { reasoning: words, text: "Four.", opens: undefined }, JSON.stringify(pieces));
      }
    });
  }

  test("is told once where the text quotes the closing tag in it, or is cut in it", () => {
    const quotes = "They ask about `</think>` tags.";
    assert.deepEqual(toldInChunks([quotes, `<think>${quotes}</think>It ends it.`]), { reasoning: quotes, text: "It ends it." });
    for (const ending of [CUT, null]) {
      const seen = told([thought("I add 2"), "<think>I ad", thought(" and 2"), "d 2 and"], { ending });
      assert.deepEqual(seen, { reasoning: "I add 2 and 2", text: "", opens: undefined });
    }
  });

  test("is another one where the text says something else between the tags: then that is text, tags and all", () => {
    const answers = [
      "<think>I add</think> marks it.",
      " <think>\n</think> marks it.",
      "<think>I add. More.</think>\n",
      `<think>${LONG}</think>x`,
    ];
    for (const answer of answers) {
      for (const pieces of everyCut(answer)) {
        const seen = told([thought("I add."), ...pieces]);
        assert.deepEqual(seen, { reasoning: "I add.", text: answer, opens: undefined }, JSON.stringify(pieces));
      }
    }
    assert.deepEqual(toldInChunks(["", "<think>\n"], ["I add.", ""], ["", "Four."]), { reasoning: "I add.", text: "Four." });
  });

  test("loses nothing of a text that is cut in or before a tag", () => {
    for (const answer of ["\n", "<thi", " <think", "<think>So", "<think>I add. And"]) {
      for (const pieces of everyCut(answer)) {
        const seen = told([thought("I add."), ...pieces], { ending: CUT });
        assert.deepEqual(seen, { reasoning: "I add.", text: answer, opens: undefined }, JSON.stringify(pieces));
      }
    }
  });

  test("is passed on as it comes, and what follows it at once", () => {
    const thinking = new ThinkText("none");
    thinking.read([thought("I")]);
    for (const batch of [[thought(" add"), thought(" up.")], [text("Four")], [text(" <think>")]]) {
      assert.deepEqual(thinking.read(batch), batch);
    }
  });
});
