// Finish reasons that are none: in every chunk, in those of the reasoning, in the first. What follows them is part of the answer,
// however late it comes, and an answer that breaks off behind one of them was cut.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../sidecar/types.ts";
import { fakeAtHand, providerOnWire } from "../../support/fake-at-hand.ts";
import type { FakeStep, FakeWire } from "../../support/fake-provider-script.ts";
import { call, type CallOutcome } from "../../support/provider-calls.ts";
import { foldEvents } from "../../support/wire-reading.ts";
import { chunk, counted, stopped } from "./variations/chat-records.ts";
import { ndjson, sse } from "./variations/one-answer.ts";

const here = await fakeAtHand();
const { fake } = here;

const chat = (steps: readonly FakeStep[], onBatch: () => void = () => {}): Promise<CallOutcome> => {
  fake.enqueue({ steps });
  return call(providerOnWire(here, "openai-chat"), { onBatch, timeLimits: { firstTokenMs: 60_000, idleMs: 60_000 } });
};
const saidWith = (reason: string | null, delta: JsonObject): JsonObject => chunk(delta, {}, { finish_reason: reason });
const END = sse(counted, "[DONE]");

describe("What comes long after a finish reason is part of the answer where the reason stands", () => {
  const progress = { prompt_progress: { total: 10, cache: 0, processed: 5, time_ms: 1 } };
  const beginnings: readonly (readonly [where: string, records: string, text: string])[] = [
    ["in every chunk", sse(saidWith("stop", { content: "It is " })), "It is "],
    ["beside the reasoning", sse(saidWith("stop", { reasoning_content: "Hm." })), ""],
    ["in a first chunk without content", sse({ ...saidWith("stop", { content: "" }), ...progress }), ""],
    ["before content that came at once", sse(chunk({ content: "It " }), stopped(), chunk({ content: "is " })), "It is "],
  ];
  for (const [where, records, text] of beginnings) {
    test(where, async (context) => {
      context.mock.timers.enable({ apis: ["setTimeout"] });
      const begun = Promise.withResolvers<void>();
      const rest = sse(saidWith("stop", { content: "7 °C." }));
      const outcome = chat([{ raw: records }, { gate: "rest" }, { raw: `${rest}${END}` }], () => begun.resolve());
      await begun.promise;
      context.mock.timers.tick(30_000);
      fake.gate("rest").open();
      const answer = foldEvents((await outcome).events);
      assert.equal(answer.text, `${text}7 °C.`);
      assert.deepEqual([answer.finish?.rawFinishReason, answer.usage?.outputTokens], ["stop", 5]);
    });
  }
});

describe("An answer that has ended stays whole behind", () => {
  const ended: Readonly<Record<FakeWire, readonly FakeStep[]>> = {
    "openai-chat": [{ raw: sse(chunk({ content: "Whole." }), stopped()) }],
    "openai-responses": [{ text: "Whole." }, { finish: "stop" }],
    anthropic: [{ text: "Whole." }, { finish: "stop" }],
    ollama: [{ text: "Whole." }, { finish: "stop" }],
  };
  const followers: readonly (readonly [what: string, step: FakeStep])[] = [
    ["an error", { streamError: { message: "no usage today", code: "server_error" } }],
    ["what is no record", { raw: "data: oops\n\n" }],
    ["another wire's mark of the end", { raw: "data: [DONE]\n\n" }],
  ];
  for (const wire of ["openai-chat", "openai-responses", "anthropic", "ollama"] as const) {
    for (const [what, step] of followers) {
      test(`${what}, over ${wire}`, async () => {
        fake.enqueue({ steps: [...ended[wire], step] });
        const { events, thrown } = await call(providerOnWire(here, wire));
        assert.equal(thrown, null);
        const answer = foldEvents(events);
        assert.deepEqual([answer.text, answer.finish?.finishReason], ["Whole.", "stop"]);
      });
    }
  }
});

