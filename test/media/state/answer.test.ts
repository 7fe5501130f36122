import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { answerOf, emptyAnswer, foldEvents } from "../../../media/state/answer.ts";
import type { Answer } from "../../../media/state/answer.ts";
import type { EndEventBody, StoredMessage, StreamEvent, StreamEventBody } from "../../../sidecar/types.ts";

const NOW = 1_000;

const numbered = (bodies: readonly StreamEventBody[], from = 1): StreamEvent[] =>
  bodies.map((body, index) => ({ ...body, seq: from + index }));

function fold(bodies: readonly StreamEventBody[], onto: Answer = emptyAnswer): Answer {
  const { answer, gap } = foldEvents(onto, numbered(bodies, onto.seq + 1), NOW);
  assert.equal(gap, false);
  return answer;
}

const start: StreamEventBody = { type: "start", provider: "openai", model: "gpt-5-mini" };
const text = (words: string): StreamEventBody => ({ type: "text-delta", text: words });
const end = (rest: Partial<EndEventBody> = {}): StreamEventBody => ({
  type: "end",
  status: "complete",
  finishReason: "stop",
  rawFinishReason: "stop",
  usage: null,
  timings: { firstTokenMs: 5, totalMs: 9 },
  ...rest,
});

describe("what is taken back", () => {
  const thought = (words: string): StreamEventBody => ({ type: "reasoning-delta", text: words });

  test("text that turns out to have been thought moves to the reasoning", () => {
    const answer = fold([start, text("I add."), { type: "discard", what: "text" }, thought("I add."), text("4"), end()]);
    assert.deepEqual([answer.text, answer.reasoning], ["4", "I add."]);
  });

  test("reasoning that turns out to have been the answer moves to the text, and no time of thinking is left", () => {
    const answer = fold([start, thought("It is 4."), { type: "discard", what: "reasoning" }, text("It is 4."), end()]);
    assert.deepEqual([answer.text, answer.reasoning, answer.reasoningFrom, answer.reasoningTo], ["It is 4.", "", undefined, undefined]);
  });

  test("an attempt that was rejected leaves nothing of its answer", () => {
    const call: StreamEventBody = { type: "tool-call", id: "t", name: "f", arguments: "{}" };
    const answer = fold([
      start,
      { type: "attempt", number: 1, of: 3 },
      thought("Hm."),
      text("no"),
      call,
      { type: "attempt", number: 2, of: 3, reason: "it is no JSON" },
      text("{}"),
      end(),
    ]);
    assert.deepEqual([answer.text, answer.reasoning, answer.toolCalls], ["{}", "", []]);
  });

  test("the last attempt leaves nothing of its text where that is rejected too, and its error has it", () => {
    const error = { kind: "protocol", message: "no", phase: "mid-stream", retryable: false, rejectedText: "no" } as const;
    const answer = fold([
      start,
      { type: "attempt", number: 3, of: 3, reason: "it is no JSON" },
      text("no"),
      { type: "discard", what: "text" },
      end({ status: "error", error }),
    ]);
    assert.deepEqual([answer.text, answer.status, answer.error], ["", "error", error]);
  });
});

const WHOLE: readonly StreamEventBody[] = [
  start,
  { type: "status", phase: "connecting" },
  { type: "reasoning-delta", text: "Let me " },
  { type: "reasoning-delta", text: "think." },
  text("Hello"),
  { type: "opaque", provider: "openai", data: { signature: "x" } },
  text(", world"),
  { type: "tool-call", id: "t1", name: "look", arguments: "{}" },
  { type: "warning", code: "ignored", parameter: "seed" },
  { type: "usage", inputTokens: 3, outputTokens: 4 },
  end({ cost: { amount: 0.5, currency: "USD" } }),
];

