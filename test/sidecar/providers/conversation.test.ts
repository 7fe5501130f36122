// Conversations that began elsewhere or ended badly, and parts that must go back byte for byte to whoever made them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { readTurns } from "../../../sidecar/providers/conversation.ts";
import { asList, asObject } from "../../../sidecar/providers/json-fields.ts";
import type { ProviderEvent } from "../../../sidecar/providers/provider.ts";
import type { WireWarning } from "../../../sidecar/providers/wire-adapter.ts";
import type { AssistantPart, JsonValue, Message } from "../../../sidecar/types.ts";
import { userMessage } from "../../support/provider-calls.ts";
import { readPieces } from "../../support/wire-reading.ts";
import { assistant, body, result, toolRound, warnings, withoutMarks } from "../../support/wire-requests.ts";
import type { FakeWire } from "../../support/fake-provider-script.ts";

const text = (words: string): AssistantPart => ({ type: "text", text: words });
const call = (id: string): AssistantPart => ({ type: "tool-call", id, name: "weather", arguments: "{}" });

describe("A conversation is made acceptable", () => {
  test("answers that came to nothing are left out, and their questions become one", () => {
    const turns = readTurns(
      [userMessage("one"), assistant({ type: "reasoning", text: "Hm" }), userMessage("two"), assistant(text("  ")), userMessage("three")],
      "x",
      [],
    );
    assert.deepEqual(turns, [
      {
        role: "user",
        content: [
          { type: "text", text: "one" },
          { type: "text", text: "two" },
          { type: "text", text: "three" },
        ],
      },
    ]);
  });

  test("a call without a result gets one that says so, at the end and in the middle", () => {
    const turns = readTurns(
      [userMessage("x"), assistant(call("a"), call("b")), result("a", "r"), userMessage("y"), assistant(call("c"))],
      "x",
      [],
    );
    assert.deepEqual(
      turns.map((turn) => turn.role),
      ["user", "assistant", "tool", "user", "assistant", "tool"],
    );
    const results = turns.flatMap((turn) => (turn.role === "tool" ? turn.content.map(({ id, isError }) => [id, isError === true]) : []));
    assert.deepEqual(results, [
      ["a", false],
      ["b", true],
      ["c", true],
    ]);
  });

  test("a result without a call is kept as a text of the user's, after the results that have one, and a warning names it", () => {
    const warned: WireWarning[] = [];
    const unnamed: Message = { role: "tool", content: [{ type: "tool-result", id: "lost", content: "no such file", isError: true }] };
    const messages = [
      userMessage("x"),
      assistant(call("a"), call("b")),
      result("gone", "7 °C"),
      result("a", "r"),
      unnamed,
      result("b", "s"),
    ];
    const turns = readTurns([...messages, assistant(text("t"))], "x", warned);
    assert.deepEqual(
      turns.map(({ role, content }) => [role, content.map((part) => (part.type === "text" ? part.text : part.type))]),
      [
        ["user", ["x"]],
        ["assistant", ["tool-call", "tool-call"]],
        ["tool", ["tool-result", "tool-result"]],
        ["user", ['Result of the tool "weather":\n7 °C', "Result of a tool:\nError: no such file"]],
        ["assistant", ["t"]],
      ],
    );
    assert.deepEqual(
      warned.map(({ code, parameter }) => [code, parameter]),
      [["tool-result-without-call", "messages"]],
    );
    assert.match(warned[0]?.message ?? "", /^The result of the tool "weather" \(id "gone"\) follows no call .* So were 1 more\.$/u);
  });

  test("a second result of one call is one without a call", () => {
    const warned: WireWarning[] = [];
    const turns = readTurns([userMessage("x"), assistant(call("a")), result("a", "r"), result("a", "again")], "x", warned);
    assert.deepEqual(
      turns.map(({ role, content }) => [role, content.length]),
      [
        ["user", 1],
        ["assistant", 1],
        ["tool", 1],
        ["user", 1],
      ],
    );
    assert.equal(warned.length, 1);
  });

  for (const provider of ["openai-compatible", "openai", "anthropic", "ollama"]) {
    test(`a result without a call is sent as text to ${provider}, with a warning`, () => {
      const messages = [userMessage("x"), result("gone", "7 °C")];
      assert.match(JSON.stringify(body({ provider, messages })), /Result of the tool \\"weather\\":\\n7 °C/u);
      assert.deepEqual(warnings({ provider, messages }), [["tool-result-without-call", "messages"]]);
      assert.deepEqual(warnings({ provider, messages: toolRound }), []);
    });
  }

  test("that a tool failed is said in the text of its result where the wire has no field for it", () => {
    const failed = (content: string): Message => ({ role: "tool", content: [{ type: "tool-result", id: "a", content, isError: true }] });
    const sent = (provider: string, content: string): JsonValue | undefined => {
      const asked = body({ provider, messages: [userMessage("x"), assistant(call("a")), failed(content)] });
      const last = asList(asked["messages"] ?? asked["input"])?.at(-1);
      return asObject(last)?.["content"] ?? asObject(last)?.["output"];
    };
    for (const provider of ["openai-compatible", "mistral", "openai", "ollama"]) {
      assert.equal(sent(provider, "no such file"), "Error: no such file", provider);
      assert.equal(sent(provider, "Error: gone"), "Error: gone", provider);
      assert.equal(sent(provider, "[ERROR] gone"), "[ERROR] gone", provider);
      assert.equal(sent(provider, "errors.log: missing"), "Error: errors.log: missing", provider);
      assert.equal(sent(provider, " "), "Error", provider);
    }
    assert.deepEqual(withoutMarks(sent("anthropic", "no such file")), [
      { type: "tool_result", tool_use_id: "a", content: "no such file", is_error: true },
    ]);
  });

  test("answers that follow each other are one answer, each a paragraph of it", () => {
    const messages = [
      userMessage("x"),
      assistant(text("one")),
      assistant(text(" ")),
      assistant(text("two"), call("a")),
      result("a", "r"),
      assistant(text("three")),
    ];
    const turns = readTurns(messages, "x", []);
    assert.deepEqual(
      turns.map((turn) => turn.role),
      ["user", "assistant", "tool", "assistant"],
    );
    assert.match(JSON.stringify(body({ provider: "openai-compatible", messages })), /"content":"one\\n\\ntwo","tool_calls"/u);
    assert.match(JSON.stringify(body({ provider: "anthropic", messages })), /"text":"one"\},\{"type":"text","text":"two"\}/u);
  });

  test("an answer that Claude is to continue ends in no white space", () => {
    const messages = [userMessage("x"), assistant(text("Once \n"))];
    assert.deepEqual(withoutMarks(body({ provider: "anthropic", messages })["messages"]), [
      { role: "user", content: [{ type: "text", text: "x" }] },
      { role: "assistant", content: [{ type: "text", text: "Once" }] },
    ]);
  });

  test("ids of calls that are too long for chat completions are shortened, the same in call and result", () => {
    const ids = ["x".repeat(41), "y".repeat(80), "z".repeat(40)];
    const messages = [userMessage("x"), assistant(...ids.map(call)), ...ids.map((id) => result(id, "r"))];
    const asked = JSON.stringify(body({ provider: "openai-compatible", messages }));
    const called = [...asked.matchAll(/"id":"([^"]+)"/gu)].map((found) => found[1]);
    const answered = [...asked.matchAll(/"tool_call_id":"([^"]+)"/gu)].map((found) => found[1]);
    assert.deepEqual(called, answered);
    assert.equal(new Set(called).size, 3);
    assert.ok(called.every((id) => (id?.length ?? 99) <= 40));
    assert.equal(called[2], ids[2]);
  });

  for (const provider of ["openai-compatible", "mistral", "openai", "anthropic", "ollama"]) {
    test(`calls of two answers that came under one id have one each at ${provider}, the same in call and result and in every turn`, () => {
      const round = [userMessage("x"), assistant(call("call.0"), call("call_0")), result("call_0", "one"), result("call.0", "two")];
      const [once, twice] = [round, [...round, ...round]].map((messages) => {
        const sent = JSON.stringify(withoutMarks(body({ provider, messages })[provider === "openai" ? "input" : "messages"]));
        return [...sent.matchAll(/"(id|call_id|tool_call_id|tool_use_id)":"([^"]+)"/gu)].map(([, , id]) => id);
      });
      const [a, b, ofB, ofA, c, d, ofD, ofC] = twice ?? [];
      assert.deepEqual([ofA, ofB, ofC, ofD], [a, b, c, d]);
      assert.equal(new Set(twice).size, 4);
      assert.deepEqual(twice?.slice(0, 4), once);
    });
  }

  test("quirk 34: white space between words stays, except where a provider refuses it", () => {
    const thought: AssistantPart = { type: "reasoning", text: "Hm" };
    const messages = [userMessage("x"), assistant(text("a"), thought, text("\n\n"), thought, text("b")), userMessage("y")];
    assert.match(JSON.stringify(body({ provider: "openai-compatible", messages })), /"content":"a\\n\\nb"/u);
    assert.match(JSON.stringify(body({ provider: "anthropic", messages })), /\{"type":"text","text":"a"\},\{"type":"text","text":"b"\}/u);
  });

  test("opaque parts of other providers are left out", () => {
    const mine: AssistantPart = { type: "opaque", provider: "mine", data: { wire: "w" } };
    const theirs: AssistantPart = { type: "opaque", provider: "theirs", data: { wire: "w" } };
    const turns = readTurns([userMessage("x"), assistant(theirs, text("t"), mine)], "mine", []);
    assert.deepEqual(turns[1]?.content, [text("t"), mine]);
  });
});

