// The file by whose lock it is known who has the database open.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Presence } from "../../../../sidecar/sessions/sqlite/opening/presence.ts";
import { createSession, newFolder, openStore, openTelling } from "../store-kinds.ts";

test("a damaged lock keeps nobody from the conversations, and is a lock again", async (context) => {
  const folder = await newFolder(context);
  const filler = await openStore(folder);
  const session = await createSession(filler);
  await filler.close();
  await writeFile(join(folder, "conversations.lock"), "no lock. ".repeat(1000));
  const { store, notes } = await openTelling(folder);
  assert.deepEqual(notes, []);
  assert.equal((await store.getSession(session.id))?.id, session.id);
  const other = new Presence(join(folder, "conversations.lock"));
  assert.equal(
    other.alone(() => "alone"),
    undefined,
    "The store has the database open.",
  );
  await store.close();
  assert.deepEqual(
    other.alone(() => "alone"),
    { result: "alone" },
  );
  other.end();
});
