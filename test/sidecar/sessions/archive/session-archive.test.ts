// The form `session-archive/v1`: what Parley writes fits its schema, and what AbstractCore writes is read.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { text as textOf } from "node:stream/consumers";
import { describe, test } from "node:test";
import { foreignKey, type ArchivedMessage, type Conversation } from "../../../../sidecar/sessions/archive/conversation.ts";
import { readJson } from "../../../../sidecar/sessions/archive/read-json.ts";
import { writeJson } from "../../../../sidecar/sessions/archive/write-json.ts";
import { schemaErrors } from "../../../support/session-archive-schema.ts";
import { anyConversation } from "./any-conversation.ts";

async function jsonOf({ session, messages }: Conversation): Promise<string> {
  const source = {
    session,
    messages: async function* () {
      yield* messages;
    },
  };
  return textOf(writeJson(source));
}

const fixture = (name: string): Promise<string> => readFile(new URL(`../../../fixtures/session-archive/${name}`, import.meta.url), "utf8");

describe("What Parley writes", () => {
  test("is read from the store as often as it must be: a third time only for other branches", async () => {
    const session = { id: "s", title: "T", model: null, createdAt: 0, updatedAt: 0, leaf: "b" };
    const told = (id: string, parent: string | null): ArchivedMessage => {
      return { id, parent, createdAt: 0, message: { role: "user", content: [{ type: "text", text: id }] } };
    };
    const path = [told("a", null), told("b", "a")];
    for (const [messages, expected] of [
      [path, 2],
      [[...path, told("c", "a")], 3],
    ] as const) {
      let readings = 0;
      const source = {
        session,
        messages: async function* () {
          readings += 1;
          yield* messages;
        },
      };
      const written = JSON.parse(await textOf(writeJson(source)));
      assert.equal(readings, expected);
      assert.equal(written.messages.length + written.metadata.parley.branches.length, messages.length);
    }
  });

  test("fits the schema, whatever a conversation holds", async () => {
    for (let seed = 1; seed <= 400; seed += 1) {
      assert.deepEqual({ seed, errors: schemaErrors(JSON.parse(await jsonOf(anyConversation(seed)))) }, { seed, errors: [] });
    }
  });

  test("tells other programs the model, its parameters, tools, tool calls and the summary in the places they know", async () => {
    const told = JSON.parse(
      await jsonOf({
        session: {
          id: "s",
          title: "T",
          model: "openrouter/openai/gpt-5-mini",
          systemPrompt: "Be brief.",
          parameters: {
            temperature: 0.5,
            topP: 0.9,
            maxOutputTokens: 100,
            tools: [{ name: "look", description: "Looks.", parameters: { type: "object" } }],
          },
          createdAt: Date.UTC(2026, 0, 2),
          updatedAt: Date.UTC(2026, 0, 3),
          leaf: "c",
        },
        messages: [
          { id: "a", parent: null, createdAt: 1000, message: { role: "user", content: [{ type: "text", text: "Look" }] } },
          {
            id: "b",
            parent: "a",
            createdAt: 2000,
            message: {
              role: "assistant",
              content: [
                { type: "text", text: "I do." },
                { type: "tool-call", id: "1", name: "look", arguments: '{"at":"it"}' },
                { type: "tool-call", id: "2", name: "look", arguments: "{" },
              ],
            },
          },
          { id: "x", parent: "b", createdAt: 2500, message: { role: "system", content: [{ type: "text", text: "They look." }] } },
          { id: "y", parent: "a", createdAt: 2600, message: { role: "assistant", content: [{ type: "text", text: "No." }] } },
          {
            id: "c",
            parent: "b",
            createdAt: 3000,
            message: { role: "tool", content: [{ type: "tool-result", id: "1", name: "look", content: "Nothing", isError: true }] },
          },
        ],
      }),
    );
    const { metadata: _metadata, ...session } = told.session;
    assert.deepEqual(session, {
      id: "s",
      created_at: "2026-01-02T00:00:00.000Z",
      provider: "openrouter",
      model: "openai/gpt-5-mini",
      model_params: { temperature: 0.5, top_p: 0.9, max_output_tokens: 100 },
      system_prompt: "Be brief.",
      tool_registry: [{ name: "look", description: "Looks.", json_schema: { type: "object" } }],
      settings: {},
      summary: { created_at: "1970-01-01T00:00:02.500Z", preserve_recent: 1, text: "They look." },
    });
    assert.deepEqual(
      told.messages.map(
        ({ metadata: { parley: _parley, ...metadata }, ...message }: { readonly metadata: { readonly parley: unknown } }) => ({
          ...message,
          metadata,
        }),
      ),
      [
        { id: "a", role: "user", content: "Look", timestamp: "1970-01-01T00:00:01.000Z", metadata: {} },
        {
          id: "b",
          role: "assistant",
          content: "I do.",
          timestamp: "1970-01-01T00:00:02.000Z",
          // Arguments that are no object have no place there; Parley's own part of the metadata has them.
          metadata: { requested_tool_calls: [{ call_id: "1", name: "look", arguments: { at: "it" } }] },
        },
        {
          id: "c",
          role: "tool",
          content: "Nothing",
          timestamp: "1970-01-01T00:00:03.000Z",
          metadata: { call_id: "1", name: "look", status: "error" },
        },
      ],
    );
    assert.deepEqual(
      told.metadata.parley.branches.map(({ id }: { readonly id: string }) => id),
      ["x", "y"],
    );
  });
});

