// Files that are damaged, edited, foreign or too long: a clear error that names the place, and nothing in the store.

import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Failure } from "../../../../sidecar/failure.ts";
import { exportToFile, importFromFile } from "../../../../sidecar/sessions/archive/archive-file.ts";
import { importConversation } from "../../../../sidecar/sessions/archive/import-conversation.ts";
import { MemoryStore } from "../../../../sidecar/sessions/memory-store.ts";
import type { SessionInfo, StoredMessage } from "../../../../sidecar/types.ts";
import { below, seededRandom } from "../../../support/seeded-random.ts";
import { anyConversation } from "./any-conversation.ts";

const session: SessionInfo = { id: "s", title: "A talk", model: "p/m", createdAt: 1000, updatedAt: 2000, leaf: "a" };
const messages: readonly StoredMessage[] = [
  { id: "q", session: "s", parent: null, createdAt: 1000, message: { role: "user", content: [{ type: "text", text: "First\n\nSecond" }] } },
  {
    id: "a",
    session: "s",
    parent: "q",
    createdAt: 2000,
    status: "complete",
    message: {
      role: "assistant",
      content: [
        { type: "text", text: "Yes" },
        { type: "tool-call", id: "1", name: "look", arguments: "{}" },
      ],
    },
  },
];

/** A conversation of more messages than edits are told of. */
const longSeed = Array.from({ length: 400 }, (_, index) => index + 1).find((seed) => anyConversation(seed).messages.length > 10) ?? 0;

let folder = "";
const store = new MemoryStore();
const at = (name: string): string => join(folder, name);

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-archive-"));
  await store.createSession(session, messages);
});
after(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

async function exported(name: string): Promise<string> {
  await exportToFile(store, "s", at(name));
  return readFile(at(name), "utf8");
}

async function checkRefused(text: string, words: RegExp): Promise<void> {
  const other = new MemoryStore();
  await assert.rejects(importConversation(other, text), (error: unknown) => {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.code, "invalid-archive");
    assert.match(error.message, words);
    return true;
  });
  assert.deepEqual(await other.listSessions(10), []);
  await other.close();
}

