import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AnswerError } from "../../sidecar/answers/answer-error.ts";
import { ProviderError } from "../../sidecar/providers/provider.ts";
import type { Message } from "../../sidecar/types.ts";
import { checkOrder, eventsOf, kinds } from "./answer-events.ts";
import { acquire } from "./limits/acquire.ts";
import { answers, fails, finish, Gate, inTurn, providerError, scriptedLlm, text, usage, waitsAt, yields } from "./scripted-provider.ts";

describe("the one path of an answer", () => {
  it("gives start, the provider's events and one end, numbered without gaps", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(answers("Hel", "lo"));
    const events = await eventsOf(llm);
    const end = checkOrder(events);
    assert.deepEqual(kinds(events), ["start", "status connecting", "text-delta", "text-delta", "usage", "end"]);
    assert.equal(end.status, "complete");
    assert.equal(end.finishReason, "stop");
    assert.deepEqual(end.usage, { inputTokens: 5, outputTokens: 2 });
    assert.equal(end.cost, undefined);
    assert.ok(end.timings.firstTokenMs !== null && end.timings.firstTokenMs <= end.timings.totalMs);
  });

  it("keeps the batches in which a provider's events arrived", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(yields([text("a"), text("b"), text("c")], [usage, finish]));
    const sizes: number[] = [];
    for await (const batch of llm.streamBatches("hi")) sizes.push(batch.length);
    assert.deepEqual(sizes, [1, 1, 3, 1, 1]);
  });

  it("leaves what the system says later at its place where the provider takes it there, and nowhere else", async () => {
    const { llm, provider } = scriptedLlm();
    const said = (role: "system" | "user", words: string): Message => ({ role, content: [{ type: "text", text: words }] });
    const prompt = [said("user", "one"), said("system", "In French."), said("user", "two")];
    await llm.generate(prompt);
    Object.assign(provider, { systemInPlace: true });
    await llm.generate(prompt);
    assert.deepEqual(
      provider.requests.map(({ messages, parameters }) => [messages.length, parameters.system]),
      [
        [2, "In French."],
        [3, undefined],
      ],
    );
  });

  it("gives chunks whose contents are the text and nothing else", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(yields([{ type: "reasoning-delta", text: "hm" }, text("a"), text("b")], [text("c"), usage, finish]));
    let content = "";
    const types: string[] = [];
    for await (const chunk of llm.stream("hi")) {
      content += chunk.content;
      types.push(chunk.event.type);
    }
    assert.equal(content, "abc");
    assert.deepEqual(types, ["start", "status", "reasoning-delta", "text-delta", "text-delta", "text-delta", "usage", "end"]);
  });

  it("folds an answer into text, reasoning, tool calls, warnings and a message whose parts keep their order", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(
      yields(
        [{ type: "request-id", requestId: "r-1" }],
        [
          { type: "reasoning-delta", text: "let me " },
          { type: "reasoning-delta", text: "see" },
        ],
        [{ type: "opaque", provider: "scripted", data: { signature: "s" } }],
        [text("I "), text("call")],
        [{ type: "tool-call", id: "c1", name: "look", arguments: "{}" }],
        [{ type: "warning", code: "mapped", parameter: "seed" }],
        [usage, { type: "finish", finishReason: "tool-calls", rawFinishReason: "tool_use" }],
      ),
    );
    const result = await llm.generate("hi");
    assert.equal(result.content, "I call");
    assert.equal(result.reasoning, "let me see");
    assert.equal(result.model, "scripted/m");
    assert.equal(result.requestId, "r-1");
    assert.equal(result.finishReason, "tool-calls");
    assert.equal(result.rawFinishReason, "tool_use");
    assert.deepEqual(result.warnings, [{ code: "mapped", parameter: "seed" }]);
    assert.deepEqual(result.message, {
      role: "assistant",
      content: [
        { type: "reasoning", text: "let me see" },
        { type: "opaque", provider: "scripted", data: { signature: "s" } },
        { type: "text", text: "I call" },
        { type: "tool-call", id: "c1", name: "look", arguments: "{}" },
      ],
    });
    assert.deepEqual(result.toolCalls, [{ type: "tool-call", id: "c1", name: "look", arguments: "{}" }]);
  });

  it("counts an answer cut by length as complete", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(yields([text("abc")], [{ type: "finish", finishReason: "length", rawFinishReason: "max_tokens" }]));
    const result = await llm.generate("hi");
    assert.equal(result.status, "complete");
    assert.equal(result.finishReason, "length");
  });

  it("calls a stream without the provider's terminal marker incomplete, and rejects with what had come", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(yields([text("half an ans")]));
    await assert.rejects(llm.generate("hi"), (error) => {
      assert.ok(error instanceof AnswerError);
      assert.ok(error instanceof ProviderError);
      assert.equal(error.name, "AnswerError");
      assert.equal(error.providerCode, "stream-cut");
      assert.equal(error.phase, "mid-stream");
      assert.equal(error.partial.status, "incomplete");
      assert.equal(error.partial.content, "half an ans");
      return true;
    });
  });

  it("ends with the error and the text so far when a provider fails in mid-stream, and does not ask again", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(async function* () {
      yield [text("so far")];
      throw providerError({ kind: "overloaded", retryable: true, phase: "mid-stream", requestId: "r-2" });
    });
    const events = await eventsOf(llm);
    const end = checkOrder(events);
    assert.equal(end.status, "error");
    assert.equal(end.error?.kind, "overloaded");
    assert.equal(end.error?.provider, "scripted");
    assert.equal(end.error?.model, "m");
    assert.equal(end.requestId, "r-2");
    assert.equal(provider.requests.length, 1);
  });

  it("keeps an answer complete when the socket breaks after the provider's own end", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(async function* () {
      yield [text("all"), usage, finish];
      throw providerError({ kind: "network", phase: "mid-stream", retryable: true });
    });
    const result = await llm.generate("hi");
    assert.equal(result.status, "complete");
    assert.equal(result.content, "all");
  });

  it("treats a finish reason of error without another word as an error", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(yields([text("a"), { type: "finish", finishReason: "error", rawFinishReason: "failed" }]));
    const end = checkOrder(await eventsOf(llm));
    assert.equal(end.status, "error");
    assert.equal(end.error?.kind, "server");
    assert.match(end.error?.message ?? "", /"failed"/u);
  });

  it("turns a fault of an adapter into an error result, not into a crash", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(async function* () {
      yield [text("a")];
      throw new TypeError("x is undefined");
    });
    const end = checkOrder(await eventsOf(llm));
    assert.equal(end.status, "error");
    assert.equal(end.error?.providerCode, "internal");
    assert.match(end.error?.message ?? "", /x is undefined/u);
  });

  it("reads a prompt that is a function only when a place is free", async () => {
    const { llm, provider, limiter } = scriptedLlm({ size: 1 });
    const first = await acquire(limiter, "foreground");
    let read = false;
    const answer = llm.generate(async () => {
      read = true;
      return "from a file";
    });
    while (limiter.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(read, false);
    first.release();
    await answer;
    assert.deepEqual(provider.requests[0]?.messages, [{ role: "user", content: [{ type: "text", text: "from a file" }] }]);
  });

  it("ends with what a prompt's function threw, and gives the place back", async () => {
    const { llm, provider, limiter } = scriptedLlm();
    const end = checkOrder(await eventsOf(llm, () => Promise.reject(new Error("no such file"))));
    assert.equal(end.error?.kind, "invalid-request");
    assert.equal(end.error?.providerCode, "prompt-unreadable");
    assert.match(end.error?.message ?? "", /no such file/u);
    assert.equal(end.usage, null);
    assert.equal(provider.requests.length, 0);
    assert.equal(limiter.active, 0);
  });

  it("merges the options of the model with those of the request, and hands time limits on", async () => {
    const { llm, provider } = scriptedLlm({ endpoint: { timeLimits: { connectMs: 1, idleMs: 2 } } });
    await llm.generate("hi", { temperature: 0.5, timeLimits: { idleMs: 3 } });
    assert.deepEqual(provider.requests[0]?.parameters, { temperature: 0.5 });
    assert.deepEqual(provider.contexts[0]?.timeLimits, { connectMs: 1, idleMs: 3 });
  });
});

