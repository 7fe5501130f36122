import assert from "node:assert/strict";
import { test } from "node:test";
import { openFence } from "../../../media/state/open-fence.ts";

const cases: readonly (readonly [title: string, text: string, fence: string | undefined])[] = [
  ["no code", "Some words.", undefined],
  ["a block that is closed", "a\n```ts\nx\n```\nb", undefined],
  ["a block that is open", "a\n```ts\nconst x", "```ts"],
  ["the second of two", "```\na\n```\n\n~~~sh\nls", "~~~sh"],
  ["a fence of the other sign within", "~~~\n```\nx", "~~~"],
  ["a shorter fence within", "````md\n```ts\nx\n```\n", "````md"],
  ["a line with words is no closing fence", "```\nx\n``` y", "```"],
  ["backticks within a line", "a ``` b ``` c\n``` a ` b", undefined],
  ["code that is indented four spaces", "    ```ts\nx", undefined],
];

for (const [title, text, fence] of cases) test(`the open block of code: ${title}`, () => assert.equal(openFence(text), fence));
