// What the demo model answers, asked by the real llama.cpp. Whole conversations go through the inference process; where every
// position counts, the right answer is put before the model and each of its predictions compared, which needs one pass.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { LlamaContextSequence, LlamaModel, Token } from "node-llama-cpp";
import { demoModel } from "../../../../sidecar/local/demo/demo-model.ts";
import { CIRCLE, INTRODUCTION, SCRIPT } from "../../../../sidecar/local/demo/demo-text.ts";
import { writeDemoModel } from "../../../../sidecar/local/demo/generate.ts";
import { ChatPrompts } from "../../../../sidecar/local/inference/chat-prompts.ts";
import { llamaRuntime } from "../../../../sidecar/local/inference/llama-runtime.ts";
import type { ChatTurn } from "../../../../sidecar/local/inference-messages.ts";

const { echoes } = demoModel();
const folder = mkdtempSync(join(tmpdir(), "parley-demo-"));
let model: LlamaModel;
let sequence: LlamaContextSequence;
let prompts: ChatPrompts;

before(async () => {
  const modelPath = join(folder, "demo.gguf");
  writeDemoModel(modelPath);
  const runtime = await llamaRuntime();
  model = await runtime.llama.loadModel({ modelPath });
  const context = await model.createContext({ sequences: 1, contextSize: model.trainContextSize, threads: 1 });
  sequence = context.getSequence();
  prompts = new ChatPrompts(runtime, model);
});
after(async () => {
  await model.dispose();
  rmSync(folder, { recursive: true });
});

type Turns = readonly (readonly [ChatTurn["role"], string])[];
const upperCase = (text: string): string => text.replace(/[a-z]/g, (letter) => letter.toUpperCase());

async function ask(turns: Turns, { echo = false, limit = 2000, temperature = 0 } = {}): Promise<string> {
  const { tokens } = prompts.prompt(
    turns.map(([role, text]) => ({ role, text })),
    echo ? { echo } : {},
  );
  await sequence.clearHistory();
  const answer: Token[] = [];
  for await (const token of sequence.evaluate([...tokens], { temperature, topK: 40, topP: 0.95, seed: 1 })) {
    answer.push(token);
    if (answer.length === limit) break;
  }
  return model.detokenize(answer);
}

/** Deterministic text of all sorts, with repetitions. */
function mixedText(bytes: number, seed: number): string {
  const pool = [
    "a",
    "b",
    " ",
    "\n",
    "Zz",
    "é",
    "✓",
    "the ",
    "return ",
    "abcabc",
    "^",
    "$",
    "<|end|>",
    "<|user|>",
    "🎉",
    "0",
    "\t",
    "\u0000",
  ];
  let state = seed;
  let text = "";
  while (Buffer.byteLength(text) < bytes) {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    text += pool[(state >> 8) % pool.length];
  }
  return text;
}

describe("asked as echo", () => {
  test("the answer is the last question in upper case, exactly", async () => {
    const questions = [
      "hello World",
      "x",
      "^= ^^ is no command here",
      "$ # %",
      "- déjà vu ✓ 日本語 🎉",
      "<|end|> is text",
      "  two  spaces \n\n",
    ];
    for (const question of questions) assert.equal(await ask([["user", question]], { echo: true }), upperCase(question));
  });

  test("it is so at a usual temperature too", async () => {
    const question = mixedText(200, 5);
    assert.equal(await ask([["user", question]], { echo: true, temperature: 1 }), upperCase(question));
  });

  test("every position is exact, whatever stands before and however often a passage is repeated", async () => {
    const before: Turns = [
      ["system", "be brief"],
      ["user", mixedText(300, 2)],
      ["assistant", mixedText(200, 3)],
    ];
    for (const turns of [[], before]) {
      for (const question of [mixedText(1000, 4), "again ".repeat(150), "\n".repeat(150)])
        await checkEveryPosition([...turns, ["user", question]]);
    }
  });

  test("the last of two hundred questions is found", async () => {
    const turns = Array.from({ length: 200 }, (_, i): Turns => [
      ["user", `q${i}`],
      ["assistant", `a${i % 7}`],
    ]).flat();
    await checkEveryPosition([...turns, ["user", "and now this"]]);
  });
});

describe("asked as demo", () => {
  test("an ordinary question gets the introduction and is repeated as it was", async () => {
    const prompts = [
      "What is a closure?",
      "# A heading is no command, nor is $HOME or 100 %",
      "Explain this code.\n\n```ts\nexport const f = (x: number) => x ** 2;\n```\n",
      `Summarize the file below.\n\n${mixedText(1200, 6)}`,
    ];
    for (const prompt of prompts) assert.equal(await ask([["user", prompt]]), INTRODUCTION + prompt);
    const later: Turns = [
      ["system", "be brief"],
      ["user", "first"],
      ["assistant", INTRODUCTION],
      ["user", "second"],
    ];
    assert.equal(await ask(later), `${INTRODUCTION}second`);
  });

  test("commands reach the first question, the system message, and the rest of the question", async () => {
    const before: Turns = [
      ["system", "Be brief."],
      ["user", "The first é"],
      ["assistant", "yes"],
      ["user", "the second"],
      ["assistant", "no"],
    ];
    assert.equal(await ask([...before, ["user", "^^"]]), "THE FIRST é");
    assert.equal(await ask([...before, ["user", "^$ and more"]]), "BE BRIEF.");
    assert.equal(await ask([...before, ["user", "^=only this"]]), "ONLY THIS");
    assert.equal(await ask([["user", "^$"]]), "", "there is no system message");
    const [system, first] = [mixedText(400, 8), mixedText(300, 9)];
    const long: Turns = [["system", system], ["user", first], ["assistant", mixedText(100, 10)], ...before.slice(1)];
    assert.equal(await ask([...long, ["user", "^$"]]), upperCase(system));
    assert.equal(await ask([...long, ["user", "^^"]]), upperCase(first));
  });

  test("commands give an endless answer, and Markdown with letters outside ASCII", async () => {
    assert.equal(await ask([["user", "^#"]], { limit: 2 * CIRCLE.length + 3 }), `${CIRCLE}${CIRCLE}abc`);
    assert.equal(await ask([["user", "^%"]]), SCRIPT);
  });
});

/** Puts the right answer behind the prompt and compares what the model predicts at each of its places. */
async function checkEveryPosition(turns: Turns): Promise<void> {
  const chat = turns.map(([role, text]): ChatTurn => ({ role, text }));
  const { tokens } = prompts.prompt(chat, { echo: true });
  const [userMarker] = model.tokenize("<|user|>", true);
  assert.ok(userMarker !== undefined);
  // All of the question and the token that ends it, without the marker that opens the answer.
  const question = tokens.slice(tokens.lastIndexOf(userMarker) + 1, -1);
  const vocabulary = [...model.iterateAllTokens()];
  const right = question.map((token) => vocabulary[echoes[token] ?? -1] ?? token);

  await sequence.clearHistory();
  await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(0, -1));
  const reading = [...tokens.slice(-1), ...right.slice(0, -1)];
  const predictions = await sequence.controlledEvaluate(
    reading.map((token) => [token, { generateNext: { token: true, options: { temperature: 0 } } }]),
  );
  const wrong = predictions.findIndex((prediction, i) => prediction?.next.token !== right[i]);
  assert.equal(wrong, -1, `token ${wrong} of ${right.length} after ${tokens.length} tokens`);
  assert.equal(predictions.length, right.length);
}
