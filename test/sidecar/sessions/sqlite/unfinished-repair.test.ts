// A repair that was broken off when the damaged database had its new name, and the repaired one not yet.

import assert from "node:assert/strict";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Presence } from "../../../../sidecar/sessions/sqlite/opening/presence.ts";
import { createSession, newFolder, openStore, openTelling } from "../store-kinds.ts";

test("a repair is finished also when several windows open at the same time: none begins an empty database instead", async (context) => {
  const folder = await newFolder(context);
  const filler = await openStore(folder);
  const session = await createSession(filler);
  await filler.close();
  await rename(join(folder, "conversations.sqlite"), join(folder, "conversations.repaired.sqlite"));
  // Another window that has come as far as this, and no further.
  const other = new Presence(join(folder, "conversations.lock"));
  const opened = await Promise.all(["one", "two"].map((instance) => openTelling(folder, { instance })));
  for (const { store } of opened) assert.equal((await store.getSession(session.id))?.id, session.id);
  for (const { store } of opened) await store.close();
  other.end();
});
