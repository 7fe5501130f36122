// The hand-written streams of test/fixtures/wire and what each must be read as. A row holds only the events that matter to
// it in full: text and reasoning are compared joined, everything else event by event.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { ProviderEvent } from "../../../sidecar/providers/provider.ts";
import type { JsonObject } from "../../../sidecar/types.ts";
import { bytesOneByOne, cutAt, offsetsInsideCharacters } from "../../support/wire-reading.ts";
import type { FakeWire } from "../../support/fake-provider-script.ts";
import { checkRow, type Row } from "./fixture-row.ts";

const folder = new URL("../../fixtures/wire/", import.meta.url);

const stop: ProviderEvent = { type: "finish", finishReason: "stop", rawFinishReason: "stop" };
const usage = (inputTokens: number, outputTokens: number, more: object = {}): ProviderEvent => ({
  type: "usage",
  inputTokens,
  outputTokens,
  ...more,
});
const block = (data: JsonObject): ProviderEvent => ({ type: "opaque", provider: "anthropic", data: { wire: "anthropic", block: data } });
const call = (id: string, name: string, args: string): ProviderEvent => ({ type: "tool-call", id, name, arguments: args });
const finish = (
  finishReason: "stop" | "length" | "tool-calls" | "content-filter" | "other",
  rawFinishReason: string | null,
): ProviderEvent => ({
  type: "finish",
  finishReason,
  rawFinishReason,
});

