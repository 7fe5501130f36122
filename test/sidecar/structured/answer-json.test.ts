// The JSON that is found in an answer, in the order in which it is tried.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { jsonIn } from "../../../sidecar/structured/answer-json.ts";

const found = (text: string): readonly string[] => Array.from(jsonIn(text), ({ json }) => json);
const fence = (inside: string): string => `\`\`\`json\n${inside}\n\`\`\``;

describe("The JSON of an answer", () => {
  for (const [title, text, expected] of [
    ["is the whole of it where that is JSON, and nothing that stands in it", ' {"a":{"b":[1]}}\n', ['{"a":{"b":[1]}}']],
    ["may be a single value", ' "yes" ', ['"yes"']],
    [
      "is what stands in the last fence first",
      `Try:\n${fence('{"a":1}')}\nNo:\n${fence('{"a":2}')}\nDone.`,
      ['{"a":2}', '{"a":1}', '{"a":2}', '{"a":1}'],
    ],
    [
      "is the largest between brackets first, wherever words speak of others",
      'See [1]: {"a":"x"} and [2, 3].',
      ['{"a":"x"}', "[2, 3]", "[1]"],
    ],
    ["is found behind brackets that hold none", 'Of {course} and [so on]: {"a":"} ]"}', ['{"a":"} ]"}']],
    ["is found beside quotes and feet", 'It is 5" long: {"a":5}', ['{"a":5}']],
    [
      "is found between fences that are indented, and whose lines end as in Windows",
      '1.\r\n  ```json\r\n  "yes"\r\n  ``` \r\nSo.',
      ['"yes"'],
    ],
    ["is found in a fence behind one that closes none", 'Lines of\n```js` ```\nand\n```\n"yes"\n```', ['"yes"']],
    ["is no part of JSON with a fault in it", '{"list":[{"a":1},{"a":2},]}', []],
    ["is no part of JSON that was cut", 'Here: {"list":[{"a":1},{"a":', []],
    ["is in no text without it", "I would rather not.", []],
    ["is not looked for behind a closing bracket alone", "so ] be it", []],
  ] as const) {
    test(title, () => assert.deepEqual(found(text), expected));
  }

  test("is looked for in so many places and no more", () => {
    assert.equal(found("[1] ".repeat(1000)).length, 16);
    assert.equal(found(`${fence("[2]")}\n`.repeat(1000)).length, 32);
  });

  test("is looked for once in fences that are never closed, however many they are", () => {
    // From each of them to the end would be ten billion lines.
    assert.deepEqual(found("```x\n".repeat(150_000)), []);
  });

  test("is none where it holds as many values as could fill the memory", () => {
    const many = (count: number): string => `[${"1,".repeat(count - 1)}1]`;
    assert.equal(found(many(1_900_000)).length, 1);
    assert.deepEqual(found(many(2_100_000)), []);
  });
});
