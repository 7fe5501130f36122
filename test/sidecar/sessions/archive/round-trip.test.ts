// What was exported is imported without a difference, whatever it holds.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { describe, test } from "node:test";
import markdownIt from "markdown-it";
import {
  formerIdsKey,
  type ArchivedMessage,
  type ArchiveFormat,
  type Conversation,
} from "../../../../sidecar/sessions/archive/conversation.ts";
import { exportConversation } from "../../../../sidecar/sessions/archive/export-conversation.ts";
import { importConversation } from "../../../../sidecar/sessions/archive/import-conversation.ts";
import { readJson } from "../../../../sidecar/sessions/archive/read-json.ts";
import { readMarkdown } from "../../../../sidecar/sessions/archive/read-markdown.ts";
import { writeJson } from "../../../../sidecar/sessions/archive/write-json.ts";
import { writeMarkdown } from "../../../../sidecar/sessions/archive/write-markdown.ts";
import { openStore } from "../../../../sidecar/sessions/open-store.ts";
import { MemoryStore } from "../../../../sidecar/sessions/memory-store.ts";
import type { SessionStore } from "../../../../sidecar/sessions/store.ts";
import type { JsonObject } from "../../../../sidecar/types.ts";
import { anyConversation } from "./any-conversation.ts";

const seeds = Array.from({ length: 400 }, (_, index) => index + 1);
/** One that is long enough for what is tried with it. */
const long = seeds.find((seed) => anyConversation(seed).messages.length > 8 && anyConversation(seed).session.leaf !== null) ?? 0;

const ways = [
  { format: "markdown", write: writeMarkdown, read: readMarkdown },
  { format: "json", write: writeJson, read: readJson },
] as const;

function sourceOf({ session, messages }: Conversation): Parameters<typeof writeJson>[0] {
  return {
    session,
    messages: async function* () {
      yield* messages;
    },
  };
}

/** The bytes of a file, and back. */
function throughFile(text: string): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(new TextEncoder().encode(text));
}

for (const { format, write, read } of ways) {
  describe(`As ${format}`, () => {
    test("every field of every message comes back, whatever its text holds", async () => {
      for (const seed of seeds) {
        const conversation = anyConversation(seed);
        const text = throughFile(await textOf(write(sourceOf(conversation))));
        const { session, messages, notes } = read(text);
        assert.deepEqual({ seed, session, messages, notes }, { seed, ...conversation, notes: [] });
      }
    });

    test("a file whose line ends were changed to those of Windows says the same", async () => {
      for (const seed of seeds.slice(0, 100)) {
        const conversation = anyConversation(seed);
        const text = (await textOf(write(sourceOf(conversation)))).replaceAll("\n", "\r\n");
        const { session, messages, notes } = read(text);
        assert.deepEqual({ seed, session, messages, notes }, { seed, ...conversation, notes: [] });
      }
    });

    test("no line holds a character that editors or version control change", async () => {
      for (const seed of seeds) {
        const text = await textOf(write(sourceOf(anyConversation(seed))));
        assert.doesNotMatch(text, /(?![\n\t])[\p{Cc}\p{Cs}\u2028\u2029\uFEFF]/u);
        assert.ok(text.endsWith("\n"), "The last line has an end.");
      }
    });

    test("what is said later changes the file only at its end, and in the lines of the conversation itself", async () => {
      const { session, messages } = anyConversation(long);
      const chain = messages.map((message, index) => ({ ...message, parent: messages[index - 1]?.id ?? null }));
      const shorter = { session: { ...session, leaf: chain.at(-3)?.id ?? null }, messages: chain.slice(0, -2) };
      const longer = { session: { ...session, leaf: chain.at(-1)?.id ?? null, updatedAt: session.updatedAt + 1 }, messages: chain };
      const [before, after] = [await textOf(write(sourceOf(shorter))), await textOf(write(sourceOf(longer)))];
      const kept = new Set(after.split("\n").map((line) => line.replace(/,$/u, "")));
      const gone = before.split("\n").filter((line) => !kept.has(line.replace(/,$/u, "")));
      // The line of the session in JSON; those of `updatedAt` and `leaf`, and the count at the end, in Markdown.
      assert.equal(gone.length, format === "json" ? 1 : 3, gone.join("\n"));
    });
  });
}

test("Markdown reads well: whatever an answer leaves open, the heading of the next message is one, and no mark is shown", async () => {
  const answer = (id: string, parent: string | null, text: string): ArchivedMessage => ({
    id,
    parent,
    createdAt: 1_790_000_000_000,
    message: { role: "assistant", content: [{ type: "text", text }] },
    metadata: { "--> <b>": "--!> \n\n# -->" },
  });
  const texts = [
    "```ts\nconst cut = ",
    "~~~~\n~~~",
    "  ````\n```\n",
    "Well.\n\n<!-- not closed",
    "- a\n  - b",
    "<!-- parley:text -->",
    "Ends.",
  ];
  const messages = texts.map((text, index) => answer(`m${index}`, index === 0 ? null : `m${index - 1}`, text));
  const { session } = anyConversation(1);
  const markdown = await textOf(writeMarkdown(sourceOf({ session: { ...session, leaf: null }, messages })));
  const html = markdownIt({ html: true }).render(markdown.slice(markdown.indexOf("---\n\n") + 5));
  const headings = Array.from(html.matchAll(/<h2>(\d+)\. Assistant · 2026-[^<]*<\/h2>/gu), ([, number]) => Number(number));
  assert.deepEqual(headings, [1, 2, 3, 4, 5, 6, 7]);
  assert.equal(html.match(/&lt;!-- parley:/gu)?.length, 1, "The one that an answer says.");
  assert.doesNotMatch(html.replaceAll(/<!--.*?-->/gsu, ""), /"metadata"|<b>/u, "All of a mark is in its comment.");
});