describe("What AbstractCore writes", () => {
  test("is a conversation: its prompt, model, messages, tool calls and times, and its tools are sent to no model", async () => {
    const { session, messages, notes } = readJson(await fixture("abstractcore.json"));
    assert.equal(session.model, "openai/gpt-4o-mini");
    assert.equal(session.systemPrompt, "You are terse.\n\n[CONVERSATION HISTORY]: They said hello.");
    // Parley has nothing that could run them.
    assert.equal(session.parameters, undefined);
    assert.equal(session.title, "What does the README say?", "It has none of its own: the first words of the first question.");
    assert.equal(session.createdAt, new Date(2025, 9, 13, 14, 52, 46, 123).getTime(), "Times without a zone are local ones.");
    assert.equal(notes.length, 2);
    assert.match(notes[0] ?? "", /tools \(1\)\. .* no model is told of them/u);
    assert.match(notes[1] ?? "", /part of the system prompt/u);
    assert.deepEqual(
      messages.map(({ message, parent }) => [message.role, parent]),
      [
        ["user", null],
        ["assistant", "message-3"],
        ["tool", "message-4"],
        ["assistant", "message-5"],
        ["user", "message-6"],
        ["assistant", "message-7"],
        ["tool", "message-8"],
      ],
    );
    assert.deepEqual(messages[1]?.message.content, [
      { type: "text", text: "Let me look." },
      { type: "tool-call", id: "tc_1", name: "read_file", arguments: '{"path":"README.md"}' },
    ]);
    assert.deepEqual(messages[2]?.message.content, [{ type: "tool-result", id: "tc_1", name: "read_file", content: "# Hello" }]);
    assert.equal(messages[4]?.createdAt, messages[3]?.createdAt, "A message without a time has that of the one before it.");
    // Only the result was written down: without its call no provider would be sent it.
    assert.deepEqual(messages[5]?.message.content, [
      { type: "text", text: "I do." },
      { type: "tool-call", id: "call-7", name: "list_files", arguments: '{"directory":"x"}' },
    ]);
    assert.deepEqual(messages[6]?.message.content, [
      { type: "tool-result", id: "call-7", name: "list_files", content: "no such folder", isError: true },
    ]);
    assert.equal(messages[1]?.status, "complete");
    assert.equal(session.leaf, messages.at(-1)?.id);
  });

  test("keeps what has no place in Parley, and an export has it again", async () => {
    const text = await fixture("abstractcore.json");
    const { session, messages } = readJson(text);
    assert.deepEqual(messages[0]?.metadata, {
      name: "alice",
      location: "Paris",
      mood: "curious",
      [foreignKey]: { timestamp: "2025-10-13T14:53:00.000001" },
    });
    const again = JSON.parse(await jsonOf({ session, messages }));
    const given = JSON.parse(text);
    for (const name of ["summary", "facts", "settings", "provider", "model", "tool_registry"]) {
      assert.deepEqual(again.session[name], given.session[name], name);
    }
    const { summary: _summary, facts: _facts, ...rest } = again.session;
    // Times without a zone are AbstractCore's own, and stay as they were.
    assert.deepEqual(schemaErrors({ ...again, session: rest }), []);
    const { session: same, messages: sameMessages } = readJson(JSON.stringify(again));
    assert.deepEqual({ same, sameMessages }, { same: session, sameMessages: messages });
  });

  test("in its older form is read too", async () => {
    const { session, messages } = readJson(await fixture("abstractcore-older.json"));
    assert.equal(session.id, "older-1");
    assert.equal(session.model, null);
    assert.deepEqual(session.metadata?.[foreignKey], {
      session: { auto_compact: false, auto_compact_threshold: 4000, original_session: "older-0" },
      file: {},
    });
    assert.deepEqual(messages[0]?.metadata?.["name"], "bob");
    assert.deepEqual(messages[1]?.message, { role: "assistant", content: [{ type: "text", text: "Hello Bob" }] });
  });

  test("of a conversation that Parley wrote still has the parts of each message", async () => {
    const seed = Array.from({ length: 100 }, (_, index) => index + 1).find((one) => {
      const { session, messages } = anyConversation(one);
      return (
        session.leaf === messages.at(-1)?.id && messages.some(({ message }) => message.role === "assistant" && message.content.length > 2)
      );
    });
    const { session, messages } = anyConversation(seed ?? 0);
    const chain = messages.flatMap((message) => (message.message.role === "system" ? [] : [message]));
    const linear = chain.map((message, index) => ({ ...message, parent: chain[index - 1]?.id ?? null }));
    const written = JSON.parse(await jsonOf({ session: { ...session, leaf: linear.at(-1)?.id ?? null }, messages: linear }));
    // AbstractCore keeps role, content, time and metadata of a message, and drops the rest.
    const { metadata: _metadata, ...kept } = written.session;
    const resaved = {
      schema_version: written.schema_version,
      session: kept,
      messages: written.messages.map(({ id: _id, ...message }: { readonly id: string }) => message),
    };
    const read = readJson(JSON.stringify(resaved));
    assert.deepEqual(
      read.messages.map(({ message }) => message),
      linear.map(({ message }) => message),
    );
  });
});