const ROWS: { readonly [wire in FakeWire]: readonly Row[] } = {
  "openai-chat": [
    {
      title: "quirk 18: usage is read from the chunk without choices that follows the text",
      file: "text.sse",
      text: 'Grüße, 世界 😀 "quoted" \\ back\n',
      events: [usage(9, 6, { cachedTokens: 4, reasoningTokens: 0 }), stop],
    },
    {
      title: "quirk 23: Azure's chunks without choices, without delta and without both bring nothing and break nothing",
      file: "azure-filters.sse",
      text: "Blue.",
      events: [stop],
    },
    {
      title: "quirk 19: usage inside the choice is read",
      file: "usage-in-choice.sse",
      text: "Hi",
      events: [usage(7, 2, { cachedTokens: 3 }), stop],
    },
    {
      title: "quirk 20: usage on every chunk is replaced, and null does not wipe it",
      file: "usage-on-every-chunk.sse",
      text: "one two",
      events: [usage(11, 2), stop],
    },
    {
      title: "Together's text, which stands in the delta and beside it, counts once; reasoning is counted beside the details too",
      file: "text-beside-delta.sse",
      text: "Okay, done.",
      events: [usage(10, 3, { cachedTokens: 4, reasoningTokens: 2 }), stop],
    },
    {
      title: "reasoning that is counted beside the completion is made part of it",
      file: "usage-reasoning-beside.sse",
      text: "42",
      reasoning: "Hm.",
      events: [usage(20, 102, { reasoningTokens: 100 }), stop],
    },
    {
      title: 'quirk 24: an empty finish reason is none, and "end" is kept as it was written',
      file: "empty-finish-reasons.sse",
      text: "ab",
      events: [usage(1, 1), finish("stop", "end")],
    },
    { title: "quirk 24: an empty finish reason ends nothing", file: "empty-finish-reason-cut.sse", text: "a", events: [] },
    { title: "the marker alone ends an answer", file: "no-finish-reason.sse", text: "405", events: [finish("other", null)] },
    {
      title: "quirk 7: a stream that is cut has no finish, half a tool call is none, and usage is an estimate",
      file: "cut.sse",
      text: "The answer ",
      events: [usage(5, 2, { estimated: true })],
    },
    {
      title: "quirk 5: comments, missing spaces and missing empty lines change nothing about the text",
      file: "comments.sse",
      text: "Hi there!",
      events: [usage(3, 3), stop],
    },
    {
      title: "quirk 27: reasoning under two names at once counts once",
      file: "reasoning-twice.sse",
      reasoning: "Let me think. Yes.",
      text: "Done.",
      events: [stop],
    },
    {
      title: "quirk 28: content that is a list is told apart into reasoning and text",
      file: "magistral.sse",
      reasoning: "Two and two.",
      text: "Four.",
      events: [usage(10, 46), stop],
    },
    {
      title: "tool calls in pieces, interleaved",
      file: "tools-in-pieces.sse",
      events: [call("call_a", "weather", '{"city":"Zürich"}'), call("call_b", "time", "{}"), finish("tool-calls", "tool_calls")],
    },
    {
      title: "quirk 39: tool calls that all have the index 0 are told apart by their ids",
      file: "tools-all-index-zero.sse",
      events: [call("a", "w", '{"p":1}'), call("b", "w", '{"p":2}'), finish("tool-calls", "stop")],
    },
    {
      title: "quirk 40: tool calls without an index are whole, and their signature is kept to be sent back",
      file: "tools-without-index.sse",
      events: [
        call("c", "read", "{}"),
        {
          type: "opaque",
          provider: "openai-compatible",
          data: { wire: "openai-chat", toolCall: "c", extraContent: { google: { thought_signature: "c2ln+/=" } } },
        },
        call("d", "write", '{"to":"x"}'),
        finish("tool-calls", "stop"),
      ],
    },
    {
      title: "tool calls without index and id are told apart by their names",
      file: "tools-without-ids.sse",
      events: [call("call_0", "a", "{}"), call("call_1", "b", '{"n":1}'), finish("tool-calls", "tool_calls")],
    },
    {
      title: "a call of the older form, `function_call`, is one tool call",
      file: "function-call.sse",
      text: "Let me look.",
      events: [call("call_0", "weather", '{"city":"Zürich"}'), usage(9, 8), finish("tool-calls", "function_call")],
    },
    { title: "an empty call of the older form is none", file: "function-call-of-nothing.sse", text: "Hi", events: [stop] },
    {
      title: "a call in both forms at once is one, that with an id",
      file: "function-call-repeated.sse",
      events: [call("call_7", "weather", '{"city":"Bern"}'), finish("tool-calls", "tool_calls")],
    },
    {
      title: "OpenRouter's reasoning details are kept to be sent back",
      file: "reasoning-details.sse",
      reasoning: "First second",
      text: "Ok",
      events: [
        {
          type: "opaque",
          provider: "openai-compatible",
          data: {
            wire: "openai-chat",
            reasoningDetails: [
              { type: "reasoning.text", text: "First second", index: 0, format: "f", signature: "s1" },
              { type: "reasoning.encrypted", data: "gAAA", index: 1 },
            ],
          },
        },
        stop,
      ],
    },
    {
      title: "quirk 8: an error beside choices is an error, and the text before it stays",
      file: "error-after-text.sse",
      text: "Half",
      failure: { status: 502, message: "Provider disconnected: upstream gone" },
    },
    {
      title: "quirk 8: an error inside the choice that it ended is told in its own words, and the text beside it stays",
      file: "error-in-choice.sse",
      text: "Half of it",
      failure: { status: 502, message: "Provider disconnected: upstream gone" },
    },
    {
      title: "quirk 9: an error as the first event is an error, whatever marker follows",
      file: "error-first.sse",
      failure: { code: "rate_limit_exceeded", message: "slow down" },
    },
    {
      title: "an error on a line of its own, in the middle of a stream",
      file: "error-bare-line.sse",
      text: "x",
      failure: { status: 500, message: "engine died", type: "InternalServerError" },
    },
    {
      title: "progress of a long prompt",
      file: "progress.sse",
      text: "ok",
      events: [{ type: "status", phase: "processing-prompt", progress: 0.25 }, usage(400, 1), finish("length", "length")],
    },
    { title: "text of the older completions interface", file: "completions-text.sse", text: "Hello", events: [finish("length", "length")] },
    {
      title: "other choices than the first are not followed",
      file: "other-choices.sse",
      text: "mine",
      events: [finish("content-filter", "content_filter")],
    },
    { title: "a whole message beside deltas is not read twice", file: "message-repeated.sse", text: "Once.", events: [stop] },
  ],
  "openai-responses": [
    {
      title: "text",
      file: "text.sse",
      text: "Grüße 😀",
      events: [usage(8, 5, { cachedTokens: 2, reasoningTokens: 1 }), finish("stop", "completed")],
    },
    {
      title: "quirk 32: reasoning is kept whole, and what follows it with its id",
      file: "reasoning-and-tool.sse",
      reasoning: "I should call.",
      text: "Calling.",
      events: [
        {
          type: "opaque",
          provider: "openai",
          data: {
            wire: "openai-responses",
            item: {
              id: "rs1",
              type: "reasoning",
              summary: [{ type: "summary_text", text: "I should call." }],
              encrypted_content: "gAAA+/=",
            },
          },
        },
        {
          type: "opaque",
          provider: "openai",
          data: { wire: "openai-responses", item: { type: "message", id: "m2", phase: "commentary" } },
        },
        call("call_1", "weather", '{"city":"Zürich"}'),
        {
          type: "opaque",
          provider: "openai",
          data: { wire: "openai-responses", item: { type: "function_call", id: "fc1", call_id: "call_1" } },
        },
        usage(20, 30, { reasoningTokens: 12 }),
        finish("tool-calls", "completed"),
      ],
    },
    {
      title: "the parts of a summary that comes in pieces, and further items of reasoning, are told as they came",
      file: "summary-parts.sse",
      reasoning: "**One**\n\nI add.**Two**\n\nI check.\n**Three**\n\nDone.Four.",
      text: "4",
      events: [finish("stop", "completed")],
    },
    {
      title: "quirk 26: response.incomplete is an end",
      file: "incomplete.sse",
      text: "Half",
      events: [usage(3, 16), finish("length", "max_output_tokens")],
    },
    {
      title: "quirk 26: response.failed is an error",
      file: "failed.sse",
      text: "Half",
      failure: { code: "server_error", message: "The model produced nothing." },
    },
    { title: "an error event", file: "error.sse", failure: { code: "rate_limit_exceeded", message: "Rate limit reached" } },
    { title: "quirk 26: a stream without a terminal event is cut", file: "no-terminal.sse", text: "Half", events: [] },
    {
      title: "an output that is told of at the end alone",
      file: "only-at-the-end.sse",
      text: "All at once",
      events: [call("c1", "go", "{}"), usage(1, 2), finish("tool-calls", "completed")],
    },
  ],
  anthropic: [
    {
      title: "quirk 21: text, with pings and unknown events passed over",
      file: "text.sse",
      text: "Grüße 😀",
      events: [usage(20, 7, { cachedTokens: 5, cacheWriteTokens: 3 }), finish("stop", "end_turn")],
    },
    {
      title: "quirk 30: thinking is kept whole with its signature, and redacted thinking as it came",
      file: "thinking-and-tool.sse",
      reasoning: "I need Zürich's weather.",
      text: "Let me look.",
      events: [
        block({ type: "thinking", thinking: "I need Zürich's weather.", signature: "EoQD+/==" }),
        block({ type: "redacted_thinking", data: "c2VjcmV0" }),
        call("toolu_1", "weather", '{"city": "Zürich"}'),
        usage(50, 60, { reasoningTokens: 33 }),
        finish("tool-calls", "tool_use"),
      ],
    },
    {
      title: "quirk 10: an error event in the middle is an error, and the text before it stays",
      file: "overloaded.sse",
      text: "Half",
      failure: { code: "overloaded_error", message: "Overloaded" },
    },
    {
      title: "quirk 21: the input that message_start counted stays, and a stop reason is an end",
      file: "usage-only-at-start.sse",
      text: "Hi",
      events: [usage(25, 9), finish("length", "model_context_window_exceeded")],
    },
    {
      title: "what a conversation was compacted to is kept, and what that took is counted",
      file: "compaction.sse",
      text: "Hello.",
      events: [
        block({ type: "compaction", content: "They greeted each other: grüezi." }),
        usage(5140, 91, { cachedTokens: 5000, paidBeside: true }),
        finish("stop", "end_turn"),
      ],
    },
    {
      title: "a stream that is cut has no finish, and its usage is an estimate",
      file: "cut.sse",
      events: [usage(25, 1, { estimated: true })],
    },
    {
      title: "blocks of the provider's own tools are kept to be sent back, and an answer that it paused is not whole",
      file: "server-tool.sse",
      text: "Found.",
      events: [
        block({ type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "x" } }),
        block({
          type: "web_search_tool_result",
          tool_use_id: "srvtoolu_1",
          content: [{ type: "web_search_result", encrypted_content: "abc" }],
        }),
        usage(1, 4),
        {
          type: "warning",
          code: "answer-paused",
          message:
            "The provider paused the answer: its own tools ran as often as it lets them in one request. It goes on where it is given back as it is.",
        },
        finish("length", "pause_turn"),
      ],
    },
  ],
  ollama: [
    { title: "text", file: "text.ndjson", text: "Grüße 世界 😀", events: [usage(11, 4), stop] },
    {
      title: "thinking, calls whose arguments are objects, and a prompt that came out of the cache",
      file: "thinking-and-tools.ndjson",
      reasoning: "I need two.",
      events: [
        call("call_202601010000003_0", "a", '{"city":"Zürich"}'),
        call("given", "b", '{"n":1}'),
        usage(0, 9, { estimated: true }),
        finish("tool-calls", "stop"),
      ],
    },
    {
      title: "quirk 11: a line with an error in the middle is an error, and the text before it stays",
      file: "error.ndjson",
      text: "Hel",
      failure: { message: "an error was encountered while running the model" },
    },
    {
      title: "quirk 25: a reason without done is an end",
      file: "reason-without-done.ndjson",
      text: "Cut by length",
      events: [finish("length", "length")],
    },
    { title: "a stream that is cut has no finish", file: "cut.ndjson", text: "Hel", events: [] },
  ],
};

const WIRES: readonly FakeWire[] = ["openai-chat", "openai-responses", "anthropic", "ollama"];

for (const wire of WIRES) {
  const rows = ROWS[wire];
  describe(`Read from ${wire}:`, () => {
    for (const row of rows) {
      test(row.title, () => {
        const bytes = readFileSync(new URL(`${wire}/${row.file}`, folder));
        const whole = checkRow(wire, row, [bytes], "whole");
        assert.deepEqual(checkRow(wire, row, bytesOneByOne(bytes), "byte by byte"), whole);
        for (const at of offsetsInsideCharacters(bytes)) assert.deepEqual(checkRow(wire, row, cutAt(bytes, [at]), `cut at ${at}`), whole);
        for (let at = 1; at < bytes.length; at += 7) assert.deepEqual(checkRow(wire, row, cutAt(bytes, [at]), `cut at ${at}`), whole);
      });
    }

    test("every fixture has a row", () => {
      assert.deepEqual(readdirSync(new URL(`${wire}/`, folder)).toSorted(), rows.map((row) => row.file).toSorted());
    });
  });
}
