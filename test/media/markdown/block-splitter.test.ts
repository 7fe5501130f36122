import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BlockSplitter } from "../../../media/markdown/block-splitter.ts";
import type { Block } from "../../../media/markdown/block-splitter.ts";
import { createMarkdown } from "../../../media/markdown/markdown.ts";
import { workOf } from "../../support/work-of.ts";
import { pieces, sampleDocument } from "./sample-documents.ts";

const md = createMarkdown();
const SEEDS = Array.from({ length: 1_500 }, (_, seed) => seed);

function takeAll(splitter: BlockSplitter): Block[] {
  const blocks: Block[] = [];
  for (;;) {
    const taken = splitter.take();
    if (taken.length === 0) return blocks;
    blocks.push(...taken);
  }
}

function split(parts: readonly string[]): Block[] {
  const splitter = new BlockSplitter(md);
  const blocks: Block[] = [];
  for (const part of parts) {
    splitter.append(part);
    blocks.push(...takeAll(splitter));
  }
  splitter.end();
  blocks.push(...takeAll(splitter));
  assert.equal(splitter.pending.trim(), "", "all of the text is in a block");
  return blocks;
}

const render = (blocks: readonly Block[]): string => blocks.map(({ text }) => md.render(text, {})).join("");

describe("Splitting a growing Markdown text", () => {
  test("gives blocks that render as the whole text does, for every seed", () => {
    for (const seed of SEEDS) {
      const text = sampleDocument(seed);
      assert.equal(render(split([text])), md.render(text, {}), `seed ${seed}:\n${text}`);
    }
  });

  test("gives the same blocks however the text arrives", () => {
    for (const seed of SEEDS) {
      const text = sampleDocument(seed, 8);
      assert.deepEqual(split(pieces(text, seed)), split([text]), `seed ${seed}:\n${text}`);
    }
  });

  test("gives the same blocks when every character comes by itself", () => {
    for (const seed of SEEDS.slice(0, 100)) {
      const text = sampleDocument(seed, 5);
      assert.deepEqual(split(pieces(text, seed, 1)), split([text]), `seed ${seed}:\n${text}`);
    }
  });

  test("never takes back a block: what is finished is part of the end result", () => {
    for (const seed of SEEDS.slice(0, 300)) {
      const text = sampleDocument(seed, 6);
      const whole = split([text]).map((block) => block.text);
      const splitter = new BlockSplitter(md);
      const seen: string[] = [];
      for (const piece of pieces(text, seed, 5)) {
        splitter.append(piece);
        seen.push(...takeAll(splitter).map((block) => block.text));
        assert.deepEqual(seen, whole.slice(0, seen.length), `seed ${seed}`);
      }
    }
  });

  test("reads all three kinds of line ends, also when one is cut in two", () => {
    const text = "# Title\n\nOne\ntwo\n\n```js\nx\n```\n\nEnd\n";
    const expected = split([text]);
    assert.deepEqual(split(pieces(text.replaceAll("\n", "\r\n"), 1, 1)), expected);
    assert.deepEqual(split(pieces(text.replaceAll("\n", "\r"), 2, 1)), expected);
    assert.deepEqual(split(["a\r"]), split(["a\n"]));
  });

  test("tells an open fence from its first complete line on, and what is in it", () => {
    const splitter = new BlockSplitter(md);
    splitter.append("Before\n\n```ts title");
    assert.deepEqual(takeAll(splitter).length, 0);
    assert.equal(splitter.openFence, undefined);
    splitter.append("\nlet a = 1;\nlet b");
    assert.deepEqual(
      takeAll(splitter).map(({ text }) => text),
      ["Before\n\n"],
    );
    assert.deepEqual(splitter.openFence, { info: "ts title", code: "let a = 1;\nlet b" });
    splitter.append(" = 2;\n```\n");
    assert.deepEqual(takeAll(splitter), [{ text: "```ts title\nlet a = 1;\nlet b = 2;\n```\n", kind: "code" }]);
    assert.equal(splitter.openFence, undefined);
  });

  test("is done with a closed code block before anything follows it", () => {
    const splitter = new BlockSplitter(md);
    splitter.append("~~~~\n~~~\ncode\n~~~~  \n");
    assert.deepEqual(takeAll(splitter), [{ text: "~~~~\n~~~\ncode\n~~~~  \n", kind: "code" }]);
  });

  test("cuts a very long list between its items", () => {
    const item = (index: number): string => `${index}. An item of the list with **words**\n   and a second line\n`;
    const text = Array.from({ length: 1_000 }, (_, index) => item(index + 1)).join("");
    const blocks = split([text]);
    assert.ok(blocks.length > 5, `${blocks.length} blocks`);
    assert.ok(blocks.every((block) => block.text.length < 9_000 && /^\d+\. An item/.test(block.text)));
    assert.equal(blocks.map((block) => block.text).join(""), text);
    assert.deepEqual(split(pieces(text, 3, 400)), blocks);
    const items = (html: string): string => html.replace(/<\/?ol[^>]*>\n?/g, "");
    assert.equal(items(render(blocks)), items(md.render(text, {})), "every item is as in the whole list");
  });

  test("cuts a very long paragraph between its lines, and a line without end where it must", () => {
    const lines = "word ".repeat(20).concat("\n").repeat(2_000);
    for (const text of [lines, "x".repeat(500_000), "a\n".concat("👩‍👩‍👧‍👦".repeat(20_000)), `[a]: b\n${"y".repeat(200_000)}`]) {
      const blocks = split([text]);
      assert.equal(blocks.map((block) => block.text).join(""), text);
      assert.ok(
        blocks.every((block) => block.text.length <= 65_536),
        `${Math.max(...blocks.map((block) => block.text.length))}`,
      );
      assert.ok(blocks.every((block) => block.text.isWellFormed()));
    }
  });

  test("keeps one block of code whole, however long it is", () => {
    const code = "let x = 1;\n".repeat(50_000);
    const blocks = split(pieces(`\`\`\`\n${code}\`\`\`\nafter\n`, 4, 60_000));
    assert.deepEqual(
      blocks.map(({ kind }) => kind),
      ["code", "other"],
    );
    assert.equal(blocks[0]?.text.length, code.length + 8);
  });

  test("comes to the end of a long text that arrives whole, whatever it begins with", () => {
    const code = "let x = 1;\n".repeat(10_000);
    for (const text of [
      `\n\n\`\`\`\n${code}\`\`\`\nafter\n`,
      `${"\n".repeat(200_000)}after`,
      "[a]: b\n".repeat(30_000).concat("after"),
      `\`\`\`\n${code}`,
    ]) {
      const rendered = render(split([text]));
      assert.ok(rendered.includes("after") || rendered.includes("let x"), text.slice(0, 10));
      assert.equal(rendered, md.render(text, {}));
    }
  });

  test("stays quick on texts that are made to be slow", () => {
    const hostile = [
      "[".repeat(30_000),
      "`".repeat(30_000),
      "*a ".repeat(20_000),
      "> ".repeat(20_000),
      "- ".repeat(20_000),
      "|".repeat(40_000),
      "![](".repeat(10_000),
    ];
    for (const text of hostile) {
      const took = workOf(() => render(split([text])));
      assert.ok(took < 5_000, `${text.slice(0, 4)}: ${Math.round(took)} ms`);
    }
  });
});