describe("usage of an answer", () => {
  it("is an estimate, and marked as one, where the provider gave none", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(yields([text("x".repeat(40))], [finish]));
    const result = await llm.generate("y".repeat(80));
    assert.deepEqual(result.usage, { inputTokens: 24, outputTokens: 10, estimated: true });
  });

  it("is an estimate where the provider's figures are zeros, and so is the side alone that was not counted", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(yields([text("x".repeat(40)), { type: "usage", inputTokens: 0, outputTokens: 0 }, finish]));
    provider.enqueue(yields([text("x".repeat(40)), { type: "usage", inputTokens: 0, outputTokens: 7 }, finish]));
    assert.deepEqual((await llm.generate("y".repeat(80))).usage, { inputTokens: 24, outputTokens: 10, estimated: true });
    assert.deepEqual((await llm.generate("y".repeat(80))).usage, { inputTokens: 24, outputTokens: 7, estimated: true });
    // Of gateways that tell the prompt in the first record, and nothing behind it.
    provider.enqueue(yields([text("x".repeat(40)), { type: "usage", inputTokens: 9, outputTokens: 0 }, finish]));
    assert.deepEqual((await llm.generate("y".repeat(80))).usage, { inputTokens: 9, outputTokens: 10, estimated: true });
    provider.enqueue(yields([{ type: "usage", inputTokens: 9, outputTokens: 0 }, finish]));
    assert.deepEqual((await llm.generate("y".repeat(80))).usage, { inputTokens: 9, outputTokens: 0 });
  });

  it("counts what came after the provider's last figures when an answer is stopped", async () => {
    const { llm, provider } = scriptedLlm();
    const gate = new Gate();
    provider.enqueue(inTurn(yields([{ type: "usage", inputTokens: 7, outputTokens: 1 }], [text("z".repeat(400))]), waitsAt(gate)));
    const abort = new AbortController();
    void gate.reached.then(() => abort.abort());
    const result = await llm.generate("hi", { signal: abort.signal });
    assert.equal(result.status, "cancelled");
    assert.deepEqual(result.usage, { inputTokens: 7, outputTokens: 100, estimated: true });
  });

  it("is unknown when the provider refused the request", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(fails({ kind: "auth", status: 401 }));
    assert.equal(checkOrder(await eventsOf(llm)).usage, null);
  });
});

describe("concurrent reads of one stream", () => {
  it("get the chunks in order, one each", async () => {
    const { llm, provider } = scriptedLlm();
    provider.enqueue(yields([text("a"), text("b")], [text("c"), usage, finish]));
    const stream = llm.stream("hi");
    const reads = await Promise.all(Array.from({ length: 9 }, () => stream.next()));
    assert.deepEqual(
      reads.map(({ value, done }) => (done === true ? "done" : value?.event.type)),
      ["start", "status", "text-delta", "text-delta", "text-delta", "usage", "end", "done", "done"],
    );
  });
});
