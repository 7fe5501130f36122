// What an answer may hold beside its text is bounded over every wire: calls, and parts that go back as they came.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CallIds } from "../../../sidecar/providers/call-ids.ts";
import { MAX_CALLS, MAX_PARTS } from "../../../sidecar/providers/held-parts.ts";
import { parseJson } from "../../../sidecar/providers/json-fields.ts";
import { ToolCallAssembly } from "../../../sidecar/providers/openai-chat/tool-calls.ts";
import { AnswerTooLarge } from "../../../sidecar/providers/wire-adapter.ts";
import { WIRES } from "../../fuzz/corpus.ts";
import type { FakeWire } from "../../support/fake-provider-script.ts";
import { fakeAtHand, providerOnWire } from "../../support/fake-at-hand.ts";
import { callError } from "../../support/provider-calls.ts";
import { ADAPTERS, readPieces } from "../../support/wire-reading.ts";

const here = await fakeAtHand();

type Record = (number: number) => object;

const many = <T>(count: number, make: (number: number) => T): readonly T[] => Array.from({ length: count }, (_, number) => make(number));
const LONG = "x".repeat(8 * 1024 * 1024);

/** A thousand to a record, so that a test of many takes no longer than it has to. */
const THOUSAND = 1000;

const CALLS: Readonly<{ [wire in FakeWire]: Record }> = {
  "openai-chat": (index) => ({ choices: [{ index: 0, delta: { tool_calls: [{ index, function: { name: "f", arguments: "{}" } }] } }] }),
  "openai-responses": (place) => ({
    type: "response.output_item.done",
    output_index: place,
    item: { type: "function_call", call_id: `c${place}`, name: "f", arguments: "{}" },
  }),
  anthropic: (index) => ({
    type: "content_block_start",
    index: index % 10,
    content_block: { type: "tool_use", id: `t${index}`, name: "f" },
  }),
  ollama: () => ({ message: { content: "", tool_calls: [{ function: { name: "f", arguments: {} } }] } }),
};

const PARTS: readonly (readonly [what: string, wire: FakeWire, record: Record, perRecord: number])[] = [
  [
    "details of reasoning",
    "openai-chat",
    () => ({ choices: [{ index: 0, delta: { reasoning_details: many(THOUSAND, () => ({})) } }] }),
    THOUSAND,
  ],
  ["items", "openai-responses", (id) => ({ type: "response.output_item.done", item: { type: "web_search_call", id } }), 1],
  [
    "places of arguments",
    "openai-responses",
    (place) => ({ type: "response.function_call_arguments.delta", output_index: place, delta: "{" }),
    1,
  ],
  [
    "calls begun",
    "openai-responses",
    (place) => ({ type: "response.output_item.added", output_index: place, item: { type: "function_call" } }),
    1,
  ],
  ["blocks", "anthropic", () => ({ type: "message", content: many(THOUSAND, () => ({ type: "redacted_thinking", data: "x" })) }), THOUSAND],
  [
    "blocks without a beginning",
    "anthropic",
    // Each of another kind than the one before it, which ends that.
    (place) => ({ type: "content_block_delta", index: 0, delta: place % 2 === 0 ? { text: "x" } : { thinking: "x" } }),
    1,
  ],
];

const BYTES: readonly (readonly [what: string, wire: FakeWire, record: Record])[] = [
  ["arguments", "openai-chat", () => ({ choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: LONG } }] } }] })],
  ["arguments", "openai-responses", () => ({ type: "response.function_call_arguments.delta", output_index: 0, delta: LONG })],
  ["arguments", "ollama", () => ({ message: { content: "", tool_calls: [{ function: { name: "f", arguments: { LONG } } }] } })],
  ["arguments", "anthropic", () => ({ type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: LONG } })],
  ["signatures", "anthropic", () => ({ type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: LONG } })],
  [
    "details of one reasoning",
    "openai-chat",
    () => ({ choices: [{ index: 0, delta: { reasoning_details: [{ type: "reasoning.text", index: 0, text: LONG }] } }] }),
  ],
  [
    "details of many fields each",
    "openai-chat",
    () => {
      const fields = Object.fromEntries(many(40, (number) => [`f${number}`, 0]));
      const detail = { type: "reasoning.text", index: 0, text: "x", ...fields };
      return { choices: [{ index: 0, delta: { reasoning_details: many(8 * THOUSAND, () => detail) } }] };
    },
  ],
  [
    "what a call brings beside",
    "openai-chat",
    () => ({ choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { name: "f" }, extra_content: LONG }] } }] }),
  ],
  [
    "encrypted reasoning",
    "openai-responses",
    () => ({ type: "response.output_item.done", item: { type: "reasoning", encrypted_content: LONG } }),
  ],
];