describe("Folding the events of an answer", () => {
  test("gives text, reasoning, tool calls, warnings, figures and the end", () => {
    const answer = fold(WHOLE);
    assert.equal(answer.text, "Hello, world");
    assert.equal(answer.reasoning, "Let me think.");
    assert.deepEqual(
      answer.toolCalls.map(({ name }) => name),
      ["look"],
    );
    assert.deepEqual(
      answer.warnings.map(({ code, parameter }) => [code, parameter]),
      [["ignored", "seed"]],
    );
    assert.equal(answer.usage?.outputTokens, 4);
    assert.deepEqual(
      [answer.status, answer.finishReason, answer.timings?.totalMs, answer.cost?.amount, answer.phase],
      ["complete", "stop", 9, 0.5, null],
    );
    assert.equal(answer.seq, WHOLE.length);
  });

  test("gives the same however the events are cut into batches, and when batches come twice", () => {
    const events = numbered(WHOLE);
    const whole = foldEvents(emptyAnswer, events, NOW).answer;
    for (let cut = 0; cut <= events.length; cut += 1) {
      const first = foldEvents(emptyAnswer, events.slice(0, cut), NOW).answer;
      assert.deepEqual(foldEvents(first, events.slice(cut), NOW).answer, whole, `cut at ${cut}`);
      assert.deepEqual(foldEvents(first, events, NOW).answer, whole, `again after ${cut}`);
    }
  });

  test("notices missing events and applies nothing behind them", () => {
    const answer = fold([start, text("a")]);
    const folded = foldEvents(answer, numbered([text("c")], 4), NOW);
    assert.equal(folded.gap, true);
    assert.equal(folded.answer, answer);
    assert.equal(foldEvents(emptyAnswer, numbered([text("b")], 2), NOW).gap, true);
  });

  test("begins anew with the first event, whatever was kept of the text", () => {
    const kept: Answer = { ...emptyAnswer, text: "Hel" };
    assert.equal(fold([start, text("Hello")], kept).text, "Hello");
  });

  test("shows a phase until the words come, and again when one is told later", () => {
    const waiting = fold([start, { type: "status", phase: "retrying", untilMs: 5_000 }]);
    assert.deepEqual([waiting.phase?.phase, waiting.phase?.untilMs], ["retrying", 5_000]);
    assert.equal(fold([text("a")], waiting).phase, null);
    assert.equal(fold([{ type: "reasoning-delta", text: "a" }], waiting).phase, null);
    assert.equal(fold([{ type: "status", phase: "queued" }], fold([text("a")], waiting)).phase?.phase, "queued");
  });

  test("tells how long the model thought: from its first reasoning to what came after", () => {
    const first = foldEvents(emptyAnswer, numbered([start, { type: "reasoning-delta", text: "a" }]), 1_000).answer;
    const second = foldEvents(first, numbered([{ type: "reasoning-delta", text: "b" }], 3), 2_000).answer;
    const third = foldEvents(second, numbered([text("c")], 4), 4_500).answer;
    assert.deepEqual([second.reasoningFrom, second.reasoningTo], [1_000, undefined]);
    assert.deepEqual([third.reasoningFrom, third.reasoningTo], [1_000, 4_500]);
    assert.equal(foldEvents(third, numbered([text("d")], 5), 9_000).answer.reasoningTo, 4_500);
  });

  test("keeps the figures that came before the end where the end brings none, and the end's own else", () => {
    const usage = { inputTokens: 1, outputTokens: 2 };
    assert.equal(fold([start, { type: "usage", ...usage }, end()]).usage?.outputTokens, 2);
    assert.equal(fold([start, { type: "usage", ...usage }, end({ usage: { ...usage, outputTokens: 9 } })]).usage?.outputTokens, 9);
  });

  test("keeps the text of an answer that failed, was stopped or was cut off", () => {
    for (const status of ["error", "cancelled", "incomplete"] as const) {
      const answer = fold([start, text("Half"), end({ status, finishReason: null })]);
      assert.deepEqual([answer.status, answer.text], [status, "Half"]);
    }
  });
});

describe("A kept answer", () => {
  const message = (rest: Partial<StoredMessage>): StoredMessage => ({
    id: "a1",
    session: "s1",
    parent: null,
    createdAt: 0,
    message: {
      role: "assistant",
      content: [
        { type: "reasoning", text: "Why" },
        { type: "text", text: "One " },
        { type: "opaque", provider: "x", data: null },
        { type: "text", text: "two" },
        { type: "tool-call", id: "t", name: "n", arguments: "{" },
      ],
    },
    ...rest,
  });

  test("is shown as it was kept", () => {
    const answer = answerOf(message({ status: "error", usage: { inputTokens: 1, outputTokens: 2 }, finishReason: "error" }));
    assert.deepEqual(
      [answer.text, answer.reasoning, answer.status, answer.usage?.inputTokens, answer.seq],
      ["One two", "Why", "error", 1, 0],
    );
    assert.equal(answer.toolCalls.length, 1);
  });

  test("that has no status is complete", () => {
    assert.equal(answerOf(message({})).status, "complete");
  });
});