describe("Markdown", () => {
  test("that somebody has edited is read with the new words", async () => {
    const edited = (await exported("a.md"))
      .replace("First\n\nSecond", "Changed\n\nand longer")
      .replace('title: "A talk"', 'title: "Another"')
      .trimEnd();
    const { session: read, notes } = await importConversation(store, edited);
    assert.deepEqual(notes, []);
    assert.equal(read.title, "Another");
    const [question] = await store.getPath(read.leaf ?? "");
    assert.deepEqual(question?.message.content, [{ type: "text", text: "Changed\n\nand longer" }]);
  });

  test("may have its title without quotation marks, or in single ones", async () => {
    const text = await exported("a.md");
    for (const [written, title] of [
      ["My new title", "My new title"],
      ["  2026: a year ", "2026: a year"],
      ["2026", "2026"],
      ["'It''s \"new\"'", 'It\'s "new"'],
      ["'", "'"],
    ]) {
      const { session: read } = await importConversation(
        store,
        text.replace('title: "A talk"', () => `title: ${written}`),
      );
      assert.equal(read.title, title);
    }
  });

  test("from which a message was taken out is read once the two places that the refusals name say so", async () => {
    const text = await exported("a.md");
    const begins = text.indexOf("<!-- parley:message");
    const without = text.slice(0, begins) + text.slice(text.indexOf("<!-- parley:message", begins + 1));
    await checkRefused(without, /write "messages":1 in this line/u);
    const counted = without.replace('"messages":2', '"messages":1');
    await checkRefused(counted, /"a" follows "q", .*its `parent` must be the id of a message before it, or null/u);
    const { messages: count } = await importConversation(store, counted.replace('"parent":"q"', '"parent":null'));
    assert.equal(count, 1);
  });

  test("has the title of its heading where that was changed and the first lines were not", async () => {
    const text = await exported("a.md");
    const titleOf = async (edited: string): Promise<readonly unknown[]> => {
      const { session: read, notes } = await importConversation(store, edited);
      return [read.title, ...notes];
    };
    const heading = text.replace("# A talk", "# Another one ");
    assert.deepEqual(await titleOf(heading), ["Another one"]);
    const ignored = 'Line 11: "# Another one" is left out, because no text of a message stands there.';
    assert.deepEqual(await titleOf(heading.replace('title: "A talk"', 'title: "A third"')), ["A third", ignored]);
    // As a file that names its title only once.
    assert.deepEqual(await titleOf(heading.replace(',"title":"A talk"}', "}")), ["A talk", ignored]);
    assert.deepEqual(await titleOf(text.replace("# A talk\n", "")), ["A talk"]);
  });

  test("tells with its line what somebody has written where no text of a message stands", async () => {
    const text = await exported("a.md");
    const edited = `${text
      .replace("# A talk", "# A talk\n\nNot to be forgotten")
      .replace(/## 1\. User.*/u, "## 1. Me")
      .replace("**Calls look**", "**Calls it**")
      .replace("```json\n{}\n```", "```json\n{}\n```\nTwice")}\nThe end.\n\nReally.\n`;
    const { session: read, notes } = await importConversation(store, edited);
    const lineOf = (words: string): number => edited.slice(0, edited.indexOf(words)).split("\n").length;
    const why = "left out, because no text of a message stands there.";
    assert.deepEqual(notes, [
      `Line ${lineOf("Not to be")}: "Not to be forgotten" is ${why}`,
      `Line ${lineOf("## 1. Me")}: "## 1. Me" is ${why}`,
      `Line ${lineOf("**Calls it")}: "**Calls it**" and what follows it (lines: 1) are ${why}`,
      `Line ${lineOf("The end.")}: "The end." and what follows it (lines: 1) are ${why}`,
    ]);
    const [, answer] = await store.getPath(read.leaf ?? "");
    assert.deepEqual(answer?.message, messages[1]?.message);
  });

  test("tells with its line what somebody has named in the first lines that Parley does not know, whatever its value", async () => {
    const text = await exported("a.md");
    const edited = text.replace('title: "A talk"\n', 'tags: [tea, rice]\ntitle: "A talk"\nTitle: "Another"\n');
    const { session: read, notes, messages: count } = await importConversation(store, edited);
    assert.deepEqual(notes, [
      'Line 3: "tags: [tea, rice]" is left out, because Parley keeps nothing called "tags".',
      'Line 5: "Title: \\"Another\\"" is left out, because Parley keeps nothing called "Title".',
    ]);
    assert.deepEqual([read.title, count], ["A talk", messages.length]);
    // What is known is refused as before.
    await checkRefused(text.replace(/^model: .*$/mu, "model: [tea, rice]"), /^Line \d+: the value of "model" is no JSON/u);
  });

  test("tells of ten places at most, and how many more there are", async () => {
    const { session: info, messages: all } = anyConversation(longSeed);
    const other = new MemoryStore();
    const inOther = all.map((message) => ({ ...message, session: "x" }));
    await other.createSession({ ...info, id: "x" }, inOther);
    await exportToFile(other, "x", at("many.md"));
    const edited = (await readFile(at("many.md"), "utf8")).replaceAll(/^## \d+\. .*$/gmu, "## Said");
    const { notes } = await importConversation(other, edited);
    assert.equal(notes.length, 11);
    assert.equal(notes.at(-1), `The same holds for other places (${all.length - 10}).`);
    await other.close();
  });

  test("that is cut anywhere is refused", async () => {
    const text = await exported("a.md");
    for (let length = 1; length < text.trimEnd().length; length += 1) {
      await checkRefused(text.slice(0, length), /^(?:Line \d+|The first lines): /u);
    }
  });

  test("names the line of what is damaged", async () => {
    const text = await exported("a.md");
    const lineOf = (words: string): number => text.slice(0, text.indexOf(words)).split("\n").length;
    await checkRefused(text.replace("conversation/1", "conversation/2"), /^Line 2: .*newer Parley/u);
    await checkRefused(text.replace('title: "A talk"', 'title: "A talk'), /^Line 3: the value of "title" is no JSON: .*quotation marks/u);
    await checkRefused(text.replace('id: "s"', "id: s"), /^Line 4: the value of "id" is no JSON: .*in quotation marks/u);
    await checkRefused(
      text.replace('"id":"q",', '"id":"q"'),
      new RegExp(`^Line ${lineOf('"id":"q"')}: the mark "message" is no JSON`, "u"),
    );
    await checkRefused(text.replace('"role":"assistant"', '"role":"robot"'), /^Line \d+: `message.role` must be one of/u);
    await checkRefused(
      text.replace('"status":"complete"', '"status":"done"'),
      new RegExp(`^Line ${lineOf('"status"')}: \`status\` must be one of`, "u"),
    );
    await checkRefused(
      text.replace("```json\n{}\n```", "{}"),
      new RegExp(`^Line ${lineOf("<!-- parley:tool-call")}: .*its text is missing`, "u"),
    );
    await checkRefused(text.replace("<!-- parley:text", "<!-- parley:sound"), /^Line \d+: "sound" is no mark/u);
    await checkRefused(text.replace(/<!-- parley:message .*"q".*\n/u, ""), /^Line \d+: "text" belongs to a message/u);
    const end = text.trimEnd().split("\n").length;
    await checkRefused(
      text.replace('"messages":2', '"messages":3'),
      new RegExp(`^Line ${end}: .* 3 messages, and 2 are there; .* write "messages":2 in this line .parley:end.`, "u"),
    );
    await checkRefused(text.replace(/model: .*\n/u, ""), /^The first lines: `model` must be/u);
  });
});

describe("JSON", () => {
  test("that is cut anywhere is refused", async () => {
    const text = await exported("a.json");
    for (let length = 1; length < text.trimEnd().length; length += 1) await checkRefused(text.slice(0, length), /^Line \d+: /u);
  });

  test("names the line or the field of what is damaged", async () => {
    const text = await exported("a.json");
    await checkRefused(text.replace('"role":"assistant",', '"role":"assistant" '), /^Line 5: .*JSON/u);
    await checkRefused(text.replace('"role":"assistant"', '"role":"robot"'), /`messages\[1\].message.role` must be one of/u);
    await checkRefused(text.replace('"number":2', '"number":"2"'), /`messages\[1\].metadata.parley.number` must be a number/u);
    await checkRefused(text.replace("session-archive/v1", "session-archive/v2"), /`schema_version` must be "session-archive\/v1"/u);
    await checkRefused('{"some":"thing"}', /^The file: it is JSON, and no conversation/u);
    await checkRefused('{"schema_version":"session-archive/v1","session":[],"messages":[]}', /`session` must be an object/u);
    await checkRefused(
      '{"schema_version":"session-archive/v1","session":{"id":"x"},"messages":[]}',
      /`session.created_at` must be a time/u,
    );
    await checkRefused(
      '{"schema_version":"session-archive/v1","session":{"id":"x","created_at":"2026-01-01T00:00:00Z"}}',
      /`messages` must be a list; the file has none/u,
    );
    await checkRefused('{"id":"x","created_at":"2026-01-01T00:00:00Z"}', /`messages` must be a list; the file has none/u);
    const foreign = (message: object): string =>
      JSON.stringify({
        schema_version: "session-archive/v1",
        session: { id: "x", created_at: "2026-01-01T00:00:00Z" },
        messages: [message],
      });
    await checkRefused(foreign({ role: "user", content: 1 }), /`messages\[0\].content` must be a text/u);
    await checkRefused(foreign({ role: "robot", content: "" }), /`messages\[0\].role` must be one of/u);
    await checkRefused(foreign({ role: "user", content: "", timestamp: "soon" }), /`messages\[0\].timestamp` must be a time/u);
  });

  test("so deep that it could not be stored is refused", async () => {
    const text = await exported("a.json");
    const deep = `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`;
    await checkRefused(text.replace('"number":2', `"number":2,"metadata":${deep}`), /levels deep/u);
    await checkRefused(`{"schema_version":${deep}}`, /`schema_version` must be "session-archive\/v1"; it is no text/u);
    const session = '{"schema_version":"session-archive/v1","session":{"id":"x","created_at":"2026-01-01T00:00:00Z"}';
    for (const message of [
      `{"role":"assistant","content":"","metadata":{"requested_tool_calls":[{"name":"f","arguments":${deep}}]}}`,
      `{"role":"assistant","content":"x"},{"role":"tool","content":"","metadata":{"tool_arguments":${deep}}}`,
    ]) {
      await checkRefused(`${session},"messages":[${message}]}`, /^A field: `messages\[\d\]` must be at most 500 levels deep/u);
    }
  });
});

describe("In either form", () => {
  for (const name of ["a.md", "a.json"]) {
    test(`a tree that does not hold together is refused (${name})`, async () => {
      const text = await exported(name);
      await checkRefused(text.replaceAll('"id":"a"', '"id":"q"'), /the id "q" is there twice/u);
      await checkRefused(text.replaceAll('"parent":"q"', '"parent":"a"'), /"a" follows "a", which does not come before it/u);
      await checkRefused(text.replace(/("?)leaf\1: ?"a"/u, '$1leaf$1: "b"'), /`leaf`.* is "b", and the file has none/u);
    });

    test(`a byte order mark is no part of it (${name})`, async () => {
      const text = await exported(name);
      const other = new MemoryStore();
      const read = await importConversation(other, `\uFEFF${text}`);
      assert.deepEqual([read.session.title, read.messages], ["A talk", 2]);
      await other.close();
    });

    test(`bytes changed by chance never do more than make it refused (${name})`, async () => {
      const random = seededRandom(11);
      const other = new MemoryStore();
      const { session: info, messages: all } = anyConversation(3);
      await other.createSession(
        { ...info, id: "x" },
        all.map((message) => ({ ...message, session: "x" })),
      );
      await exportToFile(other, "x", at(name));
      const bytes = await readFile(at(name));
      let refused = 0;
      for (let round = 0; round < 300; round += 1) {
        const damaged = Buffer.from(bytes);
        for (let count = below(random, 3); count >= 0; count -= 1) damaged[below(random, damaged.length)] = below(random, 256);
        await writeFile(at(name), damaged);
        const result = await importFromFile(other, at(name)).catch((error: unknown) => error);
        if (!(result instanceof Error)) continue;
        assert.ok(result instanceof Failure && result.code === "invalid-archive", String(result));
        refused += 1;
      }
      assert.ok(refused > 20, `${refused} were refused`);
      await other.close();
    });
  }

  test("what is no conversation is refused", async () => {
    await checkRefused("", /^Line 1: /u);
    await checkRefused("# Notes\n\nSome.\n", /^Line 1: .*it begins with "# Notes"/u);
    await checkRefused("[]", /^Line 1: /u);
    await writeFile(at("latin"), Buffer.from([0x2d, 0xe9, 0x2d]));
    await assert.rejects(importFromFile(store, at("latin")), { code: "invalid-archive", message: /no text in UTF-8/u });
    await assert.rejects(importFromFile(store, at("none")), { code: "invalid-archive", message: /cannot be read: .*ENOENT/u });
    await assert.rejects(importFromFile(store, folder), { code: "invalid-archive", message: /cannot be read: .*EISDIR/u });
  });

  test("a file that is too long is refused before it is read", async () => {
    await writeFile(at("long.md"), "---\n");
    await truncate(at("long.md"), 200 * 1024 * 1024);
    await assert.rejects(importFromFile(store, at("long.md")), { code: "invalid-archive", message: /more than 128 MB/u });
  });

  test(
    "what tells no size is read no further than the bound",
    { skip: process.platform === "win32" ? "no device that is a file without an end" : false },
    async () => {
      await assert.rejects(importFromFile(store, "/dev/zero"), { code: "invalid-archive", message: /more than 128 MB/u });
    },
  );

  test("a signal ends it, and nothing is kept", async () => {
    await exported("b.json");
    const before = await store.listSessions(100);
    await assert.rejects(importFromFile(store, at("b.json"), AbortSignal.abort(new Error("enough"))), /enough|abort/u);
    await assert.rejects(exportToFile(store, "s", at("c.md"), { signal: AbortSignal.abort(new Error("enough")) }), /enough/u);
    assert.deepEqual(await store.listSessions(100), before);
    assert.equal(
      (await readdir(folder)).some((name) => name.includes("c.md")),
      false,
    );
  });
});

describe("Writing", () => {
  test("replaces a file when the new one is whole, and leaves nothing beside it", async () => {
    await writeFile(at("there.md"), "old");
    await symlink(at("there.md"), at("link.md"));
    await exportToFile(store, "s", at("link.md"));
    assert.match(await readFile(at("there.md"), "utf8"), /^---\nparley: /u);
    await assert.rejects(exportToFile(store, "nobody", at("there.md")), { code: "session-not-found" });
    assert.match(await readFile(at("there.md"), "utf8"), /^---\nparley: /u);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith(".tmp")),
      [],
    );
  });

  test("says why a file cannot be written", async () => {
    await assert.rejects(exportToFile(store, "s", join(folder, "no", "folder.md")), {
      code: "not-written",
      message: /cannot be written: .*ENOENT/u,
    });
  });

  test("gives the same file each time, with the size that was told", async () => {
    const { bytes, readable } = await exportToFile(store, "s", at("one.json"));
    const text = await exported("two.json");
    assert.equal(await readFile(at("one.json"), "utf8"), text);
    assert.equal(Buffer.byteLength(text), bytes);
    assert.equal(readable, true);
  });
});
