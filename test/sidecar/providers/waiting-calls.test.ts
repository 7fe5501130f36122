// Calls of the Responses API that are no function's (of a custom tool, a computer, a shell): told as what the answer waits for,
// and sent back with their output or not at all, since a request with a call that has none is refused.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AssistantPart, JsonObject, JsonValue, Message } from "../../../sidecar/types.ts";
import { userMessage } from "../../support/provider-calls.ts";
import { foldEvents, readPieces } from "../../support/wire-reading.ts";
import { assistant, body } from "../../support/wire-requests.ts";
import { sse } from "./variations/one-answer.ts";

const call: JsonObject = { type: "custom_tool_call", id: "ct", call_id: "c1", name: "sql", input: "SELECT 1", status: "completed" };
const output: JsonObject = { type: "custom_tool_call_output", call_id: "c1", output: "1" };
const hosted: JsonObject = { type: "web_search_call", id: "ws", status: "completed" };
const reasoning: JsonObject = { type: "reasoning", id: "rs", summary: [], encrypted_content: "gA" };
const completed: JsonObject = { type: "response.completed", response: { status: "completed", output: [] } };

const text: AssistantPart = { type: "text", text: "I look." };
const kept = (item: JsonObject): AssistantPart => ({ type: "opaque", provider: "openai", data: { wire: "openai-responses", item } });

function sent(...messages: readonly Message[]): JsonValue | undefined {
  return body({ provider: "openai", messages: [userMessage("x"), ...messages] })["input"];
}

const question = (words: string): JsonObject => ({ role: "user", content: [{ type: "input_text", text: words }] });
const said: JsonObject = { type: "message", role: "assistant", content: "I look." };

describe("An answer of the Responses API that calls tools of another kind than functions", () => {
  for (const [title, finishReason, items] of [
    ["waits for its output", "tool-calls", [call]],
    ["waits for no search", "stop", [hosted]],
    [
      "waits for no shell that ran at the provider's",
      "stop",
      [
        { ...call, type: "shell_call" },
        { ...output, type: "shell_call_output" },
      ],
    ],
    ["waits for no tools that the provider looks up", "stop", [{ type: "tool_search_call", call_id: null, execution: "server" }]],
  ] as const) {
    test(title, () => {
      const done = items.map((item, place) => ({ type: "response.output_item.done", output_index: place, item }));
      const { events } = readPieces("openai-responses", [Buffer.from(sse(...done, completed))]);
      assert.equal(foldEvents(events).finish?.finishReason, finishReason);
      assert.deepEqual(events.slice(0, -1), items.map(kept));
    });
  }

  test("goes back without the call that nobody answered, and without the reasoning that led to nothing else", () => {
    const answer = assistant(text, kept(hosted), kept(reasoning), kept(call));
    assert.deepEqual(sent(answer, userMessage("y")), [question("x"), said, hosted, question("y")]);
  });

  test("goes back with the call and its output, where it ran at the provider's or the caller adds what it gave", () => {
    assert.deepEqual(sent(assistant(text, kept(reasoning), kept(call), kept(output)), userMessage("y")), [
      question("x"),
      said,
      reasoning,
      call,
      output,
      question("y"),
    ]);
  });

  test("goes back with them also without a word, and where the caller gives the output as an answer of its own", () => {
    const items = [reasoning, call, output];
    assert.deepEqual(sent(assistant(...items.map(kept)), userMessage("y")), [question("x"), ...items, question("y")]);
    assert.deepEqual(sent(assistant(kept(reasoning), kept(call)), assistant(kept(output)), userMessage("y")), [
      question("x"),
      ...items,
      question("y"),
    ]);
    assert.deepEqual(sent(assistant(kept(reasoning), kept(call)), userMessage("y")), [
      { role: "user", content: ["x", "y"].map((words) => ({ type: "input_text", text: words })) },
    ]);
  });
});

describe("A model of OpenAI's that does not reason", () => {
  const plain = (...parts: readonly AssistantPart[]): JsonValue | undefined =>
    body({ provider: "openai", model: "gpt-4.1", messages: [userMessage("x"), assistant(...parts), userMessage("y")] })["input"];
  const asked: JsonObject = { type: "mcp_call", id: "mcp", name: "find", server_label: "s", arguments: "{}", output: "7" };

  test("gets back what its own tools gave", () => {
    const message = kept({ type: "message", id: "msg" });
    assert.deepEqual(plain(kept(asked), text, message), [
      question("x"),
      asked,
      { ...said, content: [{ type: "output_text", text: "I look.", annotations: [] }], id: "msg", status: "completed" },
      question("y"),
    ]);
  });

  test("gets nothing but the text of an answer that another model reasoned about, and of no answer its phase", () => {
    const bare = [question("x"), said, question("y")];
    assert.deepEqual(plain(kept(reasoning), kept(asked), text, kept({ type: "message", id: "msg" })), bare);
    assert.deepEqual(plain(text, kept({ type: "message", phase: "final_answer" })), bare);
    const apart = [assistant(text, kept(reasoning), kept(call)), assistant(kept(output))];
    const messages = [userMessage("x"), ...apart, userMessage("y")];
    assert.deepEqual(body({ provider: "openai", model: "gpt-4.1", messages })["input"], bare);
  });
});
