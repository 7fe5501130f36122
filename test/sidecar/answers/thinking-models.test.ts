// What is learned of a model that thinks in its text, over the one path of every answer.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { GenerateResult } from "../../../sidecar/api.ts";
import { AnswerError } from "../../../sidecar/answers/answer-error.ts";
import { MAX_CALLS } from "../../../sidecar/providers/held-parts.ts";
import { checkOrder, eventsOf, kinds } from "../answer-events.ts";
import { answers, finish, providerError, scriptedLlm, text, yields } from "../scripted-provider.ts";

describe("A model that thinks in its text", () => {
  test("quirk 29: its thoughts are the answer's reasoning, and no part of its content", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(answers("<thi", "nk>I add.</thi", "nk>It is 4."));
    const result: GenerateResult = await llm.generate("2+2?");
    assert.equal(result.content, "It is 4.");
    assert.equal(result.reasoning, "I add.");
    assert.deepEqual(result.message.content, [
      { type: "reasoning", text: "I add." },
      { type: "text", text: "It is 4." },
    ]);
  });

  test("ends as an error where its text holds more calls of tools than any answer has, also where it was cut", async () => {
    const call = "<|channel|>commentary to=functions.f <|constrain|>json<|message|>{}<|call|>";
    const many = [text("<|channel|>commentary<|message|>I call.<|end|>"), text(call.repeat(MAX_CALLS)), text(call)];
    for (const script of [yields(...many.map((one) => [one]), [finish]), yields(...many.map((one) => [one]))]) {
      const { llm, provider } = scriptedLlm();
      provider.enqueue(script);
      const tools = [{ name: "f", parameters: { type: "object" } }];
      const error: unknown = await llm.generate("x", { tools }).catch((thrown: unknown) => thrown);
      assert.ok(error instanceof AnswerError);
      assert.deepEqual([error.kind, error.providerCode, error.retryable], ["protocol", "answer-too-long", false]);
      assert.match(error.message, /^The answer holds more than 1000 calls of tools\.$/u);
      assert.deepEqual([error.partial.content, error.partial.toolCalls.length, provider.requests.length], ["I call.", MAX_CALLS, 1]);
    }
  });

  test("quirk 29: a template that opens the thought is learned from the first answer, and forgotten by one that has none", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(
      answers("I add.", "\n</think>\n", "4"),
      answers("I add", " again.\n</think>\n5"),
      answers("Si", "x."),
      answers("Sev", "en."),
    );
    const asked = [await eventsOf(llm), await eventsOf(llm), await eventsOf(llm), await eventsOf(llm)];
    const said = asked.map((events) => kinds(events).filter((kind) => kind.endsWith("delta") || kind === "discard"));
    assert.deepEqual(said, [
      ["text-delta", "discard", "reasoning-delta", "text-delta"],
      ["reasoning-delta", "reasoning-delta", "text-delta"],
      ["reasoning-delta", "reasoning-delta", "discard", "text-delta"],
      ["text-delta", "text-delta"],
    ]);
    for (const events of asked) checkOrder(events);
  });

  test("quirk 29: after one answer that began inside a thought the next, cut at its length, loses nothing, and the one after it is as any", async () => {
    const { llm, provider } = scriptedLlm();
    const cut = yields([text("Paris is")], [{ type: "finish", finishReason: "length", rawFinishReason: "length" }]);
    provider.enqueue(answers("I add.\n</think>\n4"), cut, cut);
    const asked = [await eventsOf(llm), await eventsOf(llm), await eventsOf(llm)];
    const said = asked.map((events) => kinds(events).filter((kind) => kind.endsWith("delta") || kind === "discard"));
    assert.deepEqual(said, [["reasoning-delta", "text-delta"], ["reasoning-delta", "discard", "text-delta"], ["text-delta"]]);
  });

  test("quirk 29: after two of them an answer that was cut is a thought", async () => {
    const { llm, provider } = scriptedLlm();
    const cut = yields([text("I add")], [{ type: "finish", finishReason: "length", rawFinishReason: "length" }]);
    provider.enqueue(answers("I add.\n</think>\n4"), answers("I add.\n</think>\n5"), cut);
    await llm.generate("x");
    await llm.generate("x");
    const { content, reasoning } = await llm.generate("x");
    assert.deepEqual([content, reasoning], ["", "I add"]);
  });

  test("quirk 29: an answer that speaks of the tag teaches nothing", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(answers("R1 ends it with '</think>'", " and then answers."), answers("Paris."));
    const { content } = await llm.generate("x");
    assert.equal(content, "R1 ends it with '</think>' and then answers.");
    assert.equal(kinds(await eventsOf(llm)).includes("discard"), false);
  });

  test("quirk 29: what is learned holds for that model as it was asked, reasoning or not", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(answers("I add.\n</think>\n4"), answers("Five."), answers("I add.\n</think>\n6"));
    await llm.generate("x", { reasoning: "high" });
    const without = await eventsOf(llm, "x", { reasoning: "off" });
    assert.equal(kinds(without).includes("discard"), false);
    const again = await eventsOf(llm, "x", { reasoning: "high" });
    assert.equal(kinds(again).includes("discard"), false);
  });

  test("quirk 29: what was held back when the stream broke is part of the partial answer", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(async function* () {
      yield [text("a <")];
      throw providerError({ phase: "mid-stream" });
    });
    const error: unknown = await llm.generate("x").catch((thrown: unknown) => thrown);
    assert.ok(error instanceof AnswerError);
    assert.equal(error.partial.content, "a <");
    provider.enqueue(yields([text("b </thin")]));
    const cut: unknown = await llm.generate("x").catch((thrown: unknown) => thrown);
    assert.ok(cut instanceof AnswerError);
    assert.equal(cut.partial.content, "b </thin");
  });

  test("quirk 29: where a provider's models never think in their text, tags in it are text", async () => {
    const { llm, provider } = scriptedLlm();
    Object.assign(provider, { reasoningApart: true });
    provider.enqueue(answers("<think>Shown.</think> Said."));
    const { content, reasoning } = await llm.generate("x");
    assert.deepEqual([content, reasoning], ["<think>Shown.</think> Said.", ""]);
  });

  test("text that is taken back is counted once where the provider gives no figures", async () => {
    const { llm, provider } = scriptedLlm();
    const thought = "x".repeat(400);
    provider.enqueue(yields([text(thought)], [text("\n</think>\n4")], [{ type: "finish", finishReason: "stop", rawFinishReason: "stop" }]));
    const { usage } = await llm.generate("x");
    assert.equal(usage?.estimated, true);
    assert.ok((usage?.outputTokens ?? 0) < 110, `${usage?.outputTokens} tokens for 403 bytes`);
  });
});
