// A message whose text on the disk is no JSON any more, in a database that is sound otherwise: it costs itself alone.

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { newSession } from "../../../../sidecar/sessions/new-session.ts";
import type { SqliteStore } from "../../../../sidecar/sessions/sqlite-store.ts";
import type { StoredMessage } from "../../../../sidecar/types.ts";
import { until } from "../../../support/until.ts";
import { newFolder, openStore, openTelling, userMessage } from "../store-kinds.ts";

/** More than are indexed in one go. */
const count = 120;
const session = newSession({ model: "p/m", title: "Herbs" });
const messages = Array.from({ length: count }, (_, at) => userMessage(session.id, null, `Thyme and sage ${at}.`));

/** Damages one of the messages; `indexed`: after its words were put into the index, else before any were. */
async function damaged(context: TestContext, indexed: boolean, spoilt: string): Promise<string> {
  const folder = await newFolder(context);
  const filler = await openStore(folder);
  await filler.createSession({ ...session, leaf: messages.at(-1)?.id ?? null }, messages);
  await filler.close();
  const database = new DatabaseSync(join(folder, "conversations.sqlite"));
  database.prepare("UPDATE messages SET message = ? WHERE id = ?").run(spoilt, messages.at(-2)?.id ?? "");
  if (!indexed)
    database.exec("INSERT INTO message_words (message_words) VALUES ('delete-all'); INSERT INTO unindexed SELECT number FROM messages;");
  database.close();
  return folder;
}

async function found(store: SqliteStore, text: string): Promise<readonly string[]> {
  const { hits } = await store.search({ text, limit: 5, messagesPerSession: 500 });
  return hits.flatMap((hit) => hit.messages.map(({ message }) => message));
}

const others = messages.filter((_, at) => at !== count - 2).map(({ id }) => id);

for (const [what, spoilt] of [
  ["no JSON", '{"role":"user","content":[{"type"'],
  ["another JSON", '{"role":"user","contemt":[]}'],
] as const) {
  test(`a message that is ${what} any more is passed over where messages are indexed, and told once`, async (context) => {
    const folder = await damaged(context, false, spoilt);
    const { store, notices } = await openTelling(folder);
    await until(async () => (await store.search({ text: "sage", limit: 1, messagesPerSession: 1 })).complete, "the index to be whole");
    assert.deepEqual((await found(store, "sage")).toSorted(), others.toSorted());
    await until(() => notices.length > 0, "the damage to be told");
    await store.close();
    assert.deepEqual(notices, [
      'At least one message is damaged, in the conversation "Herbs": it cannot be read or found. What else was said is searched.',
    ]);
    const again = await openTelling(folder);
    assert.deepEqual((await found(again.store, "sage")).length, count - 1);
    await again.store.close();
    assert.deepEqual(again.notices, []);
  });
}

test("a message that is damaged after it was indexed keeps nobody from finding the others, nor from deleting them all", async (context) => {
  const folder = await damaged(context, true, "{");
  const store = await openStore(folder);
  assert.deepEqual((await found(store, "sage")).toSorted(), others.toSorted());
  await store.createSession(newSession({ model: null, title: "Stays" }));
  await store.deleteSession(session.id);
  // What was deleted leaves the database when it is closed.
  await store.close();
  const reader = new DatabaseSync(join(folder, "conversations.sqlite"), { readOnly: true });
  const counts = ["messages", "unindexed", "sessions"].map(
    (table) => reader.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.["count"],
  );
  const words = reader.prepare("SELECT count(*) AS count FROM message_words WHERE message_words MATCH 'sage'").get()?.["count"];
  reader.close();
  assert.deepEqual([...counts, words], [0, 0, 1, 0]);
});

test("a conversation with a damaged message is read and exported whole, with what is left of it in its place", async (context) => {
  const folder = await newFolder(context);
  const filler = await openStore(folder);
  const chain: StoredMessage[] = [];
  for (const words of ["One.", "Two.", "Three."]) chain.push(userMessage(session.id, chain.at(-1)?.id ?? null, words));
  await filler.createSession({ ...session, leaf: chain.at(-1)?.id ?? null, parameters: { temperature: 0.5 } }, chain);
  await filler.close();
  const database = new DatabaseSync(join(folder, "conversations.sqlite"));
  database
    .prepare("UPDATE messages SET message = ?, metadata = '{' WHERE id = ?")
    .run('{"role":"user","content":[{"type":"text","text":"Tw', chain[1]?.id ?? "");
  database.exec("UPDATE sessions SET parameters = '{\"temper', metadata = '['");
  database.close();
  const store = await openStore(folder);
  const path = await store.getPath(chain.at(-1)?.id ?? "");
  const said = path.map(({ message: { role, content } }) => [role, content.map((part) => ("text" in part ? part.text : "")).join("")]);
  assert.deepEqual(said, [
    ["user", "One."],
    ["user", 'This message is damaged on the disk. What is left of it:\n\n{"role":"user","content":[{"type":"text","text":"Tw'],
    ["user", "Three."],
  ]);
  assert.equal((await store.listMessages(session.id, { limit: 10 })).length, 3);
  assert.deepEqual(
    (await store.listSessions(10)).map(({ title, parameters }) => [title, parameters]),
    [["Herbs", undefined]],
  );
  await store.close();
});