/** Records as their wire sends them, made as they are read. */
function* framed(wire: FakeWire, record: Record, count: number): Generator<Buffer> {
  const isSse = ADAPTERS[wire].framing === "sse";
  for (let number = 0; number < count; number += 1) {
    const json = JSON.stringify(record(number));
    yield Buffer.from(isSse ? `data: ${json}\n\n` : `${json}\n`);
  }
}

const tooLarge = (words: RegExp) => (error: unknown) => error instanceof AnswerTooLarge && words.test(error.message);

for (const wire of WIRES) {
  const record = CALLS[wire];
  describe(`Over ${wire},`, () => {
    test(`an answer may call ${MAX_CALLS} tools, and no more`, () => {
      readPieces(wire, framed(wire, record, MAX_CALLS));
      assert.throws(() => readPieces(wire, framed(wire, record, MAX_CALLS + 1)), tooLarge(/more than 1000 calls/u));
    });

    test("an answer that holds too much ends as an error that says so", async () => {
      const raw = [...framed(wire, record, MAX_CALLS + 1)].map((bytes) => ({ raw: bytes.toString() }));
      here.fake.enqueue({ steps: raw });
      const error = await callError(providerOnWire(here, wire));
      assert.deepEqual([error.kind, error.providerCode, error.retryable], ["protocol", "answer-too-long", false]);
      assert.match(error.message, /the answer holds more than 1000 calls of tools/u);
    });

    test("a record of more values than any answer has is refused before it is parsed", () => {
      const values = (): object => ({ type: "x", choices: [], more: many(2_000_001, () => 0) });
      assert.throws(() => readPieces(wire, framed(wire, values, 1)), tooLarge(/too many values/u));
    });
  });
}

describe("An answer", () => {
  for (const [what, wire, record, perRecord] of PARTS) {
    test(`may hold so many ${what} over ${wire}, and no more`, () => {
      let read = 0;
      const counted = (number: number): object => {
        read += 1;
        return record(number);
      };
      assert.throws(() => readPieces(wire, framed(wire, counted, MAX_PARTS + 1)), tooLarge(/more than 200000 parts/u));
      assert.equal(read, MAX_PARTS / perRecord + 1);
    });
  }

  for (const [what, wire, record] of BYTES) {
    test(`may hold so much of ${what} over ${wire}, and no more`, () => {
      const piece = Buffer.concat([...framed(wire, record, 1)]);
      readPieces(wire, [piece, piece]);
      assert.throws(
        () =>
          readPieces(
            wire,
            many(9, () => piece),
          ),
        tooLarge(/67108864 bytes/u),
      );
    });
  }

  test("of a server that gives each delta another id is told once", () => {
    const item = (id: number, text: object): object => ({ item_id: `m${id}`, output_index: 0, content_index: 0, ...text });
    const delta: Record = (id) => item(id, { type: "response.output_text.delta", delta: "x" });
    const done = item(MAX_PARTS, { type: "response.output_text.done", text: "x" });
    const record: Record = (id) => (id < MAX_PARTS ? delta(id) : done);
    const { events } = readPieces("openai-responses", framed("openai-responses", record, MAX_PARTS + 1));
    assert.equal(events.length, MAX_PARTS);
  });

  test("may have details of reasoning in any number of pieces", () => {
    const detail = { type: "reasoning.text", format: "anthropic-claude-v1", index: 0, text: "x" };
    const record: Record = () => ({ choices: [{ index: 0, delta: { reasoning_details: many(THOUSAND, () => detail) } }] });
    const pieces = MAX_PARTS / THOUSAND + 1;
    const end = Buffer.from("data: [DONE]\n\n");
    const { events } = readPieces("openai-chat", [...framed("openai-chat", record, pieces), end]);
    const kept = events.find((event) => event.type === "opaque")?.data;
    assert.deepEqual(kept, { wire: "openai-chat", reasoningDetails: [{ ...detail, text: "x".repeat(pieces * THOUSAND) }] });
  });

  test("of many figures keeps those that are read", () => {
    const usage = Object.fromEntries(many(THOUSAND, (number) => [`figure${number}`, number]));
    const record: Record = () => ({ type: "message_delta", usage: { ...usage, input_tokens: 5, output_tokens: 2 } });
    const { events } = readPieces("anthropic", framed("anthropic", record, 3));
    assert.deepEqual(events, [{ type: "usage", inputTokens: 5, outputTokens: 2, estimated: true }]);
  });
});

