import assert from "node:assert/strict";
import { test } from "node:test";
import { titleOf } from "../../../sidecar/sessions/title.ts";
import type { UserPart } from "../../../sidecar/types.ts";

const file: UserPart = { type: "file", uri: "file:///a/b.ts", name: "a/b.ts", text: "let x;" };
const words = (text: string): UserPart => ({ type: "text", text });

const titles: readonly (readonly [title: string, question: readonly UserPart[], expected: string])[] = [
  ["a short question is its own title", [words("What is a closure?")], "What is a closure?"],
  ["white space becomes single spaces", [words("  What\n\n is\ta closure?  ")], "What is a closure?"],
  [
    "a long question is cut between words",
    [words("Explain to me in one paragraph how a garbage collector finds what is still in use")],
    "Explain to me in one paragraph how a garbage collector…",
  ],
  ["a text without spaces is cut between characters", [words("語".repeat(80))], `${"語".repeat(60)}…`],
  ["no character is cut in two", [words("👩‍👩‍👧".repeat(70))], `${"👩‍👩‍👧".repeat(60)}…`],
  ["a question of only a file is named by it", [file], "a/b.ts"],
  ["the words come before the file", [file, words("Explain this.")], "Explain this."],
  ["a question without words has a name all the same", [{ type: "image", mediaType: "image/png", data: "" }], "Conversation"],
];

for (const [title, question, expected] of titles) {
  test(title, () => assert.equal(titleOf(question), expected));
}
