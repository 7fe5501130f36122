// What becomes of the words that a model answers with when it is asked for a title.

import assert from "node:assert/strict";
import { test } from "node:test";
import { generatedTitle } from "../../../sidecar/sessions/generated-title.ts";
import { answers, scriptedLlm } from "../scripted-provider.ts";
import { answered, userMessage } from "./store-kinds.ts";

const question = userMessage("s", null, "How is tea dried?");
const answer = { ...userMessage("s", question.id, ""), message: answered("In the sun.") };

const titles: readonly (readonly [what: string, said: string, title: string | undefined])[] = [
  ["a title alone is taken", "Drying green tea", "Drying green tea"],
  ["marks around it are taken off", '## **Title:** "Drying tea".', "Drying tea"],
  ["what moves a terminal's cursor is left out", "\u001b[31mDrying\u001b[0m \u0000tea\u0007\u009b", "Drying tea"],
  ["what turns the direction of a text around is left out", "\u202eDrying\u2066 tea\u2069\u200f", "Drying tea"],
  ["a text from right to left stays as it is", "تجفيف الشاي", "تجفيف الشاي"],
  ["an object gives its title", '{"title": "Drying\\u001b tea"}', "Drying tea"],
  ["an object in a fence gives its title", '```json\n{\n  "title": "Drying tea"\n}\n```', "Drying tea"],
  ["braces in a title belong to it", "Why {} is not {a}", "Why {} is not {a}"],
  ["a line that leads to the title is left out", "Sure! Here is a title:\n\nDrying tea", "Drying tea"],
  ["words that lead to it on the same line are left out", "Sure! Here's a title for it: Drying tea", "Drying tea"],
  ["the name of what follows is left out", "Title:\nDrying tea", "Drying tea"],
  ["any line that ends with a colon leads to the next", "Titel der Unterhaltung:\n**Tee trocknen**", "Tee trocknen"],
  ["a greeting is left out", "Certainly!\nDrying tea", "Drying tea"],
  ["words that lead to nothing are no title", "Sure! Here is a title:", undefined],
  ["a title may hold a colon, and begin with such words", "Here comes tea: how it is dried", "Here comes tea: how it is dried"],
  ["a word that only begins like a greeting stays", "Okayama tea fields", "Okayama tea fields"],
  ["a title may begin with a word of assent", "OK, computer", "OK, computer"],
  ["bold words that lead to it are left out", "**Sure, here is a title:** Drying tea", "Drying tea"],
  ["a text in a fence is the title", "```text\nDrying tea\n```", "Drying tea"],
  ["a colon at the end of all there is leads nowhere", "Drying tea:", "Drying tea:"],
  ["nothing but marks is no title", "\u001b[0m**\n", undefined],
  ["a long one is cut between words", "Tea ".repeat(40), `${"Tea ".repeat(14)}Tea…`],
];

for (const [what, said, title] of titles) {
  test(`${what}: ${JSON.stringify(said.slice(0, 40))}`, async () => {
    const { provider, llm } = scriptedLlm();
    provider.enqueue(answers(said));
    assert.equal(await generatedTitle(llm, question, answer, new AbortController().signal), title);
  });
}