test("What comes behind the end is told of, and its figures count", async () => {
  const usage = { prompt_tokens: 43, completion_tokens: 10 };
  const refused = { error: { code: 400, message: "Token limit reached" }, choices: [], usage };
  const { events, thrown } = await chat([{ raw: sse(chunk({ content: "Cut" }), chunk({}, {}, { finish_reason: "length" }), refused) }]);
  assert.equal(thrown, null);
  const answer = foldEvents(events);
  const warnings = events.flatMap((event) => (event.type === "warning" ? [event.code] : []));
  assert.deepEqual(
    [answer.finish?.finishReason, answer.usage?.inputTokens, answer.usage?.outputTokens, warnings],
    ["length", 43, 10, ["after-the-end"]],
  );
});

test("An error behind a finish reason that stands beside content is told", async () => {
  const { thrown } = await chat([
    { raw: sse(saidWith("stop", { content: "Half" })) },
    { streamError: { message: "out of memory", code: "server_error" } },
  ]);
  assert.match(String(thrown), /out of memory/u);
});

describe("What a filter ended is told as filtered, in Gemini's and Bedrock's own words", () => {
  const REASONS = ["SAFETY", "PROHIBITED_CONTENT", "content_filter: PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "IMAGE_SAFETY"];
  for (const reason of [...REASONS, "guardrail_intervened", "GUARDRAIL_INTERVENED", "content_filtered"]) {
    test(reason, async () => {
      const { events } = await chat([{ raw: sse(saidWith(null, { content: "So" }), saidWith(reason, {})) }, { raw: END }]);
      const { finish } = foldEvents(events);
      assert.deepEqual([finish?.finishReason, finish?.rawFinishReason], ["content-filter", reason]);
    });
  }

  test("and what no filter ended is not", async () => {
    const { events } = await chat([{ raw: sse(saidWith("function_call_filter: MALFORMED_FUNCTION_CALL", {})) }, { raw: END }]);
    assert.equal(foldEvents(events).finish?.finishReason, "other");
  });
});

describe("A finish reason that all objects have a field of the same name as is none that is known", () => {
  const endsWith: Readonly<Record<FakeWire, (reason: string) => string>> = {
    "openai-chat": (reason) => sse(chunk({ content: "So." }), saidWith(reason, {}), "[DONE]"),
    "openai-responses": (reason) =>
      sse(
        { type: "response.output_text.delta", item_id: "m", output_index: 0, content_index: 0, delta: "So." },
        { type: "response.incomplete", response: { id: "r", status: "incomplete", incomplete_details: { reason }, output: [] } },
      ),
    anthropic: (reason) =>
      sse(
        { type: "message_start", message: { id: "m", usage: { input_tokens: 1, output_tokens: 1 } } },
        { type: "content_block_start", index: 0, content_block: { type: "text", text: "So." } },
        { type: "content_block_stop", index: 0 },
        { type: "message_delta", delta: { stop_reason: reason } },
        { type: "message_stop" },
      ),
    ollama: (reason) => ndjson({ message: { role: "assistant", content: "So." }, done: true, done_reason: reason }),
  };
  for (const wire of ["openai-chat", "openai-responses", "anthropic", "ollama"] as const) {
    test(`over ${wire}`, async () => {
      for (const reason of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
        fake.enqueue({ steps: [{ raw: endsWith[wire](reason) }] });
        const { events, thrown } = await call(providerOnWire(here, wire));
        assert.equal(thrown, null);
        const { text, finish } = foldEvents(events);
        assert.deepEqual([text, finish?.finishReason, finish?.rawFinishReason], ["So.", "other", reason]);
      }
    });
  }
});

describe("An answer whose connection stays open has ended, after a while, behind a finish reason", () => {
  const ends: readonly (readonly [what: string, records: string])[] = [
    ["of its own", sse(chunk({ content: "Whole." }), stopped())],
    ["beside the text, where the figures follow it", sse(saidWith("stop", { content: "Whole." }), counted)],
  ];
  for (const [what, records] of ends) {
    test(what, async (context) => {
      context.mock.timers.enable({ apis: ["setTimeout"] });
      const begun = Promise.withResolvers<void>();
      const outcome = chat([{ raw: records }, { gate: "never" }], () => begun.resolve());
      await begun.promise;
      context.mock.timers.tick(5000);
      const { events, thrown } = await outcome;
      assert.equal(thrown, null);
      const { text, finish } = foldEvents(events);
      assert.deepEqual([text, finish?.finishReason], ["Whole.", "stop"]);
    });
  }
});

describe("An answer that the server gave up was cut", () => {
  const args = (written: string): JsonObject =>
    chunk({ tool_calls: [{ index: 0, id: "c1", function: { name: "f", arguments: written } }] });
  const aborts: readonly (readonly [what: string, records: string])[] = [
    ["although its mark of the end follows", sse(chunk({ content: "Half" }), stopped("abort"), counted, "[DONE]")],
    ["with the reason beside its text", sse(saidWith("abort", { content: "Half" }), counted, "[DONE]")],
    ["and so was its call", sse(chunk({ content: "Half" }), args('{"path":"/'), stopped("abort"), "[DONE]")],
    ["also with a call that looks whole", sse(chunk({ content: "Half" }), args("{}"), stopped("abort"), "[DONE]")],
  ];
  for (const [what, records] of aborts) {
    test(what, async () => {
      const { events, thrown } = await chat([{ raw: records }]);
      assert.equal(thrown, null);
      const { text, tools, finish } = foldEvents(events);
      assert.deepEqual([text, tools, finish], ["Half", [], null]);
      assert.partialDeepStrictEqual(events.find(({ type }) => type === "warning") ?? {}, { code: "answer-given-up" });
    });
  }

  test("and an error behind it is told", async () => {
    const error = { streamError: { message: "engine is dead", code: "server_error" } } as const;
    const { thrown } = await chat([{ raw: sse(chunk({ content: "Half" }), stopped("abort")) }, error]);
    assert.match(String(thrown), /engine is dead/u);
  });
});

test("An answer with a finish reason in every chunk was cut where its connection breaks", async () => {
  const records = sse(saidWith("stop", { content: "It " }), saidWith("stop", { content: "is " }));
  const { events } = await chat([{ raw: records }, { cut: "reset" }]);
  const answer = foldEvents(events);
  assert.deepEqual([answer.text, answer.finish], ["It is ", null]);
  assert.partialDeepStrictEqual(events.find(({ type }) => type === "warning") ?? {}, { code: "connection-lost" });
});

test("An answer with a finish reason in every chunk is whole where its figures have come by themselves", async () => {
  const { events } = await chat([{ raw: sse(saidWith("stop", { content: "It " }), saidWith("stop", { content: "is." }), counted) }]);
  const answer = foldEvents(events);
  assert.deepEqual([answer.text, answer.finish?.finishReason], ["It is.", "stop"]);
  const goesOn = await chat([{ raw: sse(saidWith("stop", { content: "It " }), counted, chunk({ content: "is" })) }]);
  assert.equal(foldEvents(goesOn.events).finish, null);
});

test("The finish reason beside the only content is one, also where the connection breaks behind it", async () => {
  const { events } = await chat([{ raw: sse(saidWith("stop", { content: "Whole." })) }, { cut: "reset" }]);
  assert.equal(foldEvents(events).finish?.finishReason, "stop");
});

test("A call that is named again behind the finish reason is the same, and the reason stands", async () => {
  const called = (written: string): JsonObject =>
    chunk({ tool_calls: [{ index: 0, id: "c1", function: { name: "f", arguments: written } }] });
  const { events } = await chat([{ raw: sse(called('{"a":1}'), stopped("tool_calls"), called(""), counted) }]);
  const answer = foldEvents(events);
  assert.deepEqual(answer.tools, [{ id: "c1", name: "f", arguments: '{"a":1}' }]);
  assert.equal(answer.finish?.rawFinishReason, "tool_calls");
});

test("Of several finish reasons the last one counts, also with calls among them", async () => {
  const called = { tool_calls: [{ index: 0, id: "c1", function: { name: "f", arguments: '{"a":' } }] };
  const rest = { tool_calls: [{ index: 0, function: { arguments: "1}" } }] };
  const { events } = await chat([{ raw: sse(saidWith("stop", called), saidWith("stop", rest), stopped("tool_calls")) }]);
  const answer = foldEvents(events);
  assert.deepEqual(answer.tools, [{ id: "c1", name: "f", arguments: '{"a":1}' }]);
  assert.equal(answer.finish?.rawFinishReason, "tool_calls");
  const cut = await chat([{ raw: sse(saidWith("stop", called), saidWith("stop", rest)) }]);
  assert.equal(foldEvents(cut.events).finish, null);
});
