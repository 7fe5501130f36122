// What the demo model is written with: number format, codewords, file format, vocabulary, and the whole file's bytes.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ByteVocabulary } from "../../../../sidecar/local/demo/byte-vocabulary.ts";
import { CODE_LENGTH, CODE_WORDS, codeword } from "../../../../sidecar/local/demo/codewords.ts";
import { distinctWords } from "../../../../sidecar/local/demo/demo-model.ts";
import { CIRCLE, INTRODUCTION, SCRIPT } from "../../../../sidecar/local/demo/demo-text.ts";
import { float16Bits } from "../../../../sidecar/local/demo/float16.ts";
import { writeDemoModel } from "../../../../sidecar/local/demo/generate.ts";
import { encodeGguf } from "../../../../sidecar/local/demo/gguf-writer.ts";
import { merges } from "../../../../sidecar/local/demo/merges.ts";

/** What the build must make on every machine. Changes with the model: take it from the failing test then. */
const DEMO_SHA256 = "f06e6ac116b45a77b578d02be8635f42124d792de1e52d29987065f7121ff26a";

describe("half precision", () => {
  test("has the bits that the standard gives, ties rounded to even", () => {
    const table: readonly (readonly [number, number])[] = [
      [0, 0x0000],
      [-0, 0x8000],
      [1, 0x3c00],
      [-2, 0xc000],
      [65504, 0x7bff],
      [65519.99, 0x7bff],
      [65520, 0x7c00],
      [-Infinity, 0xfc00],
      [2 ** -14, 0x0400],
      [2 ** -24, 0x0001],
      [2 ** -25, 0x0000],
      [1.5 * 2 ** -24, 0x0002],
      [1 / 3, 0x3555],
      [1 + 2 ** -11, 0x3c00],
      [1 + 3 * 2 ** -11, 0x3c02],
      [1 + 2 ** -11 + 2 ** -20, 0x3c01],
      [2 - 2 ** -12, 0x4000],
    ];
    for (const [value, bits] of table) assert.equal(float16Bits(value), bits, `${value}`);
  });
});

describe("codewords", () => {
  test("are told apart by their dot product: 16 with themselves, at most 8 with any other", () => {
    const words = Array.from({ length: CODE_WORDS }, (_, index) => codeword(index));
    // The code is linear: the distances to the first word are the distances that occur at all.
    const dots = words.map((word) => word.reduce((sum, sign, i) => sum + sign * (words[0]?.[i] ?? 0), 0));
    assert.equal(dots[0], CODE_LENGTH);
    assert.ok(dots.slice(1).every((dot) => dot <= 8));
    assert.equal(new Set(words.map((word) => word.join())).size, CODE_WORDS);
    assert.throws(() => codeword(CODE_WORDS), /2048 is not one of them/);
  });
});

describe("a GGUF file", () => {
  test("has header, metadata, tensor table and data where the format says", () => {
    const bytes = Buffer.from(
      encodeGguf({ "a.b": { type: "uint32", value: 7 }, c: { type: "array", of: "string", value: ["é", ""] } }, [
        { name: "t1", format: "F16", dimensions: [3], data: Float32Array.of(1, -2, 0) },
        { name: "t2", format: "F32", dimensions: [1, 2], data: Float32Array.of(0.5, 3) },
      ]),
    );
    assert.equal(bytes.toString("latin1", 0, 4), "GGUF");
    assert.deepEqual([bytes.readUInt32LE(4), bytes.readBigUInt64LE(8), bytes.readBigUInt64LE(16)], [3, 2n, 2n]);
    assert.equal(bytes.toString("utf8", 32, 35), "a.b");
    assert.deepEqual([bytes.readUInt32LE(35), bytes.readUInt32LE(39)], [4, 7]);
    assert.equal(bytes.length % 32, 0);
    const [second, first] = [bytes.length - 32, bytes.length - 64];
    assert.deepEqual(
      [0, 2, 4].map((at) => bytes.readUInt16LE(first + at)),
      [0x3c00, 0xc000, 0],
    );
    assert.deepEqual([bytes.readFloatLE(second), bytes.readFloatLE(second + 4)], [0.5, 3]);
  });

  test("is refused where a tensor's numbers do not fill its dimensions", () => {
    const tensor = { name: "t", format: "F32", dimensions: [2, 2], data: Float32Array.of(1) } as const;
    assert.throws(() => encodeGguf({}, [tensor]), /t has 1 numbers, its dimensions say 4/);
  });
});

describe("the demo's vocabulary", () => {
  test("cuts what the demo says into words that are all different and join up to the text again", () => {
    const used = new Set([" the", "a"]);
    const words = distinctWords("a b the the\n\nthe end\n", used);
    assert.equal(words.join(""), "a b the the\n\nthe end\n");
    assert.equal(new Set(words).size, words.length);
    assert.ok(!words.includes(" the") && !words.includes("a"));
    for (const text of [INTRODUCTION, SCRIPT]) assert.equal(distinctWords(text, new Set()).join(""), text);
    assert.throws(() => distinctWords("so so", new Set(["so", " so", "so so"])), /ends the text/);
    assert.equal(new Set(CIRCLE).size, CIRCLE.length, "the circle's letters are told apart by themselves");
  });

  test("has every text once, and the upper case of every byte and piece", () => {
    const vocabulary = new ByteVocabulary({ control: ["<|x|>"], merges: ["t h", "Ġ th", "T H"], words: ["a word", " — "] });
    const tokens = vocabulary.metadata()["tokenizer.ggml.tokens"];
    assert.ok(tokens?.type === "array" && tokens.of === "string");
    assert.equal(new Set(tokens.value).size, tokens.value.length);
    const upper = (text: string): string | undefined => tokens.value[vocabulary.upperCase[tokens.value.indexOf(text)] ?? -1];
    assert.deepEqual(["a", "Z", "~", "th", "Ġth", "TH", "<|x|>"].map(upper), ["A", "Z", "~", "TH", "ĠTH", "TH", "<|x|>"]);
    assert.equal(upper("aĠword"), "aĠword", "words that are only printed stay as they are");
    assert.equal(tokens.value[vocabulary.token(" — ")], "ĠâĢĶĠ");
    assert.throws(() => vocabulary.token("missing"), /"missing" is not in the vocabulary/);
  });

  test("joins letters and spaces only, so that a command's two signs stay tokens of their own", () => {
    for (const merge of merges) assert.match(merge, /^[A-Za-zĠ]+ [A-Za-zĠ]+$/);
  });
});

describe("the demo model's file", () => {
  test("is the same bytes each time, and not written again where it is there already", () => {
    const folder = mkdtempSync(join(tmpdir(), "parley-demo-"));
    try {
      const file = join(folder, "demo.gguf");
      const first = writeDemoModel(file);
      const written = statSync(file).ino;
      assert.deepEqual(writeDemoModel(file), first);
      assert.equal(statSync(file).ino, written);
      assert.equal(createHash("sha256").update(readFileSync(file)).digest("hex"), first.sha256);
      assert.equal(first.sha256, DEMO_SHA256);
      // In a process of its own nothing is left over from the first run.
      const generator = new URL("../../../../sidecar/local/demo/generate.ts", import.meta.url).href;
      const script = `import { writeDemoModel } from ${JSON.stringify(generator)}; console.log(writeDemoModel(process.argv[1]).sha256);`;
      const again = execFileSync(process.execPath, ["--input-type=module", "-e", script, join(folder, "again.gguf")], { encoding: "utf8" });
      assert.equal(again.trim(), DEMO_SHA256);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
