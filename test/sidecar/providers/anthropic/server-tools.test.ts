// Answers that used tools which run at Anthropic's, sent back in a conversation: paused, cut, mixed with the caller's own calls.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AssistantPart, JsonObject, JsonValue, Message } from "../../../../sidecar/types.ts";
import { fakeAtHand, providerAt } from "../../../support/fake-at-hand.ts";
import { call, modelRequest, userMessage } from "../../../support/provider-calls.ts";
import { readPieces } from "../../../support/wire-reading.ts";
import { assistant, body, result, withoutMarks } from "../../../support/wire-requests.ts";
import { sse } from "../variations/one-answer.ts";

const here = await fakeAtHand();

const use = (id: string, more: JsonObject = {}): JsonObject => ({
  type: "server_tool_use",
  id,
  name: "web_search",
  input: { query: "x" },
  ...more,
});
const found = (id: string): JsonObject => ({ type: "web_search_tool_result", tool_use_id: id, content: [] });
const thought: JsonObject = { type: "thinking", thinking: "Hm.", signature: "s=" };
const kept = (block: JsonObject): AssistantPart => ({ type: "opaque", provider: "anthropic", data: { wire: "anthropic", block } });
const text = (words: string): AssistantPart => ({ type: "text", text: words });
const lookUp: AssistantPart = { type: "tool-call", id: "toolu_1", name: "look", arguments: "{}" };

/** The blocks of each message that is sent, a text as its words alone. */
function sent(...messages: readonly Message[]): JsonValue {
  const asked = withoutMarks(body({ provider: "anthropic", messages: [userMessage("Find it."), ...messages] })["messages"]);
  return JSON.parse(JSON.stringify(asked), (_key, value: JsonValue) => {
    if (typeof value !== "object" || value === null || !("role" in value)) return value;
    const { role, content } = value;
    return role === "assistant" ? { assistant: content } : { user: content };
  });
}

const words = (spoken: string): JsonObject => ({ type: "text", text: spoken });
const question = (...spoken: readonly string[]): JsonObject => ({ user: spoken.map(words) });

describe("An answer that used Anthropic's own tools", () => {
  test("and was paused goes back as it is to be gone on with", () => {
    assert.deepEqual(sent(assistant(text("I search."), kept(use("s1")))), [
      question("Find it."),
      { assistant: [words("I search."), use("s1")] },
    ]);
  });

  test("is an answer also without a word", () => {
    const blocks = [thought, use("s1"), found("s1"), use("s2")];
    assert.deepEqual(sent(assistant(...blocks.map(kept))), [question("Find it."), { assistant: blocks }]);
  });

  test("is asked about without the use whose result never came, and without the thought that led to it", () => {
    const parts = [text("I search."), kept(use("s1")), kept(found("s1")), kept(thought), kept(use("s2"))];
    assert.deepEqual(sent(assistant(...parts), userMessage("Never mind.")), [
      question("Find it."),
      { assistant: [words("I search."), use("s1"), found("s1")] },
      question("Never mind."),
    ]);
  });

  test("is left out where nothing else is left of it", () => {
    assert.deepEqual(sent(assistant(kept(thought), kept(use("s1", { type: "mcp_tool_use" }))), userMessage("Never mind.")), [
      question("Find it.", "Never mind."),
    ]);
  });

  test("is sent without a result whose use is gone", () => {
    assert.deepEqual(sent(assistant(kept(found("s1")), text("Found."), kept(use("s1"))), userMessage("More?")), [
      question("Find it."),
      { assistant: [words("Found.")] },
      question("More?"),
    ]);
  });

  test("and the caller's too keeps the use that runs when these have their results, and its result in the answer that follows", () => {
    const mixed = assistant(lookUp, kept(use("s1")));
    const calls = { assistant: [{ type: "tool_use", id: "toolu_1", name: "look", input: {} }, use("s1")] };
    const looked = { type: "tool_result", tool_use_id: "toolu_1", content: "r" };
    const round = [mixed, result("toolu_1", "r")];
    assert.deepEqual(sent(...round), [question("Find it."), calls, { user: [looked] }]);
    const next = [...round, assistant(kept(found("s1")), text("Found.")), userMessage("More?")];
    assert.deepEqual(sent(...next), [
      question("Find it."),
      calls,
      { user: [looked] },
      { assistant: [found("s1"), words("Found.")] },
      question("More?"),
    ]);
    const interrupted = [...round, userMessage("Stop.")];
    assert.deepEqual(sent(...interrupted), [
      question("Find it."),
      { assistant: [{ type: "tool_use", id: "toolu_1", name: "look", input: {} }] },
      { user: [looked, words("Stop.")] },
    ]);
  });
});

test("a use that a limit cut in the middle of its input is not kept", () => {
  const stream = sse(
    { type: "message_start", message: { usage: { input_tokens: 9, output_tokens: 1 } } },
    { type: "content_block_start", index: 0, content_block: use("s1", { input: {} }) },
    { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: '{"query":"x' } },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "max_tokens" }, usage: { output_tokens: 5 } },
    { type: "message_stop" },
  );
  const { events } = readPieces("anthropic", [Buffer.from(stream)]);
  assert.deepEqual(
    events.map(({ type }) => type),
    ["usage", "finish"],
  );
});

describe("Where a server lets no use wait, the conversation is sent without what is its own, and with it again the next time:", () => {
  for (const message of [
    "messages.1: `web_search` tool use with id `s1` was found without a corresponding `web_search_tool_result` block",
    "messages.1: `mcp_tool_use` ids were found without `mcp_tool_result` blocks immediately after: s1.",
    "messages.1.content.0: unexpected `tool_use_id` found in `advisor_tool_result` blocks: s1.",
  ]) {
    test(message.split(": ").slice(1).join(": "), async () => {
      const { fake } = here;
      const shared = providerAt(here, "anthropic");
      fake.enqueue({ status: 400, body: { type: "error", error: { type: "invalid_request_error", message } } });
      const request = { ...modelRequest("x"), messages: [userMessage("x"), assistant(text("I search."), kept(use("s1")))] };
      assert.equal((await call(shared, { request })).thrown, null);
      assert.equal((await call(shared, { request })).thrown, null);
      assert.deepEqual(
        fake.requests.map((one) => JSON.stringify(one.body).includes("server_tool_use")),
        [true, false, true],
      );
    });
  }
});
