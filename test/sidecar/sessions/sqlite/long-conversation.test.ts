// A conversation of many messages that is kept at once, as an import does: other windows are not kept from writing meanwhile.

import assert from "node:assert/strict";
import { test } from "node:test";
import { newSession } from "../../../../sidecar/sessions/new-session.ts";
import { openDatabase } from "../../../../sidecar/sessions/sqlite/opening/open-database.ts";
import { indexedAtOnce } from "../../../../sidecar/sessions/store.ts";
import type { SessionInfo, StoredMessage } from "../../../../sidecar/types.ts";
import { newFolder, openStore, userMessage } from "../store-kinds.ts";

const count = 2 * indexedAtOnce + 1;
const everywhere = { text: "kept", limit: 10, messagesPerSession: 1 };

function longConversation(): { readonly session: SessionInfo; readonly messages: readonly StoredMessage[] } {
  const session = newSession({ model: "p/m", title: "Long" });
  const messages: StoredMessage[] = [];
  for (let at = 0; at < count; at += 1) messages.push(userMessage(session.id, messages.at(-1)?.id ?? null, `Message ${at} is kept.`));
  return { session: { ...session, leaf: messages.at(-1)?.id ?? null }, messages };
}

test("a long conversation is whole in one transaction, and comes into the index in several", async (context) => {
  const folder = await newFolder(context);
  const { database } = openDatabase(folder, { instance: "one", pid: process.pid });
  const { session, messages } = longConversation();
  database.createSession({ session, messages });
  assert.equal(database.listMessages({ session: session.id, options: { limit: count + 1 } }).length, count);
  assert.deepEqual(database.search(everywhere), { hits: [], complete: false });
  assert.deepEqual(
    [1, 2, 3].map(() => database.indexSome(indexedAtOnce)),
    [true, true, false],
  );
  assert.equal(database.search(everywhere).hits[0]?.session.id, session.id);
  database.close();
});

test("a long conversation is found as soon as it is said to be kept", async (context) => {
  const store = await openStore(await newFolder(context));
  const { session, messages } = longConversation();
  await store.createSession(session, messages);
  for (const number of [0, count - 1]) {
    const { hits, complete } = await store.search({ ...everywhere, text: `"message ${number}"` });
    assert.deepEqual([hits[0]?.session.id, complete], [session.id, true]);
  }
  await store.close();
});