test("in JSON each message is one line, and the path shown comes first", async () => {
  const { session, messages } = anyConversation(long);
  const text = await textOf(writeJson(sourceOf({ session, messages })));
  const lines = text.split("\n").filter((line) => line.startsWith('{"id":'));
  assert.equal(lines.length, messages.length);
  const shown = JSON.parse(text).messages.map(({ id }: { readonly id: string }) => id);
  assert.equal(shown.at(-1), session.leaf);
  const parents = new Map(messages.map(({ id, parent }) => [id, parent]));
  for (const [index, id] of shown.entries()) assert.equal(parents.get(id), shown[index - 1] ?? null);
});

describe("From store to store", () => {
  for (const format of ["markdown", "json"] as const) {
    test(`as ${format} a conversation keeps everything but its ids, which are told beside`, async () => {
      const store = new MemoryStore();
      for (const seed of seeds.slice(0, 100)) await checkRoundTrip(store, format, seed);
      await store.close();
    });

    test(`as ${format} it does so through the database too`, async () => {
      const folder = await mkdtemp(join(tmpdir(), "parley-round-trip-"));
      const store = await openStore(folder);
      for (const seed of seeds.slice(0, 20)) await checkRoundTrip(store, format, seed);
      await store.close();
      await rm(folder, { recursive: true });
    });
  }

  test("importing the same file twice makes two conversations, and touches none", async () => {
    const store = new MemoryStore();
    const first = await kept(store, long);
    const text = await textOf(exportConversation(store, first, "markdown"));
    const [one, other] = [await importConversation(store, text), await importConversation(store, text)];
    assert.equal(new Set([first, one.session.id, other.session.id]).size, 3);
    assert.equal(await textOf(exportConversation(store, first, "markdown")), text);
    await store.close();
  });

  test("an answer that was being written when it was exported is imported as one that was interrupted", async () => {
    const store = new MemoryStore();
    const { session } = anyConversation(1);
    const question = { id: "q", parent: null, message: { role: "user", content: [{ type: "text", text: "Hi" }] }, createdAt: 1 } as const;
    const answer = {
      id: "a",
      parent: "q",
      message: { role: "assistant", content: [{ type: "text", text: "Hel" }] },
      createdAt: 2,
    } as const;
    await store.createSession({ ...session, leaf: null });
    await store.beginTurn({
      session: session.id,
      user: { ...question, session: session.id },
      assistant: { ...answer, session: session.id, status: "streaming" },
      changes: {},
    });
    const imported = await importConversation(store, await textOf(exportConversation(store, session.id, "json")));
    const [, cut] = await store.getPath(imported.session.leaf ?? "");
    assert.equal(cut?.status, "incomplete");
    assert.equal(cut.error?.providerCode, "sidecar-ended");
    assert.deepEqual(cut.message, answer.message);
    await store.close();
  });

  test("an export ends with the reason where the conversation is deleted meanwhile", async () => {
    const store = new MemoryStore();
    const session = await kept(store, long);
    const pieces = exportConversation(store, session, "json");
    await pieces.next();
    await store.deleteSession(session);
    await assert.rejects(textOf(pieces), { code: "session-not-found" });
    await store.close();
  });
});

/** As a database can hold it: half a character stands in no column of text, only in JSON. */
function storable(seed: number): Conversation {
  const { session, messages } = anyConversation(seed);
  const whole = (text: string | null): string | null => (text === null ? null : text.toWellFormed());
  const { systemPrompt } = session;
  return {
    session: {
      ...session,
      id: session.id.toWellFormed(),
      title: session.title.toWellFormed(),
      leaf: whole(session.leaf),
      ...(systemPrompt !== undefined && { systemPrompt: systemPrompt.toWellFormed() }),
    },
    messages: messages.map((message) => ({ ...message, id: message.id.toWellFormed(), parent: whole(message.parent) })),
  };
}

async function kept(store: SessionStore, seed: number): Promise<string> {
  const { session, messages } = storable(seed);
  const id = `${session.id} ${seed}`;
  await store.createSession(
    { ...session, id },
    messages.map((message) => ({ ...message, session: id })),
  );
  return id;
}

async function checkRoundTrip(store: SessionStore, format: ArchiveFormat, seed: number): Promise<void> {
  const { session, messages } = storable(seed);
  const from = await kept(store, seed);
  const imported = await importConversation(store, await textOf(exportConversation(store, from, format)));
  assert.equal(imported.format, format);
  assert.equal(imported.messages, messages.length);
  const info = await store.getSession(imported.session.id);
  assert.ok(info !== undefined);
  const found = await store.listMessages(info.id, { limit: 1000 });
  const former = new Map(found.map(({ id, metadata }) => [id, formerId(metadata)]));
  const back = (id: string | null): string | null => (id === null ? null : (former.get(id) ?? `unknown ${id}`));
  assert.deepEqual(
    { ...info, id: formerId(info.metadata), leaf: back(info.leaf), metadata: withoutFormerIds(info.metadata) },
    { ...session, id: from, metadata: session.metadata ?? {} },
  );
  assert.deepEqual(
    found.map(({ session: of, ...message }) => {
      assert.equal(of, info.id);
      return { ...message, id: back(message.id), parent: back(message.parent), metadata: withoutFormerIds(message.metadata) };
    }),
    messages.map((message) => ({ ...message, metadata: message.metadata ?? {} })),
  );
}

function formerId(metadata: JsonObject | undefined): string {
  const ids = metadata?.[formerIdsKey];
  return Array.isArray(ids) ? String(ids.at(-1)) : "none";
}

function withoutFormerIds({ [formerIdsKey]: _former, ...metadata }: JsonObject = {}): JsonObject {
  return metadata;
}
