// How many tokens texts of many kinds have, against what tokenizers have counted: o200k (GPT, gpt-oss), cl100k (GPT-4; Qwen's and
// Llama 3's begin with it), and o200k with one token for each digit, as Gemma's, Qwen's and Mistral's have.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { tokensOfText } from "../../../sidecar/answers/text-tokens.ts";

const lines = (count: number, line: (index: number) => string): string => Array.from({ length: count }, (_, index) => line(index)).join("");
const digest = (index: number): string => createHash("sha256").update(String(index)).digest("hex");

interface Counted {
  readonly text: string;
  readonly o200k: number;
  readonly cl100k: number;
  readonly digitByDigit: number;
}

const counted: Readonly<Record<string, Counted>> = {
  "hexadecimal digits": { text: lines(100, (i) => `${digest(i)}\n`), o200k: 3760, cl100k: 3743, digitByDigit: 5739 },
  base64: {
    text: lines(100, (i) => Buffer.from(digest(i), "hex").toString("base64")),
    o200k: 3005,
    cl100k: 3160,
    digitByDigit: 3111,
  },
  "columns of numbers": {
    text: lines(100, (i) => `${(i * 7919) % 1000}.${(i * 31) % 1000},${(i * 17) % 97}.5\n`),
    o200k: 800,
    cl100k: 800,
    digitByDigit: 1260,
  },
  "a server's log": {
    text: lines(50, (i) => `2026-11-22T13:07:${10 + i}.125Z ${digest(i).slice(0, 8)} 10.0.${i}.7 GET /api 200\n`),
    o200k: 1721,
    cl100k: 1720,
    digitByDigit: 2496,
  },
  "a table of a database's terminal": {
    text: `${" ".repeat(60)}| ${"active".padEnd(30)} |\n`.repeat(100),
    o200k: 500,
    cl100k: 500,
    digitByDigit: 500,
  },
  "source code between lines of dashes": {
    text: `//${"-".repeat(78)}\n// Section\nint x;\n`.repeat(100),
    o200k: 701,
    cl100k: 700,
    digitByDigit: 701,
  },
  "nothing but spaces": { text: " ".repeat(4000), o200k: 32, cl100k: 32, digitByDigit: 32 },
  prose: {
    text: "The quick brown fox jumps over the lazy dog, and nobody minds. ".repeat(50),
    o200k: 701,
    cl100k: 701,
    digitByDigit: 701,
  },
  "source code": {
    text: "  const found = list.find(({ name }) => name === wanted) ?? null;\n".repeat(50),
    o200k: 850,
    cl100k: 850,
    digitByDigit: 850,
  },
  JSON: {
    text: lines(50, (id) => `${JSON.stringify({ id, name: `item ${id}`, tags: ["a", "b"], done: id % 2 === 0 })}\n`),
    o200k: 1100,
    cl100k: 1050,
    digitByDigit: 1180,
  },
  Thai: { text: "สำนักเลขานุการองค์กร".repeat(100), o200k: 400, cl100k: 1700, digitByDigit: 400 },
  Chinese: { text: "这是一个测试句子，用来测量标记的数量。".repeat(30), o200k: 420, cl100k: 540, digitByDigit: 420 },
};

describe("the tokens of a text", () => {
  for (const [what, { text, o200k, cl100k, digitByDigit }] of Object.entries(counted)) {
    it(`are between the least and the most that are reckoned, whichever tokenizer counts: ${what}`, () => {
      const { least, probable, most } = tokensOfText(text);
      for (const count of [o200k, cl100k, digitByDigit]) assert.ok(least <= count && count <= most, `${least} ≤ ${count} ≤ ${most}`);
      assert.ok(least <= probable && probable <= most, `${least} ≤ ${probable} ≤ ${most}`);
    });
  }

  for (const what of ["prose", "source code", "JSON", "a server's log", "columns of numbers", "hexadecimal digits", "Chinese"]) {
    it(`are probably what is reckoned, give or take a quarter: ${what}`, () => {
      const { text = "", o200k = 0 } = counted[what] ?? {};
      const { probable } = tokensOfText(text);
      assert.ok(probable > o200k * 0.75 && probable < o200k * 1.25, `${probable}, and not ${o200k}`);
    });
  }

  it("are at least one for each word, and for each change between letters and digits in what is no word", () => {
    assert.equal(tokensOfText("don't say snake_case, (don't)").least, 4);
    assert.equal(tokensOfText("<h1>").least, 1);
    assert.equal(tokensOfText("a1b2c3d4").least, 8);
    // The sign before a digit stands alone.
    assert.equal(tokensOfText("10.20.30").least, 5);
    assert.deepEqual(tokensOfText(""), { least: 0, probable: 0, most: 0 });
  });
});