test("a string of any length and brackets in it are one value", () => {
  const text = JSON.stringify({ text: "[{,".repeat(1_000_000) });
  assert.notEqual(parseJson(text), undefined);
  assert.equal(parseJson(`[${"[],".repeat(1_000_001)}[]]`), undefined);
});

test("arguments that come in pieces like the beginning of others are not looked at as a whole with each", (context) => {
  const calls = new ToolCallAssembly();
  const add = (text: string): void => void calls.add([{ index: 0, function: { name: "f", arguments: text } }]);
  const begun = `{"a":"${"x".repeat(100_000)}`;
  const slice = context.mock.method(String.prototype, "slice");
  add(begun);
  for (let piece = 0; piece < THOUSAND; piece += 1) add("{");
  context.mock.restoreAll();
  const looked = slice.mock.calls.reduce((sum, { this: text }) => sum + (typeof text === "string" ? text.length : 0), 0);
  assert.ok(looked < 3 * begun.length, `${looked} characters`);
  assert.deepEqual(
    calls.finished().map((call) => call.arguments),
    [begun + "{".repeat(THOUSAND)],
  );
});

test("arguments of a call of the Responses API that are said to be none, again and again, are not looked at each time", (context) => {
  const record = (type: string, more: object): string =>
    `data: ${JSON.stringify({ type: `response.function_call_arguments.${type}`, output_index: 0, ...more })}\n\n`;
  const written = '{"a":1}';
  const parse = context.mock.method(JSON, "parse");
  const item = { type: "function_call", call_id: "c", name: "go", arguments: "{}" };
  const end = `data: ${JSON.stringify({ type: "response.output_item.done", output_index: 0, item })}\n\n`;
  const stream = record("delta", { delta: written }) + record("done", { arguments: "{}" }).repeat(100) + end;
  const { events } = readPieces("openai-responses", [Buffer.from(stream)]);
  const looks = parse.mock.calls.filter((call) => call.arguments[0] === written).length;
  assert.ok(looks > 0 && looks < 10, `looked at ${looks} times`);
  assert.deepEqual(
    events.filter((event) => event.type === "tool-call").map((call) => call.arguments),
    [written],
  );
});

test("arguments that each piece repeats from the beginning are held once", () => {
  const calls = new ToolCallAssembly();
  const text = JSON.stringify({ a: "x".repeat(12_000_000) });
  const step = 1_000_000;
  for (let end = step; end < text.length + step; end += step)
    calls.add([{ index: 0, id: "c", function: { name: "f", arguments: text.slice(0, end) } }]);
  assert.deepEqual(
    calls.finished().map((call) => call.arguments === text),
    [true],
  );
});

test("calls that share one id get ids of their own, each found at once", () => {
  const ids = new CallIds();
  ids.of("x_2", "");
  const made = many(20_000, () => ids.of("x", ""));
  assert.deepEqual(made.slice(0, 4), ["x", "x_1", "x_3", "x_4"]);
  assert.equal(new Set(made).size, made.length);
});
