// All that needs a browser, in one launch of it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import "./answering-suite.ts";
import "./asking-suite.ts";
import "./conversation-suite.ts";
import "./markdown-suite.ts";
import "./reloading-suite.ts";
import "./ten-thousand-suite.ts";
import "./themes-suite.ts";
import "./tree-suite.ts";
import { server } from "./page-under-test.ts";

const KILOBYTE = 1024;

describe("The bundle", () => {
  const script = async (name: string): Promise<string> => (await fetch(`${server.origin}/${name}`)).text();
  const bytes = async (name: string): Promise<number> => Buffer.byteLength(await script(name));

  test("is small, and what an empty chat needs of it is there at once", async () => {
    const first = (await bytes("chat.js")) + (await bytes("shared.js"));
    const late = await bytes("markdown.js");
    assert.ok(first > 20 * KILOBYTE && first <= 80 * KILOBYTE, `${first} bytes`);
    assert.ok(late > 100 * KILOBYTE && first + late <= 350 * KILOBYTE, `${first + late} bytes`);
    // What is imported at once is named in the page, so that nothing waits for a file that waits for another.
    const imported = Array.from((await script("chat.js")).matchAll(/\b(?:import|from)"([^"]*)"/g), (match) => match[1]);
    assert.deepEqual(new Set(imported), new Set(["./shared.js"]));
  });

  test("holds no eval and no function made of text, which the page's policy would refuse", async () => {
    for (const name of ["chat.js", "shared.js", "markdown.js"]) assert.doesNotMatch(await script(name), /\beval\(|new Function\(/);
  });
});
