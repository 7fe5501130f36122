// All that needs a browser, in one launch of it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import "./answering-suite.ts";
import "./asking-suite.ts";
import "./conversation-suite.ts";
import "./markdown-suite.ts";
import "./themes-suite.ts";
import { server } from "./page-under-test.ts";

/** Bytes. */
const LARGEST_SCRIPT = 350 * 1024;

describe("The bundle", () => {
  const script = async (): Promise<string> => (await fetch(`${server.origin}/chat.js`)).text();

  test("is small enough to be there at once", async () => {
    const { length } = Buffer.from(await script());
    assert.ok(length > 100_000 && length <= LARGEST_SCRIPT, `${(length / 1024).toFixed(1)} KB`);
  });

  test("holds no eval and no function made of text, which the page's policy would refuse", async () => {
    assert.doesNotMatch(await script(), /\beval\(|new Function\(/);
  });
});
