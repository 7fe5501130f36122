// The names of calls, as they are handed out and as they go back.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonValue } from "../../../sidecar/types.ts";
import type { FakeWire } from "../../support/fake-provider-script.ts";
import { userMessage } from "../../support/provider-calls.ts";
import { readPieces } from "../../support/wire-reading.ts";
import { assistant, body, result } from "../../support/wire-requests.ts";
import { chunk, stopped } from "./variations/chat-records.ts";
import { sse } from "./variations/one-answer.ts";

const WIRES: readonly (readonly [provider: string, wire: FakeWire])[] = [
  ["openai", "openai-responses"],
  ["openai-compatible", "openai-chat"],
  ["anthropic", "anthropic"],
];

function namesSent(provider: string, wire: FakeWire, name: string, offered: readonly string[] = []): readonly JsonValue[] {
  const messages = [
    userMessage("x"),
    assistant({ type: "tool-call", id: "a", name, arguments: "{}" }),
    result("a", "r"),
    assistant({ type: "text", text: "Done." }),
    userMessage("y"),
  ];
  const tools = offered.map((one) => ({ name: one, parameters: { type: "object" } }));
  const { tools: _offered, ...asked } = body({ provider, wire, messages, parameters: { tools } });
  return [...JSON.stringify(asked).matchAll(/"name":("(?:[^"\\]|\\.)*")/gu)].map(([, text = ""]): JsonValue => JSON.parse(text));
}

describe("A conversation goes on with a call whose name no provider takes:", () => {
  for (const [name, sent] of [
    ["get_weather<|channel|>commentary", "get_weather"],
    ["", "tool"],
    ["<|channel|>", "_channel_"],
    ["web search", "web_search"],
    ["fs.read", "fs_read"],
    ["lies nach Zürich", "lies_nach_Z_rich"],
    ["x".repeat(65), "x".repeat(64)],
    ["get_weather-2", "get_weather-2"],
  ] as const)
    test(JSON.stringify(name.slice(0, 40)), () => {
      for (const [provider, wire] of WIRES) assert.deepEqual(namesSent(provider, wire, name), [sent], wire);
    });

  test("one that is offered stays as it is, for this server takes it", () => {
    for (const [provider, wire] of WIRES) assert.deepEqual(namesSent(provider, wire, "fs.read", ["fs.read"]), ["fs.read"], wire);
  });
});

describe("A mark of gpt-oss's channels is no part of a name", () => {
  const NAME = "get_weather<|channel|>commentary";
  const call = { id: "a", type: "function", function: { name: NAME, arguments: "{}" } };
  for (const [wire, stream] of [
    ["openai-chat", sse(chunk({ tool_calls: [{ index: 0, ...call }] }), stopped("tool_calls"), "[DONE]")],
    ["ollama", `${JSON.stringify({ message: { role: "assistant", content: "", tool_calls: [call] }, done: true, done_reason: "stop" })}\n`],
  ] as const)
    test(`over ${wire}`, () => {
      const { events } = readPieces(wire, [Buffer.from(stream)]);
      assert.deepEqual(
        events.flatMap((event) => (event.type === "tool-call" ? [event.name] : [])),
        ["get_weather"],
      );
    });
});
