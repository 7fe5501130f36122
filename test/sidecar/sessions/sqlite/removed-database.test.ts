// A database that somebody removes, or puts another in the place of, while it is open.

import assert from "node:assert/strict";
import { copyFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Failure } from "../../../../sidecar/failure.ts";
import { createSession, newFolder, openStore, openTelling } from "../store-kinds.ts";

const skip = process.platform === "win32" ? "Windows removes no file that is open" : false;

const refusal = (error: unknown): boolean =>
  error instanceof Failure && error.code === "storage" && /was removed or replaced while Parley had it open/u.test(error.message);

test(
  "a database that is removed while it is open takes nothing more, and its leftovers do not stop the next one",
  { skip },
  async (context) => {
    const folder = await newFolder(context);
    const file = join(folder, "conversations.sqlite");
    const store = await openStore(folder);
    await createSession(store);
    await rm(file);
    await assert.rejects(createSession(store), refusal, "It would be acknowledged into a file that nobody finds again.");
    const next = await openTelling(folder, { instance: "next" });
    assert.match(next.notes[0] ?? "", /was removed, and a new one is begun\. What was left beside it is kept beside "/u);
    const session = await createSession(next.store);
    await assert.rejects(createSession(store), refusal);
    await store.close();
    const other = await createSession(next.store);
    await next.store.close();
    const again = await openTelling(folder);
    assert.deepEqual(again.notes, []);
    assert.deepEqual(new Set((await again.store.listSessions(10)).map(({ id }) => id)), new Set([session.id, other.id]));
    const { otherFiles } = await again.store.statistics();
    assert.deepEqual(
      otherFiles.map(({ kind }) => kind),
      ["damaged"],
    );
    assert.ok((otherFiles[0]?.bytes ?? 0) > 0, "What the log held is kept.");
    assert.equal((await again.store.deleteAll()).files.length, 1);
    await again.store.close();
  },
);

test("a database that is replaced while it is open takes nothing more", { skip }, async (context) => {
  const folder = await newFolder(context);
  const file = join(folder, "conversations.sqlite");
  const store = await openStore(folder);
  await createSession(store);
  await copyFile(file, `${file}.copy`);
  await rename(`${file}.copy`, file);
  await assert.rejects(createSession(store), refusal);
  await store.close();
});
