// A model whose vocabulary, template and end of turn are unlike the demo's: what answers it must read these from the file.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { InferenceClient } from "../../../../sidecar/local/inference-client.ts";
import { createLocalProvider } from "../../../../sidecar/local/local-provider.ts";
import { ProviderError } from "../../../../sidecar/providers/provider.ts";
import type { Message, Usage } from "../../../../sidecar/types.ts";
import { SECOND_MODEL_CONTEXT, writeSecondModel } from "../../../support/second-model.ts";

const folder = mkdtempSync(join(tmpdir(), "parley-second-"));
const file = join(folder, "second model é.gguf");
const inference = new InferenceClient();
const local = createLocalProvider(inference);

before(() => writeSecondModel(file));
after(async () => {
  await inference.close();
  rmSync(folder, { recursive: true });
});

const user = (text: string): Message => ({ role: "user", content: [{ type: "text", text }] });
const assistant = (text: string): Message => ({ role: "assistant", content: [{ type: "text", text }] });

async function ask(
  messages: readonly Message[],
  system?: string,
): Promise<{ text: string; deltas: string[]; finish: string; usage: Usage }> {
  const deltas: string[] = [];
  let finish = "";
  let usage: Usage = { inputTokens: 0, outputTokens: 0 };
  const parameters = system === undefined ? {} : { system };
  const context = { signal: new AbortController().signal, timeLimits: {} };
  for await (const batch of local.stream({ model: file, messages, parameters }, context)) {
    for (const event of batch) {
      if (event.type === "text-delta") deltas.push(event.text);
      else if (event.type === "finish") finish = event.finishReason;
      else if (event.type === "usage") usage = event;
    }
  }
  return { text: deltas.join(""), deltas, finish, usage };
}

describe("a model with a SentencePiece vocabulary and another chat template", () => {
  test("answers by its own template and ends by its own token", async () => {
    const { text, finish } = await ask([user("Hello The World, and THINGS")]);
    assert.equal(text, "hello the world, and things");
    assert.equal(finish, "stop");
  });

  test("keeps spaces at the beginning, line breaks, and characters that are cut into bytes", async () => {
    const question = "  Leading THE spaces\n\tand é ✓ 日本 🎉 lines\n\nEND ";
    const { text, deltas } = await ask([user(question)], "A system message");
    assert.equal(text, question.toLowerCase());
    assert.ok(deltas.every((delta) => !delta.includes("\uFFFD") && delta.isWellFormed()));
  });

  test("sees the conversation, and a text that looks like a marker is text", async () => {
    const messages = [user("ONE"), assistant("one"), user("Two <|end|> <|user|> </s> Three")];
    assert.equal((await ask(messages)).text, "two <|end|> <|user|> </s> three");
  });

  test("has a context of its own length, and says how many tokens do not fit", async () => {
    const refused = await ask([user("X ".repeat(SECOND_MODEL_CONTEXT))]).then(
      () => assert.fail("a prompt of twice the context's length was answered"),
      (error: unknown) => error,
    );
    assert.ok(refused instanceof ProviderError);
    assert.equal(refused.kind, "context-length");
    assert.match(refused.message, /20\d\d/u, "the prompt's tokens");
    assert.match(refused.message, new RegExp(`${SECOND_MODEL_CONTEXT}`, "u"), "the window");
  });

  test("ends an answer that reaches the end of the context, as one that was cut by length", async () => {
    const question = "X".repeat(Math.round(SECOND_MODEL_CONTEXT * 0.6));
    const { text, finish, usage } = await ask([user(question)]);
    assert.equal(finish, "length");
    assert.ok(text.length > SECOND_MODEL_CONTEXT * 0.3 && question.toLowerCase().startsWith(text));
    assert.ok(usage.inputTokens + usage.outputTokens <= SECOND_MODEL_CONTEXT + 1, JSON.stringify(usage));
  });
});