/** An answer as it is kept: neighbouring deltas of one kind are one part. */
function asMessage(events: readonly ProviderEvent[]): Message {
  const parts: AssistantPart[] = [];
  for (const event of events) {
    const last = parts.at(-1);
    if (event.type === "text-delta") {
      if (last?.type === "text") parts[parts.length - 1] = text(last.text + event.text);
      else parts.push(text(event.text));
    } else if (event.type === "reasoning-delta") {
      if (last?.type === "reasoning") parts[parts.length - 1] = { type: "reasoning", text: last.text + event.text };
      else parts.push({ type: "reasoning", text: event.text });
    } else if (event.type === "tool-call" || event.type === "opaque") {
      parts.push(event);
    }
  }
  return assistant(...parts);
}

function sentBack(wire: FakeWire, file: string, provider: string, callId: string): JsonValue | undefined {
  const bytes = readFileSync(new URL(`../../fixtures/wire/${wire}/${file}`, import.meta.url));
  const { events } = readPieces(wire, [bytes], provider);
  const asked = body({ provider, wire, messages: [userMessage("Weather?"), asMessage(events), result(callId, "Sunny")] });
  return asked[wire === "openai-responses" ? "input" : "messages"];
}

describe("What a provider wants back, it gets back byte for byte:", () => {
  test("quirk 30: Anthropic's thinking with its signature, and what it redacted", () => {
    assert.deepEqual(withoutMarks(sentBack("anthropic", "thinking-and-tool.sse", "anthropic", "toolu_1")), [
      { role: "user", content: [{ type: "text", text: "Weather?" }] },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "I need Zürich's weather.", signature: "EoQD+/==" },
          { type: "redacted_thinking", data: "c2VjcmV0" },
          { type: "text", text: "Let me look." },
          { type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Zürich" } },
        ],
      },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "Sunny" }] },
    ]);
  });

  test("quirk 32: OpenAI's encrypted reasoning, paired with what followed it", () => {
    assert.deepEqual(sentBack("openai-responses", "reasoning-and-tool.sse", "openai", "call_1"), [
      { role: "user", content: [{ type: "input_text", text: "Weather?" }] },
      { id: "rs1", type: "reasoning", summary: [{ type: "summary_text", text: "I should call." }], encrypted_content: "gAAA+/=" },
      {
        type: "message",
        role: "assistant",
        content: [{ type: "output_text", text: "Calling.", annotations: [] }],
        id: "m2",
        status: "completed",
        phase: "commentary",
      },
      { type: "function_call", call_id: "call_1", name: "weather", arguments: '{"city":"Zürich"}', id: "fc1" },
      { type: "function_call_output", call_id: "call_1", output: "Sunny" },
    ]);
  });

  test("quirk 40: Gemini's thought signature, with the call it came with", () => {
    const asked = JSON.stringify(sentBack("openai-chat", "tools-without-index.sse", "gemini", "c"));
    assert.match(
      asked,
      /"id":"c","type":"function","function":\{"name":"read","arguments":"\{\}"\},"extra_content":\{"google":\{"thought_signature":"c2ln\+\/="\}\}/u,
    );
    assert.equal(asked.split("extra_content").length, 2);
  });

  test("quirk 40: and also where the calls of all answers have one id", () => {
    const round = (signature: string): readonly Message[] => [
      userMessage("x"),
      assistant(call("call_0"), {
        type: "opaque",
        provider: "gemini",
        data: { wire: "openai-chat", toolCall: "call_0", extraContent: signature },
      }),
      result("call_0", "r"),
    ];
    const asked = JSON.stringify(body({ provider: "gemini", messages: [...round("one"), ...round("two")] }));
    assert.match(asked, /"id":"call_0",[^[]*"extra_content":"one".*"id":"call_0_1",[^[]*"extra_content":"two"/u);
  });

  test("OpenRouter's reasoning details", () => {
    const asked = JSON.stringify(sentBack("openai-chat", "reasoning-details.sse", "openrouter", "none"));
    assert.match(
      asked,
      /"reasoning_details":\[\{"type":"reasoning.text","text":"First second","index":0,"format":"f","signature":"s1"\},\{"type":"reasoning.encrypted","data":"gAAA","index":1\}\]/u,
    );
  });

  test("and nobody else does", () => {
    const bytes = readFileSync(new URL("../../fixtures/wire/anthropic/thinking-and-tool.sse", import.meta.url));
    const message = asMessage(readPieces("anthropic", [bytes]).events);
    for (const provider of ["openai", "openai-compatible", "ollama", "openrouter"]) {
      const asked = JSON.stringify(body({ provider, messages: [userMessage("x"), message, result("toolu_1", "r")] }));
      assert.ok(!asked.includes("EoQD") && !asked.includes("c2VjcmV0"), provider);
    }
  });

  test("quirk 32: reasoning of OpenAI's that nothing follows is not sent", () => {
    const reasoning: AssistantPart = {
      type: "opaque",
      provider: "openai",
      data: { wire: "openai-responses", item: { type: "reasoning", id: "rs9" } },
    };
    const asked = JSON.stringify(
      body({ provider: "openai", messages: [userMessage("x"), assistant(text("Part"), reasoning), userMessage("y")] }),
    );
    assert.ok(!asked.includes("rs9"));
  });
});
