import assert from "node:assert/strict";
import { test } from "node:test";
import { fileNameOf } from "../../extension/archive/file-name.ts";

test("a conversation's file is called as the conversation, without what file systems refuse", () => {
  for (const [title, name] of [
    ["What is plucked?", "What is plucked"],
    ["a/b\\c: d|e\t\n\u0000f", "a b c d e f"],
    ["../../etc/passwd", "etc passwd"],
    [".hidden", "hidden"],
    ["-rf $(x) `y`", "rf (x) y"],
    ["ends with dots...", "ends with dots"],
    ["茶葉の摘み方", "茶葉の摘み方"],
    ["", "Conversation"],
    ["???", "Conversation"],
    ["CON", "Conversation"],
    ["x".repeat(200), "x".repeat(60)],
    ["😀".repeat(70), "😀".repeat(60)],
    ["\u202Eevil", "evil"],
  ] as const) {
    assert.equal(fileNameOf(title, "Conversation"), name, JSON.stringify(title));
  }
});
